"""ApplyGuardrail and a little S3 on loopback: latency, quotas and faults as told, every call counted.

    python -m tests.fakes.guardrail_server --latency 0.15 --requests 100 --units 1000

Prints its port. Quotas are token buckets with a burst of one second, as documented. E-mail addresses and
phone numbers are masked, numbers like 123-45-6789 block. Objects live in memory. GET /_stats tells the
counts, POST /_settings changes what it was told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{0,63}\w")
PHONE = re.compile(r"\+\d{2} \d{3} \d{7}")
NUMBER = re.compile(r"\b\d{3}-\d{2}-\d{4}\b")
BLOCKED = "This summary was withheld."


@dataclass
class TokenBucket:
    """A quota as the service keeps it."""

    rate: float
    tokens: float = 0.0
    at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.tokens = self.rate

    def take(self, amount: float) -> bool:
        """Whether there was room."""
        now = time.monotonic()
        self.tokens = min(self.rate, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < amount:
            return False
        self.tokens -= amount
        return True


@dataclass
class World:
    """What the server is told, what it holds and what it counted."""

    latency: float = 0.0
    requests: TokenBucket | None = None
    units: TokenBucket | None = None
    faults: dict[str, float] = field(default_factory=dict)  # kind -> share of calls
    gone: bool = False
    objects: dict[str, bytes] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)  # text -> calls that were answered with it
    keep_texts: bool = True
    first: float = 0.0
    last: float = 0.0
    by_second: Counter[int] = field(default_factory=Counter)

    def settings(self, told: dict[str, Any]) -> None:
        """Changes what it was told."""
        self.latency = told.get("latency", self.latency)
        for name in ("requests", "units"):
            if name in told:
                setattr(self, name, TokenBucket(told[name]) if told[name] else None)
        self.faults = told.get("faults", self.faults)
        self.gone = told.get("gone", self.gone)
        self.keep_texts = told.get("keep_texts", self.keep_texts)
        if told.get("reset"):
            self.counts, self.asked, self.by_second = Counter(), Counter(), Counter()
            self.first = self.last = 0.0


def judge(texts: list[str]) -> dict[str, Any]:
    """The answer, in the service's shape."""
    entities, outputs, blocked = [], [], False
    for text in texts:
        for pattern, name in ((EMAIL, "EMAIL"), (PHONE, "PHONE")):
            for match in pattern.finditer(text):
                entities.append({"match": match[0], "type": name, "action": "ANONYMIZED", "detected": True})
            text = pattern.sub(f"{{{name}}}", text)  # noqa: PLW2901
        for match in NUMBER.finditer(text):
            entities.append(
                {
                    "match": match[0],
                    "type": "US_SOCIAL_SECURITY_NUMBER",
                    "action": "BLOCKED",
                    "detected": True,
                }
            )
            blocked = True
        outputs.append(text)
    count = sum(max(1, -(-len(text) // 1000)) for text in texts)
    usage = {
        "topicPolicyUnits": 0,
        "contentPolicyUnits": 0,
        "wordPolicyUnits": 0,
        "sensitiveInformationPolicyUnits": count,
        "sensitiveInformationPolicyFreeUnits": 0,
        "contextualGroundingPolicyUnits": 0,
    }
    if not entities:
        return {"usage": usage, "action": "NONE", "outputs": [], "assessments": [{}]}
    given = [BLOCKED] if blocked else outputs
    return {
        "usage": usage,
        "action": "GUARDRAIL_INTERVENED",
        "actionReason": "Guardrail blocked." if blocked else "Guardrail masked.",
        "outputs": [{"text": text} for text in given],
        "assessments": [{"sensitiveInformationPolicy": {"piiEntities": entities, "regexes": []}}],
    }


class Server(asyncio.Protocol):
    """One connection; requests on it are answered in turn."""

    def __init__(self, world: World) -> None:
        self.world, self.buffer = world, b""
        self.transport: Any = None
        self.busy = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._next()

    def _next(self) -> None:
        if self.busy:
            return
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        if headers.get("expect", "").lower() == "100-continue" and not rest:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        self.busy = True
        method, target, _ = lines[0].split(" ")
        self._answer(method, target, headers, rest[:length])

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        url = urlsplit(target)
        path = unquote(url.path)
        if path.startswith("/guardrail/"):
            status, answer = self._guardrail(json.loads(body))
            delay = self.world.latency if status == 200 else self.world.latency / 10
            if answer is None:  # a timeout or a broken connection
                asyncio.get_running_loop().call_later(delay, self.transport.close)
                return
            kind = {"x-amzn-ErrorType": answer["__type"]} if status != 200 else {}
            asyncio.get_running_loop().call_later(
                delay, self._send, status, json.dumps(answer).encode(), "application/json", kind
            )
        elif path == "/_stats":
            world = self.world
            stats = {
                "counts": world.counts,
                "asked": world.asked,
                "seconds": world.last - world.first,
                "by_second": world.by_second,
            }
            self._send(200, json.dumps(stats).encode(), "application/json", {})
        elif path == "/_settings":
            self.world.settings(json.loads(body))
            self._send(200, b"{}", "application/json", {})
        else:
            self._s3(method, path, parse_qs(url.query, keep_blank_values=True), headers, body)

    def _guardrail(self, request: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        world = self.world
        world.counts["requests"] += 1
        if world.gone:
            return 404, {"__type": "ResourceNotFoundException", "message": "The guardrail does not exist."}
        drawn = random.random()
        for kind, share in world.faults.items():
            drawn -= share
            if drawn < 0:
                world.counts[kind] += 1
                return _FAULTS[kind]
        texts = [each["text"]["text"] for each in request["content"]]
        count = sum(max(1, -(-len(text) // 1000)) for text in texts)
        if world.requests and not world.requests.take(1):
            world.counts["throttled"] += 1
            message = "ApplyGuardrail requestId: 1 got throttled for the accountId: 123456789012"
            return 429, {"__type": "ThrottlingException", "message": message}
        if world.units and not world.units.take(count):
            world.counts["throttled"] += 1
            return 429, {
                "__type": "ThrottlingException",
                "message": "Too many requests sent to ApplyGuardrail: On-demand ApplyGuardrail sensitive"
                " information policy text units per second limit exceeded",
            }
        world.counts["answered"] += 1
        world.counts["units"] += count
        world.counts["texts"] += len(texts)
        now = time.monotonic()
        world.by_second[int(now)] += 1
        world.first, world.last = world.first or now, now
        if world.keep_texts:
            world.asked.update(texts)
        return 200, judge(texts)

    def _s3(
        self, method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], body: bytes
    ) -> None:
        objects = self.world.objects
        key = path.lstrip("/")
        if method == "PUT":
            if headers.get("if-none-match") == "*" and key in objects:
                self._send(412, _error("PreconditionFailed"), "application/xml", {})
                return
            objects[key] = body
            self._send(200, b"", "application/xml", {"ETag": '"0"'})
        elif method == "GET" and "list-type" in query:
            prefix = f"{key.rstrip('/')}/{query['prefix'][0]}"
            names = sorted(name for name in objects if name.startswith(prefix))
            bucket = key.rstrip("/")
            entries = "".join(
                f"<Contents><Key>{escape(name.removeprefix(bucket + '/'))}</Key>"
                f"<Size>{len(objects[name])}</Size></Contents>"
                for name in names
            )
            page = (
                f"<ListBucketResult><IsTruncated>false</IsTruncated>"
                f"<KeyCount>{len(names)}</KeyCount>{entries}</ListBucketResult>"
            )
            self._send(200, page.encode(), "application/xml", {})
        elif method == "GET" and key in objects:
            self._send(200, objects[key], "binary/octet-stream", {"ETag": '"0"'})
        else:
            self._send(404, _error("NoSuchKey"), "application/xml", {})

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        head = "".join(
            f"{name}: {value}\r\n"
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items()
        )
        self.transport.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)
        self.busy = False
        self._next()


_FAULTS: dict[str, tuple[int, dict[str, Any] | None]] = {
    "500": (500, {"__type": "InternalServerException", "message": "try again"}),
    "503": (503, {"__type": "ServiceUnavailableException", "message": "try again"}),
    "storm": (429, {"__type": "ThrottlingException", "message": "got throttled for the accountId"}),
    "expired": (403, {"__type": "ExpiredTokenException", "message": "The security token is expired"}),
    "refused": (400, {"__type": "ValidationException", "message": "quoted text of the request"}),
    "cut": (200, None),
}


def _error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()


async def _serve(world: World) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Server(world), "127.0.0.1", 0, backlog=512
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--requests", type=float)
    parser.add_argument("--units", type=float)
    told = parser.parse_args()
    world = World()
    world.settings({name: value for name, value in vars(told).items() if value is not None})
    asyncio.run(_serve(world))


if __name__ == "__main__":
    main()
