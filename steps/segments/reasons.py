"""Every reason for which something is set aside, with what it means to a reader of the report."""

from __future__ import annotations

OBJECTS = {
    "unreadable": "a line that is no JSON object",
    "too_large": "a line of more than 16 MiB",
    "no_source": "a line with neither source-ref nor source",
    "unlabeled": "no answer: the line lacks the label attribute, as lines of unlabeled objects do",
    "failed": "the labeling job gave the object up",
    "response_missing": "the file with the answers is not there",
    "response_denied": "the file with the answers may not be read",
    "response_unreadable": "the file with the answers is no JSON of answers",
    "response_too_large": "more bytes of answers than checks.max_response_mb allows",
    "response_outside": "the path of the answers leads out of the folder that it must lie in",
    "no_answers": "the file with the answers holds none that can be read",
    "other_job": "a line of another labeling job than the first",
    "labeled_twice": "an object that an earlier line has",
    "id_taken": "another object of an earlier line has the id, so that their files would have one name",
}
ANSWERS = {
    "unreadable_answer": "an answer whose annotations are no JSON of the expected shape",
    "answered_twice": "a second answer of the same worker to the same object",
}
SEGMENTS = {
    "malformed": "not a mapping, or without id, start or end",
    "not_a_number": "a time that is no finite number",
    "negative_time": "starts before the recording does",
    "zero_length": "ends where it starts",
    "end_before_start": "ends before it starts",
    "too_short": "shorter than a person can mean",
    "beyond_end": "ends after the recording",
    "wrong_unit": "times in milliseconds: as seconds they lie beyond the recording, or beyond belief",
    "unknown_track": "a category that the YAML does not name",
    "unknown_label": "a label that its category does not have",
    "missing_text": "no text on a track that needs one",
    "duplicate": "the same worker marked the same stretch with the same label before",
    "overlap": "overlaps an earlier segment of its worker on a track that forbids it",
    "invalid_text": "half a surrogate pair or a NUL character",
    "no_quorum": "marked by too few of the object's workers",
    "crossed": "what was agreed crosses another agreed segment, and no border parts the two",
    "tie": "workers are divided on the label: kept for a person in review.jsonl",
}
WHOLES = {
    "whole_unreadable": "a whole-file answer of a shape that its kind does not have",
    "whole_tie": "workers are divided on the whole-file answer: kept for a person in review.jsonl",
}
MEANINGS = {**OBJECTS, **ANSWERS, **SEGMENTS, **WHOLES}
