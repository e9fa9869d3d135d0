"""One event as one line of JSON, and the hash that chains the lines.

A line has the keys of ``Event`` in the order of the model, then keys that a later version may have added, then
``prev``; no blanks between tokens, letters as they are, data in the order in which the proposer gave it. The same
event always gives the same bytes, and a line of ours read and written again is the same line.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from pydantic import ValidationError

from codex.campaign.clock import moment_or_none
from codex.campaign.events import Event

#: ``prev`` of the very first event.
GENESIS = "0" * 64

_FIRST = tuple(name for name in Event.model_fields if name != "prev")


class BadLine(ValueError):
    """A line that is no event; the text says why."""


def digest(line: bytes) -> str:
    """The SHA-256 (hex) of a line without its line end: the ``prev`` of the line after it."""
    return hashlib.sha256(line).hexdigest()


def write_line(event: Event) -> bytes:
    """The canonical bytes of an event, without a line end.

    Raises ValueError or TypeError for data that JSON cannot hold (NaN, half a surrogate pair, an object of a program).
    """
    values = event.model_dump()
    ordered: dict[str, Any] = {name: values.pop(name) for name in _FIRST}
    prev = values.pop("prev")
    ordered |= {name: values[name] for name in sorted(values)}
    return dump_compact(ordered | {"prev": prev}).encode("utf-8")


def dump_compact(value: Any) -> str:
    """JSON on one line without blanks, letters as they are; ValueError, TypeError or RecursionError if impossible."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read_line(line: bytes) -> Event:
    """The event of a line; raises BadLine with the reason when it is none."""
    try:
        values = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as exc:
        raise BadLine(f"byte {exc.start + 1} is not UTF-8") from exc
    except json.JSONDecodeError as exc:
        raise BadLine(f"not valid JSON: {exc.msg}, column {exc.colno}") from exc
    except (ValueError, RecursionError) as exc:
        raise BadLine(f"JSON that cannot be read: {exc}") from exc
    if not isinstance(values, dict):
        raise BadLine("not a JSON object")
    try:
        event = Event.model_validate(values)
    except ValidationError as exc:
        first = exc.errors()[0]
        raise BadLine(f"field {'.'.join(map(str, first['loc']))}: {first['msg']}") from exc
    return _sound(event)


def _sound(event: Event) -> Event:
    if event.seq < 1:
        raise BadLine("field seq: must be 1 or more")
    if moment_or_none(event.at) is None:
        raise BadLine("field at: not a time")
    try:
        finite = Decimal(event.cost_usd).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise BadLine("field cost_usd: not a number")
    return event


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")
