"""The program that looks for personal data: lines of JSON in, lines of JSON out; runs in its own environment.

{"texts": [...], "types": ["EMAIL", ...], "patterns": {name: regex}}
{"found": [[[start, end, type or name, "pii" | "regex", score], ...] for each text]} or {"error": reason}
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

REGEX_SECONDS = 2.0


def main(arguments: Sequence[str]) -> None:
    """Answers until stdin ends. The one argument is the folder of a spaCy model."""
    import tldextract

    # Presidio asks it about domains; by itself it would look for a fresh list on the internet first.
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
    from local.bedrock.detection.recognizers import Recognizers

    recognizers = Recognizers(arguments[0] if arguments else None)
    for line in sys.stdin.buffer:
        try:
            answer: dict[str, Any] = {"found": _found(recognizers, json.loads(line))}
        except Exception as error:  # noqa: BLE001 - the outermost edge: one text must not end the process
            answer = {"error": f"{type(error).__name__} while looking for personal data"}
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _found(recognizers: Any, question: Mapping[str, Any]) -> list[list[list[Any]]]:
    return [
        [
            *recognizers.find(text, question["types"]),
            *_patterns(text, question["patterns"]),
        ]
        for text in question["texts"]
    ]


def _patterns(text: str, patterns: Mapping[str, str]) -> Iterator[list[Any]]:
    import regex

    for name, pattern in patterns.items():
        for match in regex.compile(pattern).finditer(text, timeout=REGEX_SECONDS):
            if match.end() > match.start():
                yield [match.start(), match.end(), name, "regex", 1.0]


if __name__ == "__main__":
    main(sys.argv[1:])
