"""Data flows one way: what each room imports of the others, and which room may use which library."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What a room may import beside itself. A row names rooms that stand before it in the flow of data, and what
# it starts or ships.
ROOMS: dict[str, frozenset[str]] = {
    "run_pipeline.py": frozenset({"commands"}),
    "commands": frozenset({"config", "definition", "deploy", "local", "steps"}),
    "config": frozenset(),
    "pipelines": frozenset({"config"}),
    "definition": frozenset({"config", "pipelines"}),
    "deploy": frozenset({"config", "pipelines", "definition", "local", "steps"}),
    "local": frozenset({"config", "definition"}),
    "steps": frozenset(),
    "lambdas": frozenset({"steps"}),
}
LIBRARIES: dict[str, frozenset[str]] = {
    "sagemaker": frozenset({"pipelines", "steps"}),  # fmeval's own, older one in steps/
    "moto": frozenset({"local"}),
    "yaml": frozenset({"config"}),
    "pydantic": frozenset({"config", "pipelines"}),
}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    """No room reaches back, and no library is used outside its room; imports inside functions count too."""
    forbidden = (ROOMS.keys() - ROOMS[room] - {room}) | {
        library for library, rooms in LIBRARIES.items() if room not in rooms
    }
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in _modules(room)
        for line, module in _imports(path)
        if module.partition(".")[0] in forbidden
    ]
    assert found == []


def test_modules_import_each_other_in_no_circle() -> None:
    """Also not inside functions or for types alone; CycleError names the modules."""
    modules = {_dotted(path): path for room in ROOMS for path in _modules(room)}
    imports = {name: {each for _, each in _imports(path)} for name, path in modules.items()}
    TopologicalSorter({name: found & modules.keys() - {name} for name, found in imports.items()}).prepare()


def _modules(room: str) -> list[Path]:
    return [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of every import statement; what is taken from a module may be a module itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{each.name}") for each in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
