"""Where the files of a project lie. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path

from config.errors import UnknownNameError
from config.suggest import did_you_mean

DEFAULT_ENVIRONMENT = "local"
ENVIRONMENTS = Path("config", "environments")
PIPELINES = Path("config", "pipelines")


def repository_root() -> Path:
    """The folder that ``config/`` lies in."""
    return Path(__file__).resolve().parent.parent


def environment_names(root: Path | None = None) -> tuple[str, ...]:
    """The environments there are, by file name."""
    return tuple(sorted(file.stem for file in ((root or repository_root()) / ENVIRONMENTS).glob("*.yaml")))


def environment_file(name: str, root: Path) -> Path:
    """The file of an environment; raises UnknownNameError."""
    known = environment_names(root)
    if name not in known:
        new = f"for a new one, copy config/environments/dev.yaml to config/environments/{name}.yaml"
        raise UnknownNameError("environment", name, known, did_you_mean(name, known) or new)
    return root / ENVIRONMENTS / f"{name}.yaml"


def pipeline_files(root: Path) -> list[Path]:
    """The files of all pipelines, in the order of their names."""
    folder = root / PIPELINES
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def label_of(file: Path, root: Path) -> str:
    """What messages call a file: its path from the root, with slashes."""
    return file.relative_to(root).as_posix()
