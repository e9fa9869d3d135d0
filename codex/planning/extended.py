"""The extended reading of an audit: every bullet that names a unit, whatever its form (unit-rubric §4.1).

Beyond compat: wrapped titles, priority headings and Priority 0, bold tags, ids without bold, ids after a tag or after
words inside the bold, ids with a slug, exercise packs, a missing full stop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codex.planning.bullets import DEEPENING, ENRICH, TAG, Bullet, guess_kind, kind_of_tag
from codex.planning.items import Item, read_items

_TAG = re.compile(rf"(?:\*\*|`)?{TAG}(?:\*\*|`)?[.:]?\s*+", re.IGNORECASE)
_BOLD = re.compile(r"\*\*(.*?)(?:\*\*|$)")
# A code span that is or begins with an id: `03.01.02`, `03.01.02-a-slug.md`, `[DEEPEN] 03.01.02`. An id of which
# another unit is only in the style ("`03.01.02`-style") is passed over.
_NAMED = re.compile(
    rf"`(?:{TAG}\s*)?(?P<id>[0-9]{{2}}\.[0-9]{{2}}\.(?:[0-9]{{2}}\w*+|E[0-9]++))(?P<slug>[-\s][^`]*)?`(?!-style)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;:](?=\s|$)")
#: After the id: further ids, no words of a title.
_MORE_IDS = re.compile(r"\s*+(?:[,/–]|and\b)\s*+(?:and\s++)?`", re.IGNORECASE)
#: What the words before the id say of the kind, where there is no tag; the first that is found decides.
_VERBS = (
    (re.compile(r"enrich|pointer|cross-link|crosswalk", re.IGNORECASE), ENRICH),
    (re.compile(r"deepen|exten[ds]|master section", re.IGNORECASE), DEEPENING),
)
#: How much of the joined text may tell the kind: about one line. Further on it speaks of other units.
_TELLING = 100
_EDGES = " \t—–-:.*"


@dataclass(frozen=True, slots=True)
class _Head:
    """The start of an item, taken apart: ``before`` and ``after`` are the words around the id, ``rest`` the text."""

    id: str
    slug: str
    tag: str
    before: str
    after: str
    rest: str


def read_bullets(text: str, path: str) -> tuple[Bullet, ...]:
    """The bullets of an audit whose line ends are LF, in order. Never raises."""
    found = ((item, _head(item.text)) for item in read_items(text))
    return tuple(_bullet(item, head, path) for item, head in found if head)


def _head(text: str) -> _Head | None:
    """None for an item that names no unit in its bold beginning, and for one that begins with the name of a file:
    that is a remark on a unit that exists.
    """
    bold = _BOLD.match(text)
    if bold:
        beginning, rest = bold[1], text[bold.end() :]
        named = _NAMED.search(beginning)
    else:
        named = _NAMED.match(text)
        end = _SENTENCE_END.search(text, named.end()) if named else None
        stop = end.end() if end else len(text)
        beginning, rest = text[:stop], text[stop:]
    if named is None:
        return None
    before, slug = beginning[: named.start()], (named["slug"] or "").strip()
    if not before.strip() and slug.endswith(".md"):
        return None
    tag = _TAG.match(before)
    word = tag[1] if tag else named[1] or ""
    return _Head(named["id"], slug, word, before[tag.end() if tag else 0 :], beginning[named.end() :], rest)


def _bullet(item: Item, head: _Head, path: str) -> Bullet:
    spec = head.rest.lstrip(" —–-:.")
    tag = _TAG.match(spec)
    spec = spec[tag.end() :] if tag else spec
    title = _title(head, spec)
    return Bullet(
        id=head.id,
        title=title,
        spec=spec.strip(),
        kind=_kind(tag[1] if tag else head.tag, head.before, title, spec),
        priority=item.priority,
        position=item.position,
        path=path,
        line=item.line,
    )


def _title(head: _Head, spec: str) -> str:
    """The words after the id; without any, those of its slug, of the text's first sentence, or before the id."""
    slug = head.slug.removesuffix(".md").replace("-", " ")
    sentence = _SENTENCE_END.split(spec, maxsplit=1)[0]
    after = "" if _MORE_IDS.match(head.after) else head.after.strip()
    if slug and after.startswith("("):
        after = f"{slug} {after}"
    candidates = (_trimmed(words) for words in (after, slug, sentence, head.before))
    return next((words for words in candidates if words), "")


def _trimmed(words: str) -> str:
    trimmed = words.strip(" \t—–:;").removesuffix(".").rstrip()
    return trimmed if trimmed.strip(_EDGES) else ""


def _kind(tag: str, before: str, title: str, spec: str) -> str:
    """By the tag; without one, by the words before the id; without those, by title and beginning of the text."""
    if tag:
        return kind_of_tag(tag)
    by_words = next((kind for sign, kind in _VERBS if sign.search(before)), "")
    return by_words or guess_kind(title, spec[:_TELLING], "extended")
