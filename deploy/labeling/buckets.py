"""Buckets that labeling jobs read beside the environment's own: their role has to be allowed to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from config.labeling_jobs import load_labeling_jobs
from config.models import Project
from deploy.labeling.manifest import filled

_BUCKET: Final = re.compile(rb'"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/')


def buckets_of_jobs(project: Project) -> frozenset[str]:
    """Of manifests and templates in S3, and of whatever manifests of this repository name."""
    return frozenset(_buckets(project))


def _buckets(project: Project) -> Iterator[str]:
    for config in load_labeling_jobs(project).values():
        for place in (config.manifest, config.template):
            if place.startswith("s3://"):
                yield place.removeprefix("s3://").partition("/")[0]
        if not config.manifest.startswith("s3://"):
            content = filled((project.root / config.manifest).read_bytes(), project.environment)
            yield from (found.decode() for found in set(_BUCKET.findall(content)))
