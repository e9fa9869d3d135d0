"""The cost ledger: one line of JSON for each agent call, added once, in order (protocol §9).

``manifests/cost_ledger.jsonl`` holds the newest lines; a full file is sealed as ``manifests/log/cost_ledger-<n>.jsonl``
before the next line. ``call`` makes a line idempotent; lines of another age have none and are kept as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from codex.campaign.canonical import dump_compact
from codex.campaign.log import SEALED
from codex.errors import DataError, UserError
from codex.snapshot import Snapshot

COSTS = "manifests/cost_ledger.jsonl"
#: Lines in one sealed file.
SEGMENT_SIZE = 1000

_SEGMENT = re.compile(rf"{SEALED}/cost_ledger-(\d{{4,9}})\.jsonl")

#: A line as data: a mapping with the keys of the file, or the model that dumps to it (integration's CostLine).
Row = Mapping[str, Any] | BaseModel


class Cost(BaseModel):
    """One line as read, of ours or of another age. US dollars, seconds of wall clock; other keys are left aside."""

    model_config = ConfigDict(frozen=True)

    call: str | None = None
    timestamp: str = ""
    book: str = ""
    pass_name: str = Field(default="", alias="pass")
    unit: str | None = None
    attempt: int = 1
    pattern: str = ""
    backend: str = ""
    model: str = ""
    outcome: str = ""
    batch: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    web_searches: int = 0
    tokens_estimated: bool = False
    cost_usd: Decimal = Decimal(0)
    duration_s: float = 0.0

    @property
    def tokens(self) -> int:
        """Everything that the model read or wrote, cached or not."""
        return self.input_tokens + self.output_tokens + self.cache_read_tokens + self.cache_write_tokens


@dataclass(slots=True)
class Total:
    """A sum over lines. ``estimated``: calls with estimated token counts; ``vain_usd``: paid in vain (vain.py)."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    estimated: int = 0
    usd: Decimal = field(default_factory=Decimal)
    seconds: float = 0.0
    vain_usd: Decimal = field(default_factory=Decimal)

    def add(self, cost: Cost, *, vain: bool = False) -> None:
        self.calls += 1
        self.input_tokens += cost.input_tokens
        self.output_tokens += cost.output_tokens
        self.cache_read_tokens += cost.cache_read_tokens
        self.cache_write_tokens += cost.cache_write_tokens
        self.estimated += cost.tokens_estimated
        self.usd += cost.cost_usd
        self.seconds += cost.duration_s
        self.vain_usd += cost.cost_usd if vain else 0


def add_lines(text: str, rows: Iterable[Row], known: Iterable[str] = ()) -> str:
    """``text`` with a line for each row whose ``call`` is neither in it nor in ``known``; nothing else changes."""
    calls = {*known, *_calls(text)}
    new: list[str] = []
    for row in rows:
        values = _values(row)
        call = values.get("call")
        if call is None or call not in calls:
            new.append(dump_compact(values) + "\n")
        if call is not None:
            calls.add(call)
    return text if not new else "".join([text, "\n" if text and not text.endswith("\n") else "", *new])


def append_costs(snapshot: Snapshot, rows: Iterable[Row]) -> dict[str, bytes]:
    """The files that change when rows are added to the cost ledger: path → whole new content; {} when all are there.

    Lines that cannot be read are kept where they are and never keep a new one out.
    """
    old = _text(snapshot, COSTS)
    sealed = segments(snapshot)
    new = add_lines(old, rows, _known(snapshot, sealed))
    if new == old:
        return {}
    changes: dict[str, bytes] = {}
    if old.count("\n") >= SEGMENT_SIZE:
        number = (sealed[-1][0] if sealed else 0) + 1
        changes[f"{SEALED}/cost_ledger-{number:04d}.jsonl"] = _bytes(old)
        new = new.removeprefix(old)
    return changes | {COSTS: _bytes(new)}


def calls_in(snapshot: Snapshot) -> frozenset[str]:
    """The calls that the cost ledger has already."""
    return frozenset(chain(_known(snapshot, segments(snapshot)), _calls(_text(snapshot, COSTS))))


