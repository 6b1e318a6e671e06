"""What a definition was compiled from, as hashes: the file, what it ships, the platform's code.

Kept as a tag at upsert. When a definition differs and all three are the same, another SDK version alone is
the cause.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from config.models import Environment, PipelineConfig
from pipelines.assets import Asset

# Twelve digits tell apart what one pipeline ever was.
LENGTH = 12
# What turns configuration into a definition.
_PLATFORM = ("config", "definition", "pipelines")
# Where the stand-in keeps its things, and defaults that `config` has taken over already.
_APART = {"stand_in", "parameters"}


@dataclass(frozen=True)
class Origin:
    """``configuration``: the pipeline's and the environment's files as read; ``content``: steps' code,
    settings and data; ``platform``: what compiles; ``sdk``: the version of the SageMaker SDK."""

    configuration: str
    content: str
    platform: str
    sdk: str

    @property
    def sources(self) -> str:
        """The three hashes in one text, as the tag has them."""
        return f"{self.configuration}.{self.content}.{self.platform}"


UNKNOWN_ORIGIN = Origin("", "", "", "")


def origin_of(
    root: Path, environment: Environment, config: PipelineConfig, assets: Sequence[Asset]
) -> Origin:
    """What this pipeline is compiled from now."""
    read = [config.model_dump(mode="json"), environment.model_dump(mode="json", exclude=_APART)]
    return Origin(
        configuration=_hash([json.dumps(read, sort_keys=True, ensure_ascii=False).encode()]),
        # A key names its content by the content's own hash.
        content=_hash(asset.key.encode() for asset in assets),
        platform=_hash(_platform(root)),
        sdk=version("sagemaker"),
    )


def _platform(root: Path) -> Iterable[bytes]:
    for folder in _PLATFORM:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix().encode()
            yield path.read_bytes()


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}\0".encode())
        digest.update(part)
    return digest.hexdigest()[:LENGTH]
