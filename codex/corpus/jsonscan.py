"""Where the items of a JSON list or object stand in its text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\r\n]*")
_BLANKS = " \t\r\n"

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_FLAT = rf'(?:{_STRING}|\{{[^{{}}\[\]"]*(?:{_STRING}[^{{}}\[\]"]*)*\}}|[^\s,\[\]{{}}"]+)'
_KEY = re.compile(rf"{_STRING}[ \t\r\n]*:[ \t\r\n]*")
_ENDED = r"[ \t\r\n]*(?:,|(?=[\]}]))"
#: A list item that holds no other list or object, and nothing deeper; the same as an object's member.
_FLAT_ITEM = re.compile(rf"[ \t\r\n]*({_FLAT}){_ENDED}")
_FLAT_MEMBER = re.compile(rf"[ \t\r\n]*({_STRING})[ \t\r\n]*:[ \t\r\n]*({_FLAT}){_ENDED}")


@dataclass(frozen=True, slots=True)
class Span:
    """An item at ``text[start:end]``: a list item, or a member with its ``key`` and a value from ``value_at`` on."""

    start: int
    end: int
    value_at: int
    key: str | None = None


def skip_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def document_span(text: str) -> tuple[int, int]:
    """From where to where the value of a document stands, which has one."""
    end = len(text)
    while text[end - 1] in _BLANKS:  # no stripping, which copies megabytes
        end -= 1
    return skip_blank(text, 0), end


def value_start(text: str, at: int) -> int:
    """Where the value of the member at ``at`` begins."""
    found = _KEY.match(text, at)
    return found.end() if found else at


def item_spans(text: str, start: int, end: int) -> list[Span]:
    """The items of the list or object at ``text[start:end]``, which must be valid JSON."""
    keyed = text[start] == "{"
    flat = _flat_spans(text, start, end, keyed=keyed)
    return _decoded_spans(text, start, keyed=keyed) if flat is None else flat


def _flat_spans(text: str, start: int, end: int, *, keyed: bool) -> list[Span] | None:
    """Ten times faster than decoding; None when an item is not flat, so that this way cannot find them all."""
    pattern = _FLAT_MEMBER if keyed else _FLAT_ITEM
    found: list[Span] = []
    at = start + 1
    while match := pattern.match(text, at, end):
        at = match.end()
        begin = match.start(1)
        if keyed:
            found.append(Span(begin, match.end(2), match.start(2), json.loads(match[1])))
        else:
            found.append(Span(begin, match.end(1), begin))
    return found if skip_blank(text, at) == end - 1 else None


def _decoded_spans(text: str, start: int, *, keyed: bool) -> list[Span]:
    found: list[Span] = []
    at = skip_blank(text, start + 1)
    while text[at] not in "]}":
        begin, key = at, None
        if keyed:
            key, at = _DECODER.raw_decode(text, at)
            at = skip_blank(text, skip_blank(text, at) + 1)
        stop = _value_end(text, at)
        found.append(Span(begin, stop, at, key))
        at = skip_blank(text, stop)
        if text[at] == ",":
            at = skip_blank(text, at + 1)
    return found


def _value_end(text: str, at: int) -> int:
    decoded: tuple[Any, int] = _DECODER.raw_decode(text, at)
    return decoded[1]
