"""One batch job from its input to its output: queued, validated, queued again, every record asked, written.

<output>/<job id>/<file>.jsonl.out       a line per record, in another order than the input's
<output>/<job id>/manifest.json.out      the counts
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.api import ApiError
from local.bedrock.batch_request import BatchRequest
from local.bedrock.batch_settings import BatchSettings
from local.bedrock.batch_validation import InputFile, InvalidInputError, input_files
from local.bedrock.models import converse, invoke
from local.bedrock.quotas import Quotas
from local.objects import Objects

_LOG = logging.getLogger(__name__)
_REPORT_EVERY = 0.5  # seconds
_SHOWN_ERROR = 500


@dataclass
class Counts:
    total: int = 0
    processed: int = 0
    success: int = 0
    error: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def manifest(self) -> dict[str, int]:
        """The content of manifest.json.out."""
        return {
            "totalRecordCount": self.total,
            "processedRecordCount": self.processed,
            "successRecordCount": self.success,
            "errorRecordCount": self.error,
            "inputTokenCount": self.input_tokens,
            "outputTokenCount": self.output_tokens,
        }


@dataclass(frozen=True)
class BatchOutcome:
    status: str
    message: str | None = None


class _EndedError(Exception):
    """Stopped, or out of time."""

    def __init__(self, outcome: BatchOutcome) -> None:
        self.outcome = outcome


@dataclass
class BatchRun:
    """`tell` is given every status on the way; `report` the counts, now and then."""

    job_id: str
    request: BatchRequest
    objects: Objects
    quotas: Quotas
    settings: BatchSettings
    folder: Path
    seconds_left: float
    tell: Callable[[str], None]
    report: Callable[[Mapping[str, int]], None]
    counts: Counts = field(default_factory=Counts)
    _stop: threading.Event = field(default_factory=threading.Event)
    _began: float = field(default_factory=time.monotonic)
    _reported: float = 0.0
    _work_began: float = 0.0

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> BatchOutcome:
        """To its end, whatever that is; raises nothing."""
        try:
            return self._stages()
        except _EndedError as ended:
            return ended.outcome
        except InvalidInputError as error:
            return BatchOutcome("Failed", str(error))
        except ApiError as error:
            return BatchOutcome("Failed", f"{error.code}: {error.message}")
        except Exception as error:  # noqa: BLE001 - a job must end, whatever happens
            _LOG.exception("batch job %s broke", self.job_id)
            return BatchOutcome("Failed", f"InternalServerException: {type(error).__name__}: {error}")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _stages(self) -> BatchOutcome:
        self._queue()
        self.tell("Validating")
        files = input_files(self.request.source, self.objects, self.quotas)
        self.counts.total = sum(len(file.offsets) for file in files)
        self._report(now=True)
        self.tell("Scheduled")
        self._queue()
        self.tell("InProgress")
        self._work_began = time.monotonic()
        ended: BatchOutcome | None = None
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            ended = self._file(file)
            if ended:
                break
        manifest = json.dumps(self.counts.manifest()).encode()
        self.objects.write(f"{self._target}/manifest.json.out", manifest)
        self._report(now=True)
        return ended or BatchOutcome("Completed")

    @property
    def _target(self) -> str:
        return f"{self.request.target}/{self.job_id}"

    def _file(self, file: InputFile) -> BatchOutcome | None:
        """Asks for the file's records and puts what there is; how the job ended, where it did."""
        path = self.folder / "output.jsonl"
        ended: BatchOutcome | None = None
        with path.open("wb") as output:
            for line in self._shuffled(file):
                ended = self._over()
                if ended:
                    break
                output.write(json.dumps(self._answered(line), ensure_ascii=False).encode() + b"\n")
                self._report(now=False)
        if path.stat().st_size or not ended:
            self.objects.put_file(path, f"{self._target}/{file.name}.out")
        return ended

    def _shuffled(self, file: InputFile) -> Iterator[bytes]:
        """The service promises no order, so there is none."""
        order = list(range(len(file.offsets)))
        random.Random(f"{self.job_id}{file.name}").shuffle(order)  # noqa: S311 - an order, not a secret
        with self.objects.open(file.uri) as lines:
            for place in order:
                lines.seek(file.offsets[place])
                yield lines.readline()

    def _answered(self, line: bytes) -> dict[str, Any]:
        record = json.loads(line)
        made_up = "R" + hashlib.sha256(line).hexdigest()[:10].upper()
        answer: dict[str, Any] = {"recordId": record.get("recordId") or made_up}
        answer["modelInput"] = record["modelInput"]
        self.counts.processed += 1
        try:
            self._chance_error(answer["recordId"])
            answer["modelOutput"] = self._asked(record["modelInput"])
            self.counts.success += 1
        except ApiError as error:
            answer["error"] = {"errorCode": error.status, "errorMessage": error.message[:_SHOWN_ERROR]}
            self.counts.error += 1
        return answer

    def _asked(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.request.invocation == "Converse":
            if "toolConfig" in body:
                raise ApiError(
                    "ValidationException", "Tool use is not supported in Converse batch inference."
                )
            answer = converse(self.request.model, body)
            self.counts.input_tokens += answer["usage"]["inputTokens"]
            self.counts.output_tokens += answer["usage"]["outputTokens"]
            return answer
        return invoke(self.request.model, body)

    def _chance_error(self, record: str) -> None:
        digest = hashlib.sha256(f"{self.job_id} {record}".encode()).digest()
        if int.from_bytes(digest[:4], "big") / 2**32 < self.settings.error_share:
            raise ApiError("InternalServerException", "The system encountered an unexpected error.", 500)

    def _over(self) -> BatchOutcome | None:
        """Paces the work; says how it ends where it must end now."""
        if self.settings.records_per_second:
            due = self.counts.processed / self.settings.records_per_second
            self._stop.wait(max(0.0, due - (time.monotonic() - self._work_began)))
        if self._stop.is_set():
            return BatchOutcome("Stopped")
        if self._out_of_time():
            return BatchOutcome("PartiallyCompleted", f"The job timed out after {self.request.hours} hours.")
        return None

    def _queue(self) -> None:
        self._stop.wait(min(self.settings.queue_seconds, max(0.0, self._left())))
        if self._stop.is_set():
            raise _EndedError(BatchOutcome("Stopped"))
        if self._out_of_time():
            raise _EndedError(
                BatchOutcome("Expired", f"The job was not begun within {self.request.hours} hours.")
            )

    def _left(self) -> float:
        return self.seconds_left - (time.monotonic() - self._began)

    def _out_of_time(self) -> bool:
        return self._left() <= 0

    def _report(self, *, now: bool) -> None:
        if now or time.monotonic() - self._reported > _REPORT_EVERY:
            self._reported = time.monotonic()
            self.report(self.counts.manifest())
