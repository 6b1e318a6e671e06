"""Fills in moto's CloudFormation for this process."""

from __future__ import annotations


def install() -> None:
    """Replaces moto's methods and adds resource types."""
