"""boto3 clients of the environment's credentials: lookups may be retried by them, questions may not."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from steps.evaluate.settings import Asking

# SageMaker ends an invocation after 60 s.
LONGEST_CALL_SECONDS = 65


def client(service: str, region: str, asking: Asking) -> Any:
    """The client of `sagemaker` or `sagemaker-runtime`, with connections for all threads."""
    runtime = service == "sagemaker-runtime"
    config = Config(
        connect_timeout=10,
        read_timeout=min(LONGEST_CALL_SECONDS, asking.deadline_seconds) if runtime else 30,
        max_pool_connections=max(10, asking.concurrency),
        retries={"mode": "standard", "total_max_attempts": 1 if runtime else 5},
    )
    return boto3.client(service, region_name=region, config=config)
