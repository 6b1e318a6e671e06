"""Rows as blocks: every line once whatever the block size, what is no row set aside, wild text unharmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.runtime.errors import StepError
from steps.runtime.rows.blocks import Unreadable
from steps.runtime.rows.columns import as_text, reader
from steps.runtime.rows.sources import checked, folder_blocks

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def rows_of(folder: Path, kind: str, *, block_bytes: int = 1 << 22) -> list[Any]:
    return [
        row for block in folder_blocks(folder, kind, ("a",), block_bytes=block_bytes) for row in block.rows()
    ]


@settings(max_examples=60, deadline=None)
@given(values=st.lists(TEXTS, min_size=1, max_size=20), size=st.integers(1, 200), crlf=st.booleans())
def test_every_json_line_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, values: list[str], size: int, crlf: bool
) -> None:
    """Blocks of any size give all rows in order; U+2028 and its like stay inside their row."""
    folder = tmp_path_factory.mktemp("rows")
    end = "\r\n" if crlf else "\n"
    text = end.join(json.dumps({"a": value}, ensure_ascii=False) for value in values)
    (folder / "data.jsonl").write_bytes(text.encode())
    assert [row["a"] for row in rows_of(folder, "jsonl", block_bytes=size)] == values


@settings(max_examples=60, deadline=None)
@given(data=st.binary(min_size=1, max_size=300), size=st.integers(1, 100))
def test_any_bytes_are_rows_or_unreadable(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int
) -> None:
    """Whatever stands in a file, reading it ends, and every line is a row, blank or unreadable."""
    folder = tmp_path_factory.mktemp("rows")
    (folder / "data.jsonl").write_bytes(b'{"a": "x"}\n' + data)
    rows = rows_of(folder, "jsonl", block_bytes=size)
    assert all(row is None or isinstance(row, dict | Unreadable) for row in rows)
    assert len(rows) == len((b'{"a": "x"}\n' + data).removesuffix(b"\n").split(b"\n"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": "\xff"}', "invalid_text"),
        (b'{"a": "\\ud800"}', "invalid_text"),
        (b'{"a": 1', "unreadable"),
        (b'["a"]', "unreadable"),
        (b'{"a": NaN}', "unreadable"),
        (b'{"a": "' + b"x" * (17 << 20) + b'"}', "too_large"),
    ],
)
def test_a_line_that_is_no_row_has_a_reason(tmp_path: Path, line: bytes, reason: str) -> None:
    """Broken text, broken JSON and a row of 17 MiB are set aside; the rows around them are read."""
    (tmp_path / "data.jsonl").write_bytes(b'{"a": "before"}\n' + line + b'\n{"a": "after"}')
    before, found, after = rows_of(tmp_path, "jsonl")
    assert (before, after) == ({"a": "before"}, {"a": "after"})
    assert found.reason == reason


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """A UTF-8 mark is skipped, in JSON Lines and in CSV; UTF-16 is named with what to do."""
    (tmp_path / "data.jsonl").write_bytes(b'\xef\xbb\xbf{"a": "x"}\n')
    assert rows_of(tmp_path, "jsonl") == [{"a": "x"}]
    (tmp_path / "data.jsonl").write_bytes(b"\xef\xbb\xbfa\nx\n")
    assert rows_of(tmp_path, "csv") == [{"a": "x"}]
    (tmp_path / "data.jsonl").write_bytes('{"a": "x"}'.encode("utf-16"))
    with pytest.raises(StepError, match=r"data.jsonl is UTF-16, not UTF-8\nhint: iconv"):
        rows_of(tmp_path, "jsonl")


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=10))
def test_csv_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[str, str]]
) -> None:
    """Quotes, commas and line ends inside fields survive."""
    import csv

    folder = tmp_path_factory.mktemp("rows")
    with (folder / "data.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("a", "b"), *values])
    assert [(row["a"], row["b"]) for row in rows_of(folder, "csv")] == values


def test_csv_sets_odd_rows_aside(tmp_path: Path) -> None:
    """A row with too few fields is unreadable, an empty line is none; the file goes on."""
    (tmp_path / "data.csv").write_text("a,b\n1,2\n3\n\n4,5\n")
    first, second, third, fourth = rows_of(tmp_path, "csv")
    assert (first, third, fourth) == ({"a": "1", "b": "2"}, None, {"a": "4", "b": "5"})
    assert (second.reason, second.detail) == ("unreadable", "1 fields, the header has 2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a;b\n1;2\n", r"not separated by commas \(its header: a;b\)"),
        ("a,a\n1,2\n", 'has the column "a" twice'),
        ("\na,b\n1,2\n", "has no header line"),
        ('a,"b\n1,2\n3,4\n', "a quote in the row of line 1 is never closed"),
        ('a,b\n1,"2\n3"\n4,"5\n6,7\r\n8,9', "a quote in the row of line 4 is never closed"),
    ],
)
def test_csv_that_is_none_is_an_error_of_the_file(tmp_path: Path, text: str, message: str) -> None:
    """Another separator, a column named twice, no header, and a quote that swallows the rest of the file."""
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(StepError, match=message):
        rows_of(tmp_path, "csv")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("begins", "message"),
    [
        (b"\x1f\x8b\x08", r"data.x is compressed with gzip, not text\nhint: gunzip it"),
        (b"PK\x03\x04", r"data.x is a ZIP archive, not text\nhint: unzip it"),
        (b"PAR1", r"data.x is a Parquet file, not text\nhint: write format: parquet"),
    ],
)
def test_a_file_of_another_kind_is_said(tmp_path: Path, kind: str, begins: bytes, message: str) -> None:
    """What is no text at all is told by how it begins, not by its name."""
    (tmp_path / "data.x").write_bytes(begins + bytes(range(256)))
    with pytest.raises(StepError, match=message):
        rows_of(tmp_path, kind)


def test_columns_without_a_name_are_no_mistake(tmp_path: Path) -> None:
    """Commas that a spreadsheet leaves at the ends of lines."""
    (tmp_path / "data.csv").write_text("a,b,,\n1,2,,\n")
    assert rows_of(tmp_path, "csv") == [{"a": "1", "b": "2", "": ""}]


def test_a_broken_parquet_file_is_named(tmp_path: Path) -> None:
    """Bytes that went bad within a file are an error with its name."""
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"a": [f"{n:x}" * 9 for n in range(5000)]}), path)
    content = bytearray(path.read_bytes())
    content[1000:1200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(StepError, match=r"^data.parquet cannot be read: "):
        [row for block in folder_blocks(tmp_path, "parquet", ("a",)) for row in block.rows()]


def test_parquet_reads_needed_columns_by_row_group(tmp_path: Path) -> None:
    """Nested columns are read whole, others not at all."""
    table = pa.table({"a": [{"text": ["x", "y"]}, {"text": []}, None], "b": [1, 2, 3]})
    pq.write_table(table, tmp_path / "data.parquet", row_group_size=2)
    blocks = list(folder_blocks(tmp_path, "parquet", ("a.text.0",)))
    rows = [row for block in blocks for row in block.rows()]
    assert len(blocks) == 2
    assert [reader("a.text.0")(row) for row in rows if isinstance(row, dict)] == ["x", None, None]
    assert rows[0] == {"a": {"text": ["x", "y"]}}


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Several files make one data set; hidden ones, markers and other JSON are left out."""
    others = (("_SUCCESS", ""), (".hidden.jsonl", "9"), ("about.json", "8"))
    for name, value in (("b.jsonl", "2"), ("a.jsonl", "1"), *others):
        (tmp_path / name).write_text(json.dumps({"a": value}) if value else "")
    assert [row["a"] for row in rows_of(tmp_path, "jsonl")] == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (None, "", "holds no jsonl file"),
        ("a.jsonl", "", "the data set is empty: a.jsonl has no bytes"),
        ("a.jsonl", '[{"a": 1}]', "is one JSON array, not JSON Lines\nhint: jq"),
    ],
)
def test_a_folder_without_rows_is_an_error(
    tmp_path: Path, name: str | None, content: str, message: str
) -> None:
    """No file, an empty file and a JSON array each say what they are."""
    if name:
        (tmp_path / name).write_text(content)
    with pytest.raises(StepError, match=message):
        rows_of(tmp_path, "jsonl")


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    """A column that no row has is one error before anything is done, with what was probably meant."""
    (tmp_path / "data.jsonl").write_text('{"question": "x", "support": "y"}\n')
    blocks = checked(folder_blocks(tmp_path, "jsonl", ()), ["questions"])
    with pytest.raises(StepError, match=r'no column "questions".*\nhint: did you mean "question"\?'):
        list(blocks)


def test_columns_give_texts_from_many_types() -> None:
    """Numbers and flags are written out, lists and bytes are no text; dotted names reach inside."""
    assert [as_text(value) for value in ("x", 4, 2.5, True, ["x"], b"x")] == [
        "x",
        "4",
        "2.5",
        "true",
        None,
        None,
    ]
    assert reader("answers.text.0")({"answers": {"text": ["gold"]}}) == "gold"
    assert reader("answers.text.3")({"answers": {"text": ["gold"]}}) is None
    assert reader("a.b")({"a.b": "as it stands"}) == "as it stands"
