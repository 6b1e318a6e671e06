"""The machine that every service of the stand-in is given: its settings and what all services share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.children import Children
    from local.environments import Environments
    from local.events import Events
    from local.functions import Functions
    from local.identities import Identities
    from local.logs import Logs
    from local.objects import Objects
    from local.queues import Queues
    from local.settings import StandInSettings
    from local.store import Store


@dataclass
class StandIn:
    """The machine: one object that every service module is given. Built in local/assembly.py."""

    folder: Path
    account: str
    region: str
    endpoint: str
    settings: StandInSettings
    store: Store
    objects: Objects
    events: Events
    logs: Logs
    functions: Functions
    queues: Queues
    children: Children
    environments: Environments
    identities: Identities
    # Any operation in-process: through the table of handlers, then moto. Raises ApiError.
    # call("sagemaker", "CreateModelPackage", {...}) -> dict, as boto3 would return it.
    call: Callable[..., dict[str, Any]]
