"""Prerequisites as audits state them: lists of edges with arrows, tables from/to, and "Prereqs:" of a bullet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from codex.planning.bullets import Audit, Bullet
from codex.units.ids import is_id

#: Begins a list of edges; it lasts until the next heading or bold paragraph.
_BEGINS = re.compile(r"(?:edges|prerequisites? arrows)\b.{0,60}|new edges|\bedges to add", re.IGNORECASE)
_HEADS = re.compile(r"\s*(?:#{1,6}\s|\*\*)")
_ITEM = re.compile(r"\s*(?:[-*+]|[0-9]{1,3}\.)\s")
_ROW = re.compile(r"\|(?:\s*[0-9]+\s*\|)?\s*`?(?P<before>[^`|]+?)`?\s*\|\s*`?(?P<after>[^`|]+?)`?\s*\|")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_SPAN = re.compile(r"`([0-9A-Z]{2}\.[0-9A-Z?*]{1,3}\.[0-9A-Za-z?*]{1,4})(?:-[^`]*)?`")
_ARROW = re.compile(r"(←|→)")
_LATERAL = re.compile(r"\b(?:lateral|cross-links?|optional|soft)\b", re.IGNORECASE)
_NEEDS = re.compile(r"\b(?:Prereqs?|Prerequisites?)\b:?\s*:\s*(?P<list>[^;]*?)(?:\.(?=\s|$)|;|$)")
_BARE = re.compile(r"(?<![\w.])([0-9]{2}\.[0-9]{2}\.(?:[0-9]{2}|E[0-9]+))(?![\w.]*\w)")


class Statement(NamedTuple):
    """``before`` is to be read before ``after``; ids as the audit writes them, provisional ones included."""

    before: str
    after: str
    place: str


def read_statements(audit: Audit) -> Iterator[Statement]:
    """Every edge that the lists of an audit state, in the order of its lines."""
    listed = list(_paragraphs(audit.text))
    turned = _points_back(audit, [text for _, text in listed])
    for line, text in listed:
        for before, after in _row(text) if text.startswith("|") else _arrows(text):
            yield Statement(*((after, before) if turned else (before, after)), f"{audit.path}:{line}")


def _points_back(audit: Audit, texts: list[str]) -> bool:
    """True for an audit that writes ``A → B`` for "A needs B": it has no arrow the other way, and most of its arrows
    go from the units that it asks for to units that it does not ask for.
    """
    if any("←" in text or text.startswith("|") for text in texts):
        return False
    own = {bullet.id for bullet in audit.bullets} | {bullet.provisional for bullet in audit.bullets}
    pairs = [pair for text in texts for pair in _arrows(text)]
    out = sum(before in own and after not in own for before, after in pairs)
    into = sum(after in own and before not in own for before, after in pairs)
    return out > into


def needs_of(bullet: Bullet) -> list[str]:
    """The ids after "Prereqs:" in the text of a bullet (the engine's own plans write them without code spans)."""
    found = _NEEDS.search(bullet.spec)
    listed = _ASIDE.sub("", found["list"]) if found else ""
    return list(dict.fromkeys([*_SPAN.findall(listed), *_BARE.findall(listed)])) if listed else []


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """The entries of the lists of edges: first line (from 1) and the joined text of each."""
    inside, start, lines = False, 0, list[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        head = _HEADS.match(line)
        ends = head or not line.strip() or _ITEM.match(line) or line.startswith("|")
        if ends and lines:
            yield start, " ".join(lines)
            lines = []
        if head:
            inside = bool(_BEGINS.search(line[:120]))
        if inside and line.strip() and (not head or _ARROW.search(line)):
            start = start if lines else number
            lines.append(line.strip())
    if lines:
        yield start, " ".join(lines)


def _row(text: str) -> Iterable[tuple[str, str]]:
    row = _ROW.match(text)
    ends = (row["before"].strip(), row["after"].strip()) if row else ("", "")
    return [ends] if all(map(is_id, ends)) else []


def _arrows(text: str) -> Iterator[tuple[str, str]]:
    """``A ← {B, C}`` says that A needs B and C, ``A → B`` that B needs A, ``A ← B and → C`` both."""
    for sentence in _sentences(_ASIDE.sub("", text)):
        parts = _ARROW.split(sentence)
        left = _ids(parts[0])[-1:]
        for arrow, right in zip(parts[1::2], parts[2::2], strict=True):
            others = _ids(_LATERAL.split(right)[0])
            for one in left:
                for other in others:
                    yield (other, one) if arrow == "←" else (one, other)
            if not re.search(r"(?:\band|,)\s*$", right):
                left = others if len(others) == 1 else []


def _sentences(text: str) -> Iterator[str]:
    """Split at semicolons and full stops that stand in no braces."""
    depth, start = 0, 0
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth <= 0 and (sign == ";" or text.startswith(". ", at)):
            yield text[start:at]
            depth, start = 0, at + 1
    yield text[start:]


def _ids(text: str) -> list[str]:
    return list(dict.fromkeys(_SPAN.findall(text)))
