"""What the stand-in is told when it starts: the environment's account and `stand_in` section, in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ImageRule:
    """The container images that match `pattern` (as fnmatch) get an environment made of `requirements`."""

    pattern: str
    requirements: str


@dataclass(frozen=True)
class AutoMLSettings:
    """`base_models` maps a base model's name to a Hugging Face model folder; empty = a tiny one from scratch.

    `concurrent_jobs`: how many may run at once; None: Autopilot's quota of the region.
    """

    requirements: str = "steps/evaluate/requirements.txt"
    base_models: Mapping[str, str] = field(default_factory=dict)
    concurrent_jobs: int | None = None


@dataclass(frozen=True)
class StandInSettings:
    account: str
    region: str
    prefix: str
    root: str  # folder of the project: relative paths of the settings start there
    port: int = 0  # 0: any free one
    environments: str = ".local/environments"  # Python environments of steps; absolute, or below `root`
    images: tuple[ImageRule, ...] = ()
    automl: AutoMLSettings = AutoMLSettings()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> StandInSettings:
        """Reads {"account", "region", "prefix", "root", "port", "images": [{...}], "automl": {...}}."""
        return cls(
            account=document["account"],
            region=document["region"],
            prefix=document["prefix"],
            root=document["root"],
            port=document.get("port") or 0,
            environments=document.get("environments") or cls.environments,
            images=tuple(ImageRule(**rule) for rule in document.get("images", ())),
            automl=AutoMLSettings(**document.get("automl", {})),
        )
