"""Writes docs/commands.md: the help of every verb and the JSON it prints, or says that it is out of date.

python docs/command_reference.py            writes it
python docs/command_reference.py --check    exits 1 when it would change
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "commands.md"
sys.path.insert(0, str(ROOT))

INTRODUCTION = """\
# Commands

This page is made of the texts of `--help`: `make docs` writes it, a test holds it current.

```
.venv/bin/python run_pipeline.py VERB ... [--env NAME] [--debug]
```

Options may stand before or after the verb. `--env` picks `config/environments/NAME.yaml`; the default,
`local`, is the stand-in on this machine, which needs neither network nor credentials.

## Exit codes

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | the run failed (its reason is on stderr) |
| 2 | wrong configuration, usage, account or region; nothing was changed |
| 3 | AWS refused, or did not answer |
| 4 | `plan --exit-code` found changes |
| 5 | a gate was missed (the figures are on stderr) |
| 130 | interrupted; an execution that was followed goes on |
| 141 | the reader of a pipe went away (`... \\| head`) |

An error is on stderr: one fact with its place, then a line `hint:` with something to type. `--debug` adds
the traceback.

## Values of parameters

The first of these that has a value wins: `-p` on the command line, the `--params` file (a YAML or JSON
mapping of names to values), what `--from-training`, `--from-labeling` or `--from-job` found, the execution of
`--from`, the environment file, the pipeline file.

## Output

Results go to stdout, progress and errors to stderr. On a terminal progress is a live picture; in a pipe or
a log it is one line per change. `--output json` prints one document of the shape shown at the verb: keys
are never left out; moments are ISO 8601; a key in angle brackets stands for any number of keys; a value
that is not there is null. Keys may be added, none is renamed or removed without a new major version.
"""


def reference() -> str:
    """The whole page."""
    from commands.catalog import GROUPS, VERBS
    from commands.parser import parser_of
    from commands.shapes import SHAPES

    parts = [INTRODUCTION]
    for group in GROUPS:
        parts.append(f"## {group[0].upper()}{group[1:]}\n")
        for verb in (each for each in VERBS if each.group == group):
            parts.append(f"### {verb.words}\n\n```\n{parser_of(verb).format_help().rstrip()}\n```\n")
            if verb.json:
                shape = json.dumps(SHAPES[verb.words], indent=2, ensure_ascii=False)
                parts.append(f"`--output json`:\n\n```json\n{shape}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Writes or checks; returns the exit code."""
    text = reference()
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print("stale: docs/commands.md (hint: make docs)", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
