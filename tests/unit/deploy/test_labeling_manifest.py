"""Input manifests: made of folders and tables, and held against every limit before people are asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.labeling.build import Wanted, of_folder, of_table
from deploy.labeling.errors import LabelingError, ManifestError
from deploy.labeling.manifest import filled, read, written
from deploy.session import Aws
from tests.unit.deploy.fakes import ACCOUNT, BUCKET, REGION, FakeS3, project

ENVIRONMENT = project().environment
SOUND = b'{"source-ref": "s3://b/a.wav", "call-id": "1"}\n{"source-ref": "s3://c/b.wav", "call-id": "2", "x": "s3://d/e"}\n'


def test_a_sound_manifest_tells_what_is_in_it() -> None:
    """Keys of every line, sources, and the buckets that pages will read."""
    found = read(SOUND, "m")
    assert found.keys == {"source-ref", "call-id"}
    assert found.sources == ("s3://b/a.wav", "s3://c/b.wav")
    assert found.buckets == ("b", "c", "d")
    assert found.content == SOUND


def test_texts_that_only_begin_like_an_object_name_no_bucket() -> None:
    """No client could ask for it: what would be a fault of the checks is a text."""
    line = {"source": "s3://", "a": "s3:// is where", "b": "s3://x/", "c": "s3://d/e f"}
    assert read(written([line]), "m").buckets == ("d",)


def test_unicode_survives_and_a_mark_at_the_beginning_is_taken_off() -> None:
    """As editors on Windows write it."""
    line = {"source": "s3://b/a.wav", "transcription": "Grüße 电话 🙂 \u2028 end"}
    assert read(b"\xef\xbb\xbf" + written([line]), "m").lines == [line]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "m: the manifest is empty"),
        (b"\n\n", "m: the manifest is empty"),
        (b"\xff", "m: byte 0 is not UTF-8"),
        (b'{"source": "a"', "m: line 1: no JSON"),
        (b"[1]", "m: line 1: no JSON object"),
        (b'{"source": "a", "source": "b"}', 'm: line 1: the key "source" stands in it twice'),
        (b'{"call-id": 1}', "m: line 1: has neither source-ref nor source"),
        (b'{"source-ref": "a.wav"}', 'm: line 1: source-ref is "a.wav", an S3 URI is needed'),
        (b'{"source-ref": "s3://b"}', 'm: line 1: source-ref is "s3://b", an S3 URI is needed'),
        (b'{"source-ref": "s3://b c/d"}', 'm: line 1: source-ref is "s3://b c/d", an S3 URI is needed'),
        (b'{"source": "a", "$b": 1}', 'm: line 1: the key "$b" begins with a dollar sign'),
        (b'{"source": "a", "labels": 1}', 'm: line 1: has the label attribute "labels" already'),
        (b'{"source": "a", "labels-metadata": 1}', 'has the label attribute "labels-metadata" already'),
        (b'{"source": "a", "x": NaN}', "m: line 1: holds what is no Unicode text or no JSON number"),
        (b'{"source": "a", "x": "\\ud800"}', "m: line 1: holds what is no Unicode text or no JSON number"),
        (b'{"source": "a"}\n{"source": "a"}', "m: line 2: the same source as line 1"),
        (b'{"source": "a", "x": "' + b"y" * 20_001 + b'"}', "longer texts lie in S3"),
        (b'{"source": "' + b"y" * 100_001 + b'"}', "100,015 characters; at most 100,000"),
        (b'{"x": ' + b"[" * 50_000, "m: line 1: no JSON"),
    ],
)
def test_what_ground_truth_would_not_take(content: bytes, problem: str) -> None:
    """With the line."""
    with pytest.raises(ManifestError, match=r"^m: ") as caught:
        read(content, "m", attribute="labels")
    assert problem in str(caught.value)


def test_everything_wrong_is_told_at_once_and_not_without_end() -> None:
    """Twenty problems, and how many more."""
    with pytest.raises(ManifestError, match=r"m: and 5 more") as caught:
        read(b"{}\n" * 25, "m")
    assert str(caught.value).count("has neither") == 20


def test_more_objects_than_a_job_takes() -> None:
    """100,000 are the most."""
    content = b"".join(b'{"source": "%d"}\n' % number for number in range(100_001))
    with pytest.raises(ManifestError, match=r"m: 100,001 objects; a job takes 100,000 at most"):
        read(content, "m")
    assert len(read(content.rpartition(b'{"')[0], "m").lines) == 100_000


def test_the_environment_is_filled_in() -> None:
    """One file in the repository serves every environment."""
    assert filled(b"s3://@bucket@/@prefix@/x", ENVIRONMENT) == f"s3://{BUCKET}/local/x".encode()


def test_the_shipped_manifest_is_what_the_shipped_table_makes() -> None:
    """The command of the documentation, byte for byte."""
    folder = project().root / "data" / "calls-labels"
    media = "s3://@bucket@/@prefix@/labeling/media/calls"
    built = of_table(
        folder / "calls.csv", Wanted(source="file", media=media, numbers=("duration",)), ENVIRONMENT
    )
    assert written(built.lines) == (folder / "calls.manifest").read_bytes()
    assert built.uploads == []
    assert len(read(filled(written(built.lines), ENVIRONMENT), "m", attribute="labels").lines) == 66


def test_long_texts_become_references(tmp_path: Path) -> None:
    """Those that a line does not take, and those of a column that is named; equal texts are one object."""
    table = tmp_path / "calls.jsonl"
    rows = [
        {"source": "s3://b/1.wav", "transcription": "x" * 20_001, "note": "short"},
        {"source": "s3://b/2.wav", "transcription": "电话", "note": "short"},
    ]
    table.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    built = of_table(table, Wanted(texts=("note",)), ENVIRONMENT)
    first, second = built.lines
    assert first["transcription-ref"].startswith(f"s3://{BUCKET}/local/labeling/texts/")
    assert second["transcription"] == "电话"
    assert first["note-ref"] == second["note-ref"]
    assert {upload.body for upload in built.uploads} == {b"x" * 20_001, b"short"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("file,x\n", "t.csv: has no rows"),
        ("file,x\n,1\n", "t.csv: row 1: has no file"),
        ("file,x\n../a.wav,1\n", 't.csv: row 1: "../a.wav" leads out of the folder'),
        ("file,x\n/etc/a.wav,1\n", 't.csv: row 1: "/etc/a.wav" leads out of the folder'),
        ("file,x\na.wav,one\n", 't.csv: row 1: "x" is "one", which is no number'),
        ("file,x\na.wav,NaN\n", 't.csv: row 1: "x" is "NaN", which is no number'),
        ("file,x\na.wav\n", "t.csv: row 1: has another number of cells than the heading"),
        ("file,x\na.wav,1,2\n", "t.csv: row 1: has another number of cells than the heading"),
        ("file,$x\na.wav,1\n", 't.csv: row 1: the key "$x" begins with a dollar sign'),
        ("file,x\na.wav,true\n", 't.csv: row 1: "x" is "true", which is no number'),
        ("file,x\na.wav," + "[" * 50_000 + "\n", 't.csv: row 1: "x" is "[['),
        ("file,x\na.wav,1\nb.wav,2\n a.wav,3\n", "t.csv: row 3: the same source as row 1"),
        ("file,x,y,y\na.wav,1,2,3\n", 't.csv: has the column "y" twice'),
        ("file,y\na.wav,1\n", 't.csv: has no column "x"; columns: file, y'),
        ("file,x,source-ref\na.wav,1,s3://b/c.wav\n", "t.csv: row 1: has source-ref beside file"),
    ],
)
def test_a_table_that_makes_no_manifest(text: str, problem: str, tmp_path: Path) -> None:
    """With the row."""
    (tmp_path / "t.csv").write_text(text)
    wanted = Wanted(source="file", media="s3://b/media/", numbers=("x",))
    with pytest.raises(ManifestError, match=r"^t\.csv: ") as caught:
        of_table(tmp_path / "t.csv", wanted, ENVIRONMENT)
    assert problem in str(caught.value)


def test_half_a_surrogate_pair_in_a_text_is_told(tmp_path: Path) -> None:
    """Of a column that goes to S3, which takes bytes."""
    (tmp_path / "t.jsonl").write_text('\n{"source": "s3://b/a.wav", "note": "\\ud800"}\n')
    with pytest.raises(ManifestError, match=r't\.jsonl: row 2: "note" holds half of a surrogate pair'):
        of_table(tmp_path / "t.jsonl", Wanted(texts=("note",)), ENVIRONMENT)


def test_more_rows_than_a_job_takes_make_no_manifest(tmp_path: Path) -> None:
    """Said when it is made, not when the job is created."""
    rows = "".join(f"s3://b/{number}.wav\n" for number in range(100_001))
    (tmp_path / "t.csv").write_text("source\n" + rows)
    with pytest.raises(ManifestError, match=r"t\.csv: 100,001 objects; a job takes 100,000 at most"):
        of_table(tmp_path / "t.csv", Wanted(), ENVIRONMENT)


def test_what_is_no_folder_and_what_a_folder_has_not_is_told(tmp_path: Path) -> None:
    """A table that is not there; options that would have done nothing."""
    (tmp_path / "a.wav").touch()
    with pytest.raises(LabelingError, match=r'there is no folder or table ".*t\.csv"'):
        of_folder(str(tmp_path / "t.csv"), None, ENVIRONMENT, Wanted(source="file"))
    with pytest.raises(LabelingError, match="is a folder and has no columns"):
        of_folder(str(tmp_path), None, ENVIRONMENT, Wanted(texts=("transcription",)))
    assert len(of_folder(str(tmp_path), None, ENVIRONMENT, Wanted()).lines) == 1


def test_recordings_of_one_stem_are_called_by_their_whole_name(tmp_path: Path) -> None:
    """Two objects of one id would be one file in the end; the same recording is not given out twice."""
    for name in ("a.wav", "a.mp4", "b.wav"):
        (tmp_path / name).write_bytes(name.encode())
    built = of_folder(str(tmp_path), None, ENVIRONMENT)
    assert [line["call-id"] for line in built.lines] == ["a.mp4", "a.wav", "b"]
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.wav").write_bytes(b"b.wav")
    with pytest.raises(ManifestError, match=r"sub/b\.wav: the same source as b\.wav"):
        of_folder(str(tmp_path), None, ENVIRONMENT)


def test_a_link_out_of_the_folder_is_not_uploaded(tmp_path: Path) -> None:
    """A text beside a recording that is really a file of somebody's home."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").touch()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "in" / "a.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(LabelingError, match=r'"a\.txt" is a link that leads out of'):
        of_folder(str(tmp_path / "in"), None, ENVIRONMENT)


