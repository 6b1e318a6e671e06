"""The documentation says what the tree holds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("commands", "config", "pipelines", "definition", "deploy", "local", "steps", "lambdas", "bench")


def test_generated_parts_are_current() -> None:
    """docs/architecture.md lists every module with the first sentence of its docstring."""
    command = [sys.executable, str(ROOT / "docs" / "tables.py"), "--check"]
    finished = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert finished.stderr == ""
    assert finished.returncode == 0


def test_every_relative_link_leads_somewhere() -> None:
    """A Markdown file never links to a file that the repository does not have."""
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_every_module_says_what_it_holds() -> None:
    """No module stands without a docstring; the empty package files excepted."""
    silent = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.read_text(encoding="utf-8").strip()
        and not path.read_text(encoding="utf-8").lstrip().startswith(('"""', 'r"""'))
    ]
    assert silent == []


def test_decisions_are_numbered_without_a_gap() -> None:
    """From 1 on, the same number in a page's name and in its title."""
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    titles = [page.read_text(encoding="utf-8").partition(".")[0] for page in pages]
    assert [page.name[:5] for page in pages] == [f"{number:04}-" for number in range(1, len(pages) + 1)]
    assert titles == [f"# {number}" for number in range(1, len(pages) + 1)]
