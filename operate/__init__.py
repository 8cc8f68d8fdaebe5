"""Tools for who operates the service. They run on the operator's machine, with the operator's rights."""
