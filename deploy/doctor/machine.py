"""Checks of this machine: Python, packages, the shell, room, how jobs run on the stand-in. All offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from deploy.actions import size_of
from deploy.doctor.finding import Finding, broken, fine, note
from deploy.doctor.situation import Situation

SUPPORTED = ((3, 11), (3, 12))
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)", re.MULTILINE)
# A fine-tuned toy model takes some 10 MB; the steps' environments take 2 GB.
LEAST_FREE = 2_000_000_000


class BadPair(NamedTuple):
    """Two packages that do not work in one environment, in these versions."""

    name: str
    versions: str
    other: str
    other_versions: str
    why: str


BAD_PAIRS = (
    BadPair(
        "fmeval",
        ">=0",
        "sagemaker",
        ">=3",
        "fmeval demands sagemaker<3",
    ),
    BadPair("fmeval", ">=0", "pyarrow", ">=22", "fmeval's NumPy is 1, and pyarrow from 22 on wants 2"),
    BadPair("fmeval", ">=0", "numpy", ">=2", "fmeval's SageMaker SDK is made for NumPy 1"),
    BadPair("numpy", ">=2", "pandas", "<2.2.2", "pandas before 2.2.2 is built for NumPy 1"),
    BadPair("urllib3", ">=2", "botocore", "<1.31.62", "botocore before 1.31.62 takes urllib3 1 only"),
)


def python_is_supported(situation: Situation) -> Iterator[Finding]:
    """3.11 or 3.12: what the locked packages have wheels for."""
    found = ".".join(map(str, situation.machine.python))
    if situation.machine.python[:2] in SUPPORTED:
        yield fine(f"Python {found}")
    else:
        yield broken(f"Python {found}: 3.11 and 3.12 are supported", "make platform PYTHON=python3.12")


def packages_are_the_locked_ones(situation: Situation) -> Iterator[Finding]:
    """requirements/platform.txt, package by package."""
    text = (situation.root / "requirements" / "platform.txt").read_text(encoding="utf-8")
    installed = situation.machine.packages
    locked = {normal(match["name"]): match["version"] for match in PINNED.finditer(text)}
    missing = [name for name in locked if name not in installed]
    other = [
        f"{name} {installed[name]} (locked: {v})" for name, v in locked.items() if installed.get(name, v) != v
    ]
    if missing:
        yield broken(f"packages are not installed: {_some(missing)}", "make platform")
    if other:
        yield note(f"packages are not those that were tested: {_some(other)}", "make platform")
    if not missing and not other:
        yield fine(f"{len(locked)} packages as locked")


def no_two_packages_fight(situation: Situation) -> Iterator[Finding]:
    """What packages demand of each other, and pairs that are known to fail whatever they demand."""
    machine = situation.machine
    pairs = [pair for pair in BAD_PAIRS if _is_there(pair, machine.packages)]
    for pair in pairs:
        both = f"{pair.name} {machine.packages[pair.name]} and {pair.other} {machine.packages[pair.other]}"
        yield broken(
            f"{both} do not work together: {pair.why}", f"pip uninstall {pair.name} && make platform"
        )
    unmet = [
        said
        for name, texts in sorted(machine.demands.items())
        for said in _unmet(name, texts, machine.packages)
    ]
    for said in unmet:
        yield note(said, "make platform")
    if not pairs and not unmet:
        yield fine("no two packages fight")


def _unmet(name: str, demands: Sequence[str], installed: Mapping[str, str]) -> Iterator[str]:
    for text in demands:
        demand = Requirement(text)
        if demand.marker is not None and not demand.marker.evaluate({"extra": ""}):
            continue
        found = installed.get(normal(demand.name))
        if found is None:
            yield f"{name} {installed.get(name, '')} demands {demand.name}, which is not installed"
        elif not demand.specifier.contains(found, prereleases=True):
            yield f"{name} {installed.get(name, '')} demands {demand.name}{demand.specifier}, here is {found}"


def shell_points_where_it_should(situation: Situation) -> Iterator[Finding]:
    """What `local env` set must not lead another environment to the stand-in."""
    variables = situation.machine.variables
    endpoint = variables.get("AWS_ENDPOINT_URL", "")
    is_stand_in = situation.project is not None and situation.project.environment.stand_in is not None
    if endpoint and not is_stand_in:
        yield note(f"AWS_ENDPOINT_URL leads every call to {endpoint}, not to AWS", "unset AWS_ENDPOINT_URL")
    elif not is_stand_in and variables.get("AWS_PROFILE") and variables.get("AWS_ACCESS_KEY_ID"):
        yield note("AWS_PROFILE and AWS_ACCESS_KEY_ID are both set: the keys win", "unset AWS_ACCESS_KEY_ID")
    else:
        yield fine("the shell sets nothing odd")


def there_is_room(situation: Situation) -> Iterator[Finding]:
    """For steps' environments, models and objects."""
    free = situation.machine.free_bytes
    if free < LEAST_FREE:
        yield note(f"{size_of(free)} are free on this disk: the steps' environments take 2 GB", "df -h .")
    else:
        yield fine(f"{size_of(free)} are free")


def jobs_are_isolated(situation: Situation) -> Iterator[Finding]:
    """On the stand-in a job sees its own folder as /opt/ml, where the kernel lets us."""
    said, whole = situation.machine.isolation
    if not said:
        return
    if whole:
        yield fine(said)
    else:
        yield note(said, "sysctl kernel.unprivileged_userns_clone=1, on Linux")


def step_environments_are_built(situation: Situation) -> Iterator[Finding]:
    """Else the first run builds them, which takes minutes and a network."""
    missing = situation.machine.missing_environments
    if missing:
        yield note(
            f"Python environments of steps are not built yet: {_some(list(missing))}",
            "run_pipeline.py local install",
        )
    elif situation.project is not None and situation.project.environment.stand_in is not None:
        yield fine("the Python environments of all steps are built")


def normal(name: str) -> str:
    """A package's name as pip compares them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_there(pair: BadPair, installed: Mapping[str, str]) -> bool:
    return all(
        name in installed and SpecifierSet(versions).contains(installed[name], prereleases=True)
        for name, versions in ((pair.name, pair.versions), (pair.other, pair.other_versions))
    )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
