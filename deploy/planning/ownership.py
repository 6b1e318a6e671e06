"""Whose a pipeline is and what this project last made of it, kept as tags on the pipeline itself.

    pipelines:prefix       the environment: without it, a pipeline of that name is a stranger's
    pipelines:applied      the state that the last upsert or rollback brought about
    pipelines:applying     the state that one is about to bring about: written before, so that a pipeline
                           whose upsert was cut off is told from one that somebody changed
    pipelines:sources      what the definition was compiled from (definition/origin.py)
    pipelines:sdk          ... and by which version of the SDK
    pipelines:rolled-back  the version that a rollback went back to; empty since the next upsert

They are written with the definition and never without it; commits and people are an execution's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from config import names
from config.models import Environment
from definition.difference import canonical

PREFIX: Final = names.PREFIX_TAG
APPLIED: Final = "pipelines:applied"
APPLYING: Final = "pipelines:applying"
SOURCES: Final = "pipelines:sources"
SDK: Final = "pipelines:sdk"
ROLLED_BACK: Final = "pipelines:rolled-back"
LENGTH: Final = 32


def definition_hash(definition: Any) -> str:
    """Of a definition's meaning: whitespace, order of keys and 2 against 2.0 do not count."""
    return _hash(canonical(definition))


def state_of(definition: Any, *, description: str, role: str, parallelism: int | None) -> str:
    """``<hash of the definition>.<hash of everything else>``"""
    rest = canonical([description, role, parallelism])
    return f"{definition_hash(definition)}.{_hash(rest)[: LENGTH // 2]}"


def is_ours(tags: Mapping[str, str], environment: Environment) -> bool:
    """Whether this project made it, for this environment."""
    return tags.get(PREFIX) == environment.prefix


def was_changed_outside(tags: Mapping[str, str], states: Iterable[str]) -> bool:
    """Whether the state is neither what was last brought about nor what was on its way.

    Of a pipeline that was upserted before there were these tags that is not known: it counts as unchanged.
    """
    known = {tags[tag] for tag in (APPLIED, APPLYING) if tag in tags}
    return bool(known) and not known & set(states)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
