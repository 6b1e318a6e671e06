"""The files of the three sets, as Autopilot and the evaluation read them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from xxhash import xxh3_64_intdigest

from steps.prepare.answers import learned
from steps.prepare.sample import Candidate
from steps.runtime.outputs import json_line, sha256, text_file
from steps.runtime.rows.text import question_key

COLUMNS = ("input", "output")
QUESTIONS = "training_questions.csv"


def write_sets(
    sets: dict[str, list[Candidate]],
    folders: dict[str, Path],
    output_format: str,
    *,
    answer_delimiter: str | None = None,
) -> list[Path]:
    """Writes training and validation for Autopilot, evaluation as JSON Lines; returns the files written.

    Of several right answers Autopilot gets the first, the evaluation all of them.
    """
    written = []
    for name in ("training", "validation"):
        if sets[name]:
            path = folders[name] / f"{name}.{output_format}"
            rows = [row._replace(output=learned(row.output, answer_delimiter)) for row in sets[name]]
            (write_csv if output_format == "csv" else write_parquet)(path, rows)
            written.append(path)
    path = folders["evaluation"] / "evaluation.jsonl"
    write_evaluation(path, sets["evaluation"])
    return [*written, path]


def write_csv(path: Path, rows: Sequence[Candidate]) -> None:
    """Exactly the columns input and output, with a header, quoted where needed."""
    with text_file(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((row.input, row.output) for row in rows)


def write_parquet(path: Path, rows: Sequence[Candidate]) -> None:
    """The same two columns as Parquet strings."""
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS])
    table = pyarrow.table([[row.input for row in rows], [row.output for row in rows]], schema=schema)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    pyarrow.parquet.write_table(table, temporary)
    temporary.replace(path)


def write_evaluation(path: Path, rows: Sequence[Candidate]) -> None:
    """One object a row: id (from the row's content), input, output, group (empty where rows have none).

    `question` is the hash by which questions are told apart.
    """
    with text_file(path) as file:
        for row in rows:
            document = {"id": f"{row.key:016x}", "input": row.input, "output": row.output, "group": row.group}
            file.write(json_line({**document, "question": f"{row.question:016x}"}))


def write_questions(path: Path, rows: Sequence[Candidate]) -> None:
    """Hashes of the question and of the whole prompt of every row, so that an overlap can be counted."""
    with text_file(path) as file:
        file.write("question,prompt\n")
        for row in rows:
            file.write(f"{row.question:016x},{xxh3_64_intdigest(question_key(row.input)):016x}\n")


def data_hash(paths: Sequence[Path]) -> str:
    """One SHA-256 over the bytes of all sets, in the order training, validation, evaluation."""
    return sha256(*paths)
