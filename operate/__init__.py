"""Commands for operators. They run on the operator's machine, with the operator's permissions."""
