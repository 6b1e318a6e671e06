"""Which Python serves a container image: the first rule whose pattern fits, else one with nothing in it."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from local.environments import Environments, Report
from local.settings import ImageRule

FROM_CODE = "from-code"
_ARCHIVES = ("source.tar.gz", "sourcedir.tar.gz")
_FILE = "requirements.txt"
_MAX_DEPTH = 3  # steps/<step>/requirements.txt in an archive


def python_for(
    image: str,
    rules: Sequence[ImageRule],
    environments: Environments,
    *,
    root: Path,
    inputs: Sequence[Path],
    work: Path,
    report: Report,
) -> Path:
    """The interpreter for a job of this image.

    `root`: relative paths of the rules start there. `inputs`: the folders of the job's input channels, in
    order, where a rule says that the requirements come with the code. `work`: a folder for what has to be
    unpacked. Raises EnvironmentBuildError.
    """
    rule = next((rule for rule in rules if fnmatchcase(image, rule.pattern)), None)
    if rule is None:
        return environments.ensure(None, report=report)
    if rule.requirements == FROM_CODE:
        return environments.ensure(requirements_in(inputs, work), report=report)
    return environments.ensure(root / rule.requirements, report=report)


def requirements_in(inputs: Sequence[Path], work: Path) -> Path | None:
    """The requirements file of the job's code: lying in an input, or inside its source archive."""
    for folder in inputs:
        if (folder / _FILE).is_file():
            return folder / _FILE
        for archive in (folder / name for name in _ARCHIVES):
            found = _unpacked(archive, work) if archive.is_file() else None
            if found is not None:
                return found
    return None


def _unpacked(archive: Path, work: Path) -> Path | None:
    """The shallowest requirements.txt of the archive, unpacked with the text files that it may include."""
    with tarfile.open(archive, "r:*") as source:
        texts = [member for member in source if member.isfile() and _is_text(member.name)]
        names = sorted((m.name for m in texts if PurePosixPath(m.name).name == _FILE), key=_depth)
        if not names:
            return None
        for member in texts:
            source.extract(member, work, filter="data")
    return work / names[0]


def _is_text(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix in (".txt", ".in") and len(path.parts) <= _MAX_DEPTH


def _depth(name: str) -> tuple[int, str]:
    return len(PurePosixPath(name).parts), name
