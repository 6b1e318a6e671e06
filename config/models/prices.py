"""What instances cost: a table that the user fills, because prices differ by region, contract and day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from config.models.types import InstanceType, Model, Text


class Prices(Model):
    """US dollars an hour by instance type; null is not known, and nothing is ever guessed."""

    as_of: Annotated[str, Text(r"\d{4}-\d{2}-\d{2}", "a date such as 2026-11-22, in quotes", 10)] | None = (
        Field(default=None, description="Day of the figures, in quotes: shown beside every estimate.")
    )
    source: str | None = Field(
        default=None, min_length=1, max_length=500, description="Where the figures come from."
    )
    usd_per_hour: Mapping[InstanceType, Annotated[float, Field(ge=0)] | None] = Field(
        default={}, description="Instance type: US dollars an hour of one instance; null: not known."
    )
