"""The one YAML reader: what values mean, what is bounded, where things stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.document import Document, Place
from config.errors import ConfigurationError
from config.nodes import compose
from config.reading import MAX_BYTES, read_bytes, read_file, read_text


def _read(text: str) -> Document:
    document, problems = read_text(text, "file.yaml")
    assert problems == []
    assert document is not None
    return document


def _refusal(text: str) -> str:
    _, problems = read_text(text, "file.yaml")
    return "\n".join(f"{each.place}: {each.message}" for each in problems)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("NULL", None),
        ("~", None),
        ("", None),
        ("True", True),
        ("1e-5", 1e-5),
        ("1.e3", 1000.0),
        (".5", 0.5),
        ("+12", 12),
        ("-0", 0),
        ("0777", "0777"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-11-22", "2026-11-22"),
        ("012345678901", "012345678901"),
        ("'8'", "8"),
        ('"\\u00e9"', "é"),
    ],
)
def test_what_scalars_mean(written: str, value: Any) -> None:
    """Scalars follow YAML 1.2, except that nothing is octal or hexadecimal: those stay texts."""
    found = _read(f"k: {written}").data["k"]
    assert (found, type(found)) == (value, type(value))


def test_byte_order_mark_is_skipped() -> None:
    """A byte order mark, which some editors write, is no part of the first key, nor of its column."""
    document, problems = read_bytes("\ufeffname: x".encode(), "file.yaml")
    assert problems == []
    assert document is not None
    assert document.keys[("name",)] == Place(1, 1)


def test_windows_line_ends_count_as_one() -> None:
    """Lines that end in CR LF are counted once, and leave nothing in the values."""
    document = _read("a: 1\r\nb: |\r\n  x\r\n  y\r\n")
    assert document.data == {"a": 1, "b": "x\ny\n"}
    assert document.keys[("b",)] == Place(2, 1)


def test_columns_count_characters() -> None:
    """A column is a character, not a byte, so that editors jump to the right one."""
    assert _read("日本語: {é: 1, k: 2}").keys["日本語", "k"] == Place(1, 13)


def test_text_blocks_know_their_first_character() -> None:
    """The place of a text block's content is known, for mistakes inside it."""
    assert _read("a:\n  b: |\n\n     x\n     y\n").blocks["a", "b"] == Place(3, 6)


def test_other_encodings_are_told() -> None:
    """UTF-16 and Latin-1 are refused with what to do and where the first wrong byte is."""
    _, (utf16,) = read_bytes("name: x".encode("utf-16"), "file.yaml")
    assert (utf16.fact, utf16.hint) == ("file.yaml:1:1: this is UTF-16", "save the file as UTF-8")
    _, (latin,) = read_bytes("a: 1\nb: caf\xe9".encode("latin-1"), "file.yaml")
    assert latin.fact == "file.yaml:2:7: byte 0xe9 is not UTF-8"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n"])
def test_nothing_in_it(text: str) -> None:
    """A file without anything in it says so."""
    assert _refusal(text) == "file.yaml:1:1: the file is empty"


def test_anchors_and_merges() -> None:
    """Anchors repeat values, << merges mappings, what is written out wins, then the first source."""
    document = _read("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], z: 3}\nd: *a\n")
    assert document.data["c"] == {"z": 3, "x": 1, "y": 1}
    assert document.data["d"] == {"x": 1, "y": 1}
    assert document.keys["c", "x"] == Place(1, 8)


def test_alias_bombs_are_stopped() -> None:
    """Aliases that would grow to millions of values are refused without growing."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "more than 50000 values" in _refusal("\n".join(levels))


def test_deep_nesting_is_stopped() -> None:
    """Ten thousand brackets are refused at the fifty-first."""
    assert _refusal("[" * 10_000) == "file.yaml:1:51: nested deeper than 50 levels"
    assert _refusal("- " * 60 + "x") == "file.yaml:1:101: nested deeper than 50 levels"


def test_deep_aliases_are_stopped() -> None:
    """Depth counts where an alias is used, too."""
    chain = ["a0: &a0 [[[[[[[[[[x]]]]]]]]]]"]
    chain += [f"a{n}: &a{n} [[[[[[[[[[*a{n - 1}]]]]]]]]]]" for n in range(1, 6)]
    assert "50 levels" in _refusal("\n".join(chain))


def test_large_files_are_not_read(tmp_path: Path) -> None:
    """A file beyond a megabyte is refused by its size alone."""
    file = tmp_path / "large.yaml"
    file.write_text("# " + "x" * MAX_BYTES)
    _, (problem,) = read_file(file, "large.yaml")
    assert problem.fact == "large.yaml: larger than 1048576 bytes, which no configuration is"


def test_files_that_are_none(tmp_path: Path) -> None:
    """A missing file and a folder are told apart."""
    assert read_file(tmp_path / "no.yaml", "no.yaml")[1][0].fact == "no.yaml: there is no such file"
    assert read_file(tmp_path, "folder")[1][0].fact == "folder: not a file"


def test_tags_run_nothing(tmp_path: Path) -> None:
    """A tag that would run code with an unsafe loader is refused and runs nothing."""
    marker = tmp_path / "made"
    refusal = _refusal(f'k: !!python/object/apply:os.mkdir ["{marker}"]')
    assert refusal == 'file.yaml:1:4: the tag "!!python/object/apply:os.mkdir" is not read'
    assert not marker.exists()


def test_mistakes_in_keys_are_all_told() -> None:
    """Several mistakes in keys are reported together, and the first value of a repeated key counts."""
    document, problems = read_text("a: 1\na: 2\n? [x]\n: 1\nb: 1\nb: 2\n", "file.yaml")
    assert [(each.place, each.message) for each in problems] == [
        ("file.yaml:2:1", 'the key "a" stands in line 1 already'),
        ("file.yaml:3:3", "a key is a text, not a list or a mapping"),
        ("file.yaml:6:1", 'the key "b" stands in line 5 already'),
    ]
    assert document is not None
    assert document.data == {"a": 1, "b": 1}


def test_escape_that_names_no_character() -> None:
    """An escape beyond Unicode is a mistake in the file, not in the reader."""
    with pytest.raises(
        ConfigurationError, match=r"^file\.yaml: an escape in a quoted text names no character"
    ):
        compose('k: "\\UFFFFFFFF"', "file.yaml")
