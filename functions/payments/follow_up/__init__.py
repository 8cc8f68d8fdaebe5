"""Following up: finishes what was left unfinished."""
