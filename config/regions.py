"""Regions of AWS where SageMaker is, their partitions, and who publishes deep-learning containers there.

Source: botocore 1.44.5 (regions of the ``sagemaker`` service) and the registries of SDK 3.27.0's
``image_uri_config/pytorch.json``. Kept as data so that checking a file imports neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_COMMON: Final = "763104351884"

# Region -> account of the registry that holds the AWS deep-learning containers.
CONTAINER_ACCOUNTS: Final[Mapping[str, str]] = {
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "ap-east-2": "975050140332",
    "ap-northeast-1": _COMMON,
    "ap-northeast-2": _COMMON,
    "ap-northeast-3": "364406365360",
    "ap-south-1": _COMMON,
    "ap-south-2": "772153158452",
    "ap-southeast-1": _COMMON,
    "ap-southeast-2": _COMMON,
    "ap-southeast-3": "907027046896",
    "ap-southeast-4": "457447274322",
    "ap-southeast-5": "550225433462",
    "ap-southeast-6": "633930458069",
    "ap-southeast-7": "590183813437",
    "ca-central-1": _COMMON,
    "ca-west-1": "204538143572",
    "cn-north-1": "727897471807",
    "cn-northwest-1": "727897471807",
    "eu-central-1": _COMMON,
    "eu-central-2": "380420809688",
    "eu-isoe-west-1": "371248457586",
    "eu-north-1": _COMMON,
    "eu-south-1": "692866216735",
    "eu-south-2": "503227376785",
    "eu-west-1": _COMMON,
    "eu-west-2": _COMMON,
    "eu-west-3": _COMMON,
    "eusc-de-east-1": "204133271717",
    "il-central-1": "780543022126",
    "me-central-1": "914824155844",
    "me-south-1": "217643126080",
    "mx-central-1": "637423239942",
    "sa-east-1": _COMMON,
    "us-east-1": _COMMON,
    "us-east-2": _COMMON,
    "us-gov-east-1": "446045086412",
    "us-gov-west-1": "442386744353",
    "us-iso-east-1": "886529160074",
    "us-isob-east-1": "094389454867",
    "us-isof-east-1": "303241398832",
    "us-isof-south-1": "454834333376",
    "us-west-1": _COMMON,
    "us-west-2": _COMMON,
}

# Autopilot fine-tunes only where SageMaker Canvas is (Developer Guide, page "canvas").
AUTOPILOT_REGIONS: Final = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)

# Longest prefix first. (partition, domain of its endpoints and registries)
_PARTITIONS: Final = (
    ("us-isof-", ("aws-iso-f", "csp.hci.ic.gov")),
    ("eu-isoe-", ("aws-iso-e", "cloud.adc-e.uk")),
    ("us-isob-", ("aws-iso-b", "sc2s.sgov.gov")),
    ("us-iso-", ("aws-iso", "c2s.ic.gov")),
    ("us-gov-", ("aws-us-gov", "amazonaws.com")),
    ("eusc-", ("aws-eusc", "amazonaws.eu")),
    ("cn-", ("aws-cn", "amazonaws.com.cn")),
    ("", ("aws", "amazonaws.com")),
)


def partition(region: str) -> str:
    """The partition in every ARN of ``region``, such as ``aws`` or ``aws-cn``."""
    return _partition(region)[0]


def domain(region: str) -> str:
    """The domain under which the services of ``region`` answer, such as ``amazonaws.com``."""
    return _partition(region)[1]


def _partition(region: str) -> tuple[str, str]:
    return next(found for prefix, found in _PARTITIONS if region.startswith(prefix))
