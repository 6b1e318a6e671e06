"""Model in, SDK Pipeline out: one module per kind, each reading as its list of steps."""
