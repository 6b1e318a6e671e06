"""Checks across keys, one function per rule, in lists."""
