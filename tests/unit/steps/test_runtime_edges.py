"""The edges of a step: its start, its files, its page."""

from __future__ import annotations

import importlib.metadata
import io
import tarfile
from pathlib import Path

import pytest

from steps.runtime import entrypoint, process
from steps.runtime.outputs import sha256, text_file, write_json
from steps.runtime.report import page, plots


def archive(path: Path, members: list[tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, 1 if kind == tarfile.REGTYPE else 0
    return info


def test_the_code_is_unpacked_below_its_folder(tmp_path: Path) -> None:
    """Plain files appear where they belong, readable."""
    folder = entrypoint.unpack(
        archive(tmp_path / "source.tar.gz", [member("steps/x/a.py")]), tmp_path / "code"
    )
    assert (folder / "steps/x/a.py").read_text() == "x"


@pytest.mark.parametrize(
    "evil",
    [
        member("../outside.py"),
        member("/etc/outside.py"),
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("hard", tarfile.LNKTYPE, "/etc/passwd"),
        member("device", tarfile.CHRTYPE),
    ],
    ids=lambda info: info.name,
)
def test_an_archive_cannot_reach_outside(tmp_path: Path, evil: tarfile.TarInfo) -> None:
    """Paths that lead elsewhere, links and devices are refused by name."""
    with pytest.raises(entrypoint.StartError, match="which is no plain file below it"):
        entrypoint.unpack(archive(tmp_path / "source.tar.gz", [evil]), tmp_path / "code")


def test_missing_and_broken_code_is_said(tmp_path: Path) -> None:
    """No archive, and one that is none, are two errors."""
    with pytest.raises(entrypoint.StartError, match="the step's code is missing"):
        entrypoint.unpack(tmp_path / "source.tar.gz", tmp_path / "code")
    (tmp_path / "source.tar.gz").write_bytes(b"no archive")
    with pytest.raises(entrypoint.StartError, match="cannot be unpacked"):
        entrypoint.unpack(tmp_path / "source.tar.gz", tmp_path / "code")


def test_pins_are_held_against_what_is_installed() -> None:
    """What is there is satisfied, a wrong version and an absent package are not; other lines are no pins."""
    version = importlib.metadata.version("pytest")
    lines = ["# comment", f"pytest=={version}", "pytest==0.1", "no-such-package-here==1.0", "-r other.txt"]
    assert entrypoint.unsatisfied(lines) == ["pytest==0.1", "no-such-package-here==1.0"]


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """An error while writing leaves neither the file nor a part of it."""

    def write_half() -> None:
        with text_file(tmp_path / "out" / "file.txt") as file:
            file.write("half")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write_half()
    assert list((tmp_path / "out").iterdir()) == []


def test_json_is_readable_and_strict(tmp_path: Path) -> None:
    """Every script stays readable, NaN is refused, and the hash is over the bytes of all files."""
    write_json(tmp_path / "a.json", {"金": 1})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "金": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "b.json", float("nan"))
    assert len(sha256(tmp_path / "a.json", tmp_path / "a.json")) == 64


def test_pages_escape_what_data_says(tmp_path: Path) -> None:
    """Markup in values is shown, not run; the page loads nothing."""
    template = tmp_path / "t.html.j2"
    template.write_text('{% extends "page.html.j2" %}{% block content %}{{ value }}{% endblock %}')
    html = page.render(
        template, {"kind": "k", "title": "</title><script>", "subtitle": "", "value": "<script>alert(1)"}
    )
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "default-src 'none'" in html


def test_plots_take_the_pages_colours() -> None:
    """An SVG is the same every time, has no fixed size or colour of text, and says what it shows."""
    drawn = [plots.histogram([1, 2], [0, 5, 10], label="tokens", name="Rows by length") for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert 'aria-label="Rows by length"' in drawn[0]
    assert "var(--accent)" in drawn[0]
    assert "#010101" not in drawn[0]


def test_dollar_signs_are_no_formula() -> None:
    """Labels come from people: what would be no formula either must not end the step."""
    drawn = plots.bars(["US$ to $A", "$\\frac{$"], [1, 2], label="$_$", name="Prices")
    assert "US$ to $A" in drawn


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (12345, "12,345"), (0.7123, "0.712"), (1234.5, "1,234"), (3, "3")]
)
def test_figures_read_as_people_write_them(value: float | None, text: str) -> None:
    """Thousands are grouped, shares have three places."""
    assert page.number(value) == text


def test_a_reason_that_quotes_broken_text_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a surrogate pair in a reason is written as an escape, where SageMaker looks for it too."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    process.fail("no column \udc8b")
    assert (tmp_path / "output" / "message").read_text(encoding="utf-8") == "no column \\udc8b"
