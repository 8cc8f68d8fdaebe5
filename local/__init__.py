"""The local stack: stand-ins on one machine for AWS, the gateway and the clients."""
