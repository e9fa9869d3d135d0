"""The local server's Message Batches: kept in memory, processed after a set time, answered from recordings."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from codex.campaign import clock

#: Makes the result of one request: (custom id, parameters) → the API's result object.
Processor = Callable[[str, Mapping[str, Any]], dict[str, Any]]

_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Batch:
    identity: str
    created: datetime
    ends_at: float
    results: Mapping[str, Mapping[str, Any]]

    @property
    def ended(self) -> bool:
        return time.monotonic() >= self.ends_at

    def described(self, url: str) -> dict[str, Any]:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        for result in self.results.values():
            counts[result["type"] if self.ended else "processing"] += 1
        done = self.created.isoformat() if self.ended else None
        return {
            "id": self.identity,
            "type": "message_batch",
            "processing_status": "ended" if self.ended else "in_progress",
            "request_counts": counts,
            "created_at": self.created.isoformat(),
            "expires_at": (self.created + _LIFE).isoformat(),
            "ended_at": done,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"{url}/v1/messages/batches/{self.identity}/results" if self.ended else None,
        }


class BatchStore:
    """The batches of one server. ``seconds`` is how long each takes to end."""

    def __init__(self, process: Processor, seconds: float = 0.0) -> None:
        self._process, self._seconds = process, seconds
        self._batches: list[_Batch] = []
        self._lock = threading.Lock()

    def create(self, requests: Sequence[Mapping[str, Any]], url: str) -> dict[str, Any]:
        results = {each["custom_id"]: self._process(each["custom_id"], each["params"]) for each in requests}
        with self._lock:
            identity = f"msgbatch_{len(self._batches) + 1:06d}"
            made = _Batch(identity, clock.now(), time.monotonic() + self._seconds, results)
            self._batches.append(made)
        return made.described(url)

    def get(self, identity: str) -> _Batch | None:
        return next((batch for batch in self._batches if batch.identity == identity), None)

    def listed(self, url: str, after: str | None, limit: int) -> dict[str, Any]:
        """A page of the list, the newest first, beginning after the batch ``after``."""
        newest = list(reversed(self._batches))
        start = next((i + 1 for i, batch in enumerate(newest) if batch.identity == after), 0)
        page = newest[start : start + limit]
        ids = [batch.identity for batch in page]
        return {
            "data": [batch.described(url) for batch in page],
            "has_more": start + limit < len(newest),
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
        }

    @staticmethod
    def lines(batch: _Batch) -> Iterator[bytes]:
        """The results, in an order that is not the requests'."""
        for identity, result in sorted(batch.results.items()):
            yield json.dumps({"custom_id": identity, "result": result}).encode() + b"\n"


def batch_problem(body: Any) -> str | None:
    """What the API would refuse a batch for (400); None when it is well-formed."""
    requests = body.get("requests") if isinstance(body, Mapping) else None
    if not isinstance(requests, list) or not requests:
        return "requests: must hold at least one request"
    for each in requests:
        if not isinstance(each, Mapping) or not isinstance(each.get("params"), Mapping):
            return "requests: each needs custom_id and params"
        identity = each.get("custom_id")
        if not isinstance(identity, str) or not 1 <= len(identity) <= 64 or not _plain(identity):
            return "custom_id: must match ^[a-zA-Z0-9_-]{1,64}$"
    ids = [each["custom_id"] for each in requests]
    return "custom_id: must be unique within a batch" if len(set(ids)) < len(ids) else None


def _plain(text: str) -> bool:
    return text.isascii() and all(letter.isalnum() or letter in "-_" for letter in text)
