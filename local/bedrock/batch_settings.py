"""How the stand-in's batch jobs behave where nobody prescribes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BatchSettings:
    """Seconds a job spends queued before and after it is validated; what it does in a second; and how long
    an hour of its timeout takes, so that jobs that run out of time can be seen. `error_share` of the records
    meets an internal error, other ones in every job."""

    queue_seconds: float = 0.3
    records_per_second: float | None = None
    hour_seconds: float = 3600.0
    error_share: float = 0.0
