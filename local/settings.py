"""What the stand-in is told at its start: the account and `stand_in` section of the environment, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.bedrock.batch_settings import BatchSettings
from local.bedrock.quotas import Quotas
from local.labeling.settings import LabelingSettings


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
class BedrockSettings:
    """`language_model`: folder of a spaCy model, for the entity types that patterns cannot find."""

    requirements: str = "local/bedrock/detection/requirements.txt"
    language_model: str | None = None
    quotas: Quotas = field(default_factory=Quotas)
    batch: BatchSettings = field(default_factory=BatchSettings)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> BedrockSettings:
        """Reads the environment's `stand_in.bedrock`; what it leaves out has its default."""
        quotas, standard = dict(document.get("quotas") or {}), Quotas()
        for name in ("text_units_per_second", "text_units_per_request"):
            quotas[name] = {**getattr(standard, name), **(quotas.get(name) or {})}
        return cls(
            requirements=document.get("requirements") or cls.requirements,
            language_model=document.get("language_model"),
            quotas=Quotas(**quotas),
            batch=BatchSettings(**(document.get("batch") or {})),
        )


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
    bedrock: BedrockSettings = field(default_factory=BedrockSettings)
    labeling: LabelingSettings = field(default_factory=LabelingSettings)

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
            bedrock=BedrockSettings.from_json(document.get("bedrock", {})),
            labeling=LabelingSettings(**document.get("labeling", {})),
        )
