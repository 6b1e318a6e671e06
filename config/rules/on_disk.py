"""What lies at a path of this machine. A path that is too long or closed to us holds nothing."""

from __future__ import annotations

from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether a file can be read at the path."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether the path is a folder."""
    try:
        return path.is_dir()
    except OSError:
        return False


def exists(path: Path) -> bool:
    """Whether anything is at the path."""
    try:
        return path.exists()
    except OSError:
        return False


def names_in(folder: Path) -> list[str]:
    """What a folder holds; nothing when it is none, or closed to us."""
    try:
        return [each.name for each in folder.iterdir()]
    except OSError:
        return []


def at_home(path: str) -> Path:
    """The path with `~` replaced by a home folder, where there is such a home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
