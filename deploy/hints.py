"""Command lines in hints: what a person can copy and type."""

from __future__ import annotations

from config.places import DEFAULT_ENVIRONMENT


def typed(words: str, environment: str) -> str:
    """ "run_pipeline.py WORDS", with --env unless the environment is the default one."""
    return f"run_pipeline.py {words}" + (
        "" if environment == DEFAULT_ENVIRONMENT else f" --env {environment}"
    )
