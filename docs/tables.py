"""Writes the generated parts of the documentation, or says which are out of date.

    python docs/tables.py            writes them
    python docs/tables.py --check    exits 1 and names what would change

The table of files in architecture.md comes from the first paragraph of each module's docstring, so a
module describes itself once; the pictures in README.md come from `graph`.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- files: begin -->", "<!-- files: end -->"
# The rooms in the order in which data flows through them.
ROOMS = (
    "run_pipeline.py",
    "commands",
    "config",
    "pipelines",
    "definition",
    "deploy",
    "local",
    "steps",
    "lambdas",
)
PICTURES = ("facts-training", "facts-inference", "calls-guardrails", "calls-labeling")
OTHERS = ("infra", "data", "docs", "bench", "requirements")


def main() -> int:
    """Writes or checks every generated part; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when something is stale")
    check = parser.parse_args().check
    texts = generated()
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if check:
            print(f"stale: {path.relative_to(ROOT)} (hint: make docs)", file=sys.stderr)
        else:
            path.write_text(texts[path], encoding="utf-8")
    return 1 if check and stale else 0


def generated() -> dict[Path, str]:
    """Every file with a generated part, with the text that it should have."""
    architecture = ROOT / "docs" / "architecture.md"
    before, _, rest = architecture.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    pictures = {ROOT / "docs" / "pictures" / f"{name}.svg": picture(name) for name in PICTURES}
    return {architecture: f"{before}{BEGIN}\n\n{file_tables()}\n{END}{after}", **pictures}


def picture(name: str) -> str:
    """A pipeline's graph as SVG, as the command line draws it."""
    command = [sys.executable, str(ROOT / "run_pipeline.py"), "graph", name, "--format", "svg"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def file_tables() -> str:
    """One Markdown table a room: `file | what it holds`."""
    files = tracked()
    sections = []
    for room in (*ROOMS, *OTHERS):
        rows = [(name, summary(ROOT / name)) for name in files if name == room or name.startswith(f"{room}/")]
        lines = [f"| `{name}` | {text} |" for name, text in rows if text]
        if lines:
            sections.append(
                "\n".join([f"### {room}", "", "| file | what it holds |", "| --- | --- |", *lines, ""])
            )
    return "\n".join(sections)


def tracked() -> list[str]:
    """The repository's files, as git knows them, also those not yet committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return sorted({line for line in listed.stdout.splitlines() if (ROOT / line).is_file()})


def summary(path: Path) -> str:
    """The first paragraph of a module's docstring, or of a template's description; else empty."""
    if path.suffix == ".py":
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        return escape(docstring.partition("\n\n")[0])
    if path.suffix == ".yaml" and path.parts[-2] == "infra":
        _, _, described = path.read_text(encoding="utf-8").partition("Description: >-\n")
        return escape(described.partition("\n\n")[0])
    return ""


def escape(text: str) -> str:
    """One line that a Markdown table cell can hold."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
