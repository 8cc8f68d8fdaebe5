"""The dashboard of the local stack: turns EMF lines into metrics as CloudWatch does, and draws the dashboard as SVG."""
