"""Follow-up: finishes the payments that a request or a webhook left unfinished."""