def test_names_of_files_need_a_folder(tmp_path: Path) -> None:
    """The option that says which."""
    (tmp_path / "t.csv").write_text("source-ref\na.wav\n")
    with pytest.raises(ManifestError, match=r'"a.wav" is no S3 URI'):
        of_table(tmp_path / "t.csv", Wanted(), ENVIRONMENT)


def test_a_folder_of_this_machine_is_left_to_be_uploaded(tmp_path: Path) -> None:
    """Under the hash of its content, with the text beside it; other files are not taken."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.wav").write_bytes(b"sound")
    (tmp_path / "a.txt").write_text("Grüße", encoding="utf-8")
    (tmp_path / "sub" / "b.MP4").write_bytes(b"film")
    (tmp_path / "notes.pdf").write_bytes(b"x")
    built = of_folder(str(tmp_path), None, ENVIRONMENT)
    first, second = built.lines
    assert (first["call-id"], second["call-id"]) == ("a", "sub/b")
    assert first["source-ref"].endswith("/a.wav")
    assert first["transcription-ref"].endswith("/a.txt")
    assert "transcription-ref" not in second
    assert [upload.key.rpartition("/")[2] for upload in built.uploads] == ["a.txt", "a.wav", "b.MP4"]


def test_a_folder_of_s3_is_listed_page_by_page() -> None:
    """Recordings only, with their texts."""
    s3 = FakeS3(objects={("media", f"calls/{n:02}.wav"): b"x" for n in range(5)}, page=2)
    s3.objects["media", "calls/03.txt"] = b"said"
    aws = Aws(account=ACCOUNT, region=REGION, make=lambda service: s3)
    built = of_folder("s3://media/calls/", aws, ENVIRONMENT)
    assert [line["call-id"] for line in built.lines] == ["00", "01", "02", "03", "04"]
    assert built.lines[3]["transcription-ref"] == "s3://media/calls/03.txt"
    assert built.uploads == []


def test_a_folder_without_recordings_is_said(tmp_path: Path) -> None:
    """With what would be taken."""
    with pytest.raises(LabelingError, match=r"no recordings in .*\nhint: files that end in \.aac, "):
        of_folder(str(tmp_path), None, ENVIRONMENT)
    with pytest.raises(LabelingError, match=r"there is no folder"):
        of_folder(str(tmp_path / "nowhere"), None, ENVIRONMENT)


def test_what_is_hidden_or_belongs_to_no_recording_stays_where_it_is(tmp_path: Path) -> None:
    """Files that macOS puts beside others are no recordings; notes of somebody are nobody's transcription."""
    for name in ("a.wav", "._a.wav", ".trash/b.wav", "a.TXT", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    built = of_folder(str(tmp_path), None, ENVIRONMENT)
    assert [line["call-id"] for line in built.lines] == ["a"]
    assert sorted(upload.key.rpartition("/")[2] for upload in built.uploads) == ["a.TXT", "a.wav"]
    assert built.lines[0]["transcription-ref"].endswith("/a.TXT")
    s3 = FakeS3(objects={("media", f"calls/{name}"): b"x" for name in ("a.wav", "__MACOSX/._a.wav")})
    aws = Aws(account=ACCOUNT, region=REGION, make=lambda service: s3)
    assert [line["call-id"] for line in of_folder("s3://media/calls", aws, ENVIRONMENT).lines] == ["a"]


def test_a_recording_that_cannot_be_read_is_not_left_out_in_silence(tmp_path: Path) -> None:
    """A link to what is not there any more."""
    (tmp_path / "a.wav").write_bytes(b"a")
    (tmp_path / "b.wav").symlink_to("gone.wav")
    with pytest.raises(LabelingError, match=r'"b\.wav" in .* cannot be read'):
        of_folder(str(tmp_path), None, ENVIRONMENT)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file;x\na.wav;1\n", r"has its cells apart by ';'\nhint: save it with commas"),
        (",file\n0,a.wav\n", r"has no name above column 1\nhint: .*index=False"),
        ("file\na.wav\n", r"row 1: has no source-ref or source\nhint: --source COLUMN"),
        ("source,text,text-ref\ns3://b/a,x,y\n", r'row 1: "text" would become "text-ref", which it has'),
        ("source\n" + "a\n" * 25, r"and 5 more\nhint: --media s3://bucket/folder"),
    ],
)
def test_a_table_that_was_exported_otherwise_says_what_to_change(
    text: str, says: str, tmp_path: Path
) -> None:
    """What is wrong, and what to type."""
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ManifestError, match=says):
        of_table(tmp_path / "t.csv", Wanted(texts=("text",) if "text" in text else ()), ENVIRONMENT)
