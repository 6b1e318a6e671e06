"""Serving what was approved: the registry and the log of decisions on one side, an endpoint on the other."""
