"""The example consumer on the running local stack: deployed as on AWS, with its log on the terminal."""
