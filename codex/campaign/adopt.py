"""A campaign.json of another age, which has no log: read whole, and turned into ``registered`` events.

Such files may name a key twice in one object. A JSON reader keeps the last value and silently drops the other, often
the one that says more (a pass first recorded as completed, then listed again as pending). Here the fuller value wins
and what only the other one says is added to it. Statuses and pass names are brought to those of today (ages.py).
"""

from __future__ import annotations

import json
from typing import Any

from codex.campaign.ages import Change, normalise_book
from codex.campaign.events import EventDraft, Kind
from codex.corpus.jsondoubles import doubled_keys
from codex.errors import DataError

_SALT = "adopted"


def adopted_drafts(data: bytes, where: str) -> tuple[EventDraft, ...]:
    """The drafts that register everything in a campaign.json; raises DataError naming ``where`` when it is none.

    First the campaign's own keys, then each book and flow with its whole record, in the order of the file. The same
    file always gives the same ids.
    """
    document = read_document(data, where)
    shelves = {kind: _entries(document.pop(f"{kind}s", {}), f"{where}, {kind}s") for kind in ("book", "flow")}
    drafts = [_registered("campaign", document, where)]
    for kind, entries in shelves.items():
        drafts += [_registered(f"{kind}:{name}", _today(kind, record), where) for name, record in entries.items()]
    return tuple(drafts)


def normalised(data: bytes, where: str) -> tuple[Change, ...]:
    """All that ``adopted_drafts`` reads otherwise than it stands in the file; raises DataError as it does.

    First the keys that stand twice (``before`` has every value that the file gives, ``after`` the one that counts),
    then the names of another age, book by book.
    """
    document = read_document(data, where)
    changes = [
        Change("doubled-key", each.path, list(each.values), _at(document, each.path.split(".")))
        for each in doubled_keys(data.decode("utf-8"))
    ]
    for name, record in _entries(document.get("books", {}), f"{where}, books").items():
        if isinstance(record, dict):
            changes += normalise_book(record, f"books.{name}")[1]
    return tuple(changes)


def _today(kind: str, record: Any) -> Any:
    return normalise_book(record, "")[0] if kind == "book" and isinstance(record, dict) else record


def _at(document: Any, path: list[str]) -> Any:
    """The value at a dotted path; keys may hold dots themselves."""
    if not path or not isinstance(document, dict):
        return None if path else document
    lengths = (n for n in range(1, len(path) + 1) if ".".join(path[:n]) in document)
    return next((_at(document[".".join(path[:n])], path[n:]) for n in lengths), None)


def read_document(data: bytes, where: str) -> dict[str, Any]:
    """The JSON object of a file, no value dropped where a key stands twice; raises DataError naming ``where``."""
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_object)
    except json.JSONDecodeError as exc:
        raise DataError(
            f"{where}, line {exc.lineno} cannot be read: not valid JSON: {exc.msg}.", remedy="Mend the file."
        ) from exc
    except (ValueError, RecursionError) as exc:
        raise DataError(f"{where} cannot be read: {exc}.", remedy="Mend the file.") from exc
    return _entries(document, where)


def _entries(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{where} must be a JSON object.", remedy="Mend the file.")
    return value


def _registered(subject: str, record: Any, where: str) -> EventDraft:
    data = _entries(record, f"{where}, {subject}")
    rationale = f"taken over from {where}"
    return EventDraft(subject=subject, kind=Kind.REGISTERED, data=data, rationale=rationale).with_id(_SALT)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = _joined(found[key], value) if key in found else value
    return found


def _joined(first: Any, second: Any) -> Any:
    """One value for a key that stands twice: of two objects the larger, completed by the other; else the later one,
    unless it is empty or zero.
    """
    if isinstance(first, dict) and isinstance(second, dict):
        fuller, other = (first, second) if len(first) >= len(second) else (second, first)
        return fuller | {key: value for key, value in other.items() if key not in fuller}
    return second or first
