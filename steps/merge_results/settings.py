"""What the merge step is told, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steps.runtime.settings import Section


@dataclass(frozen=True)
class MergeSettings:
    """The whole of it; `prices` are US dollars per 1,000 text units by policy."""

    max_failed_share: float
    prices: Mapping[str, float]
    model: str
    guidelines: tuple[Mapping[str, str], ...]
    sample_rows: int = 0


def read(settings: Section) -> MergeSettings:
    """Takes the settings apart."""
    apply = settings.section("apply")
    prices = apply.optional_section("price")
    return MergeSettings(
        max_failed_share=apply.share("max_failed_share", 0.01),
        prices={name: prices.number(name) for name in prices.values},
        model=settings.section("model").text("id"),
        guidelines=tuple(settings.values.get("guidelines") or ()),
        sample_rows=settings.integer("sample_rows", 0),
    )