def _known(snapshot: Snapshot, sealed: Iterable[tuple[int, str]]) -> Iterator[str]:
    return chain.from_iterable(_sealed_calls(snapshot, path) for _, path in sealed)


#: Calls of sealed files by blob id: such a file never changes, so a long-lived process reads each once.
_sealed: dict[str, frozenset[str]] = {}
_SEALED_KEPT = 500


def _sealed_calls(snapshot: Snapshot, path: str) -> frozenset[str]:
    blob = snapshot.blobs()[path]
    if blob not in _sealed:
        if len(_sealed) > _SEALED_KEPT:
            _sealed.clear()
        _sealed[blob] = frozenset(_calls(_text(snapshot, path)))
    return _sealed[blob]


def segments(snapshot: Snapshot) -> list[tuple[int, str]]:
    """The sealed files as (number, path), in their order."""
    found = (_SEGMENT.fullmatch(path) for path in snapshot.under(SEALED, ".jsonl"))
    return sorted((int(match[1]), match[0]) for match in found if match)


def read_costs(snapshot: Snapshot) -> list[Cost]:
    """Every line of the cost ledger, oldest first; raises DataError naming file, line and reason at a bad one."""
    paths = [path for _, path in segments(snapshot)] + [COSTS]
    return [cost for path in paths for cost in parse_costs(_text(snapshot, path), path)]


def parse_costs(text: str, where: str) -> Iterator[Cost]:
    """The lines of one file; raises DataError at the first that cannot be read."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield Cost.model_validate(json.loads(line, parse_float=Decimal))
            except (ValueError, RecursionError) as exc:
                raise DataError(
                    f"{where}, line {number} cannot be read: {_reason(exc)}.",
                    remedy="Mend the line, or take the file back from an earlier commit.",
                ) from exc


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")


def totals(
    costs: Iterable[Cost],
    by: str,
    tier_of: Mapping[str, str] | None = None,
    vain: Callable[[Cost], bool] = lambda _: False,
) -> dict[str, Total]:
    """Sums by ``book``, ``pass``, ``model``, ``tier``, ``day`` (UTC) or prompt ``pattern``, in order of appearance.

    ``tier_of`` maps book slugs to tiers; a book that is not in it counts under ``?``. ``vain`` says which calls were
    paid in vain. UserError for another ``by``.
    """
    keys = _keys(tier_of or {})
    if by not in keys:
        raise UserError(f"There is no total by {by!r}.", remedy=f"Choose one of: {', '.join(keys)}.")
    found: dict[str, Total] = {}
    for cost in costs:
        found.setdefault(keys[by](cost) or "?", Total()).add(cost, vain=vain(cost))
    return found


def grand_total(costs: Iterable[Cost], vain: Callable[[Cost], bool] = lambda _: False) -> Total:
    """The sum over all lines."""
    total = Total()
    for cost in costs:
        total.add(cost, vain=vain(cost))
    return total


def _keys(tier_of: Mapping[str, str]) -> dict[str, Callable[[Cost], str]]:
    return {
        "book": lambda cost: cost.book,
        "pass": lambda cost: cost.pass_name,
        "model": lambda cost: cost.model,
        "tier": lambda cost: tier_of.get(cost.book, ""),
        "day": lambda cost: cost.timestamp[:10],
        "pattern": lambda cost: cost.pattern,
    }


def _values(row: Row) -> dict[str, Any]:
    values = row.model_dump(mode="json", by_alias=True) if isinstance(row, BaseModel) else dict(row)
    cost = values.get("cost_usd")
    return values if cost is None else values | {"cost_usd": _number(Decimal(str(cost)))}


def _number(usd: Decimal) -> float | str:
    """A JSON number (protocol §9) where that is exact; else the digits as text."""
    number = float(usd)
    return number if Decimal(str(number)) == usd else f"{usd:f}"


def _calls(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(values, dict) and isinstance(values.get("call"), str):
            yield values["call"]


def _text(snapshot: Snapshot, path: str) -> str:
    """A file as text that gives back its bytes exactly, whatever they are; "" when it is absent."""
    return snapshot.read(path).decode("utf-8", "surrogateescape") if snapshot.exists(path) else ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
