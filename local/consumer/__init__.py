"""The example consumer on the running local stack: deployed as on AWS, and its lines shown as they come."""
