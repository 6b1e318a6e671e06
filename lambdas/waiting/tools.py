"""What a function works with: clients, clock, log and its settings; made once, when first asked for.

Logic takes a `Tools`, so that tests pass their own. Clients are made with no arguments: region, credentials
and AWS_ENDPOINT_URL come from the environment. A function names the services it uses, because making a
client takes a noticeable part of a cold start.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from waiting.log import Log, to_stdout


@dataclass(frozen=True)
class Tools:
    sagemaker: Any
    sqs: Any
    s3: Any
    prefix: str
    queue_url: str
    bucket: str
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    new_id: Callable[[], str] = lambda: secrets.token_hex(8)
    log: Log = to_stdout
    bedrock: Any = None
    bedrock_runtime: Any = None
    sns: Any = None


@cache
def tools(*services: str) -> Tools:
    """The tools of a running function that uses these services; the clients of others are None."""
    import boto3
    from botocore.config import Config

    # A model that does not answer in time is asked again at the next look, in time for the function's end.
    patience = {"bedrock-runtime": Config(read_timeout=25, retries={"total_max_attempts": 1})}
    clients = {service: boto3.client(service, config=patience.get(service)) for service in services}
    return Tools(
        sagemaker=clients.get("sagemaker"),
        sqs=clients.get("sqs"),
        s3=clients.get("s3"),
        prefix=os.environ["PREFIX"],
        queue_url=os.environ["QUEUE_URL"],
        bucket=os.environ["BUCKET"],
        bedrock=clients.get("bedrock"),
        bedrock_runtime=clients.get("bedrock-runtime"),
        sns=clients.get("sns"),
    )
