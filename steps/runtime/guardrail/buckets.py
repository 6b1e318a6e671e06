"""Token buckets for calls that several quotas bind at once: requests, and text units of each policy.

ApplyGuardrail is throttled twice, independently: by requests a second, and by text units a second of each
policy (Amazon Bedrock endpoints and quotas). A call therefore starts when all of its buckets have room, and
takes from all of them in one step. The rate limiters that we looked at (aiolimiter, pyrate-limiter, limits)
hold one kind of thing each, cannot give back what was reserved and not used, and cannot change their rate
while they run; all three are needed here.

A bucket is kept as the time at which it is empty again (GCRA), so a reservation is one addition and threads
are served in the order in which they asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# Seconds' worth of a quota that may be caught up after a late start; quotas have bursts of a whole second.
BURST_SECONDS = 0.1
# Part of a quota that is used: the rest is for clocks that differ.
UTILISATION = 0.99
# What a throttled call does to the rate, how often it may, and how the rate comes back.
CUT, CUT_PAUSE, LOWEST = 0.85, 1.0, 0.01
GROWTH_PER_SECOND, GROWTH_AFTER = 0.01, 2.0


@dataclass
class Bucket:
    """One quota. `rate` is what is used of it a second; it falls when calls are throttled, and grows back."""

    ceiling: float
    rate: float = field(init=False)
    _empty_at: float = float("-inf")
    _cut_at: float = float("-inf")
    _grown_at: float = float("-inf")

    def __post_init__(self) -> None:
        self.ceiling *= UTILISATION
        self.rate = self.ceiling

    def free_at(self, now: float) -> float:
        """When the next call may start."""
        return max(now, self._empty_at - BURST_SECONDS)

    def take(self, amount: float, start: float) -> None:
        """Reserves `amount` for a call that starts at `start`."""
        self._empty_at = max(self._empty_at, start) + amount / self.rate

    def give_back(self, amount: float) -> None:
        """What was reserved and not used; negative where more was used."""
        self._empty_at -= amount / self.rate

    def cut(self, now: float) -> None:
        """A call was throttled: less from now on. Calls under way together count once."""
        if now - self._cut_at < CUT_PAUSE:
            return
        self.rate = max(self.rate * CUT, self.ceiling * LOWEST)
        self._cut_at = self._grown_at = now
        self._empty_at = max(self._empty_at, now + BURST_SECONDS)

    def grow(self, now: float) -> None:
        """Some time without a throttled call: a little more."""
        if self.rate >= self.ceiling or now - self._cut_at < GROWTH_AFTER:
            return
        self.rate = min(self.ceiling, self.rate + (now - self._grown_at) * GROWTH_PER_SECOND * self.ceiling)
        self._grown_at = now


class Limiter:
    """All buckets of a guardrail, for any number of threads."""

    def __init__(
        self,
        quotas: Mapping[str, float],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.buckets = {name: Bucket(quota) for name, quota in quotas.items()}
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()

    def acquire(self, amounts: Mapping[str, float]) -> None:
        """Waits until every bucket has room for its amount, and takes it."""
        with self._lock:
            now = self._clock()
            buckets = [
                (self.buckets[name], amount) for name, amount in amounts.items() if name in self.buckets
            ]
            for bucket, _ in buckets:
                bucket.grow(now)
            start = max((bucket.free_at(now) for bucket, _ in buckets), default=now)
            for bucket, amount in buckets:
                bucket.take(amount, start)
        if start > now:
            self._sleep(start - now)

    def settle(self, reserved: Mapping[str, float], used: Mapping[str, float]) -> None:
        """Gives back what an answer says was not used."""
        with self._lock:
            for name, amount in used.items():
                if name in self.buckets and name in reserved:
                    self.buckets[name].give_back(reserved[name] - amount)

    def throttled(self, names: tuple[str, ...]) -> None:
        """The service refused a call because of these quotas."""
        with self._lock:
            now = self._clock()
            for name in names:
                if name in self.buckets:
                    self.buckets[name].cut(now)
