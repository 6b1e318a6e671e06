#!/usr/bin/env python3
"""The command line: hands the words to a command and turns what comes back into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code (the table is in docs/commands.md).

    This is the outermost edge: whatever a command raises ends here as one fact with a hint.
    """
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"Python 3.11 or 3.12 is needed, this is {version} ({sys.executable})", file=sys.stderr)
        print("hint: make platform, then .venv/bin/python run_pipeline.py ...", file=sys.stderr)
        return 2
    # Importing makes hundreds of thousands of objects that stay: looking through them again and again, as the
    # default of 700 has it, takes a tenth of a quick verb's time.
    gc.set_threshold(50_000, 20, 100)
    from commands.parser import parse
    from commands.terminal import Terminal

    words = sys.argv[1:] if words is None else words
    terminal = Terminal.of_process()
    try:
        code = parse(words).run(terminal)
        terminal.flush()
    except BrokenPipeError:  # the reader of a pipe has seen enough (`... | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        terminal.note("interrupted")
        return 130
    except Exception as error:  # noqa: BLE001 - the edge of the process: a person reads it, not a caller
        from commands.failure import report

        return report(error, words, terminal)
    return code


if __name__ == "__main__":
    sys.exit(main())
