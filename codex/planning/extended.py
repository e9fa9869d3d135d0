"""The extended reading of an audit: every bullet that asks for a unit, whatever its form (unit-rubric §4.1).

Beyond compat: wrapped titles, priority headings and Priority 0, bold tags, ids without bold, ids after a tag or after
words inside the bold, ids with a slug, exercise packs, a missing full stop; provisional ids (``03.12.X1``), entries of
a priority's list that name no id at all (untitled.py), and the block form of a book's own plan (blocks.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codex.planning.blocks import read_blocks
from codex.planning.bullets import DEEPENING, ENRICH, OUT_OF_SCOPE, TAG, Bullet, LeftOut, guess_kind, kind_of_tag
from codex.planning.items import Item, read_items
from codex.planning.nameless import home_of, read_nameless
from codex.units.ids import is_id

_TAG = re.compile(rf"(?:\*\*|`)?{TAG}(?:\*\*|`)?[.:]?\s*+", re.IGNORECASE)
#: At the beginning of the text, or after a remark in brackets; what is deferred after all is that.
_TAG_OF_TEXT = re.compile(
    rf"(?P<aside>\([^()]*\)\.?\s++)?+(?:\*\*|`)?{TAG}(?:\*\*|`)?[.:]?\s*+(?P<deferred>\*Deferred\.?\*\s*+)?",
    re.IGNORECASE,
)
_BOLD = re.compile(r"\*\*(.*?)(?:\*\*|$)")
# A code span that is or begins with an id: `03.01.02`, `03.01.02-a-slug.md`, `[DEEPEN] 03.01.02`; or with what stands
# for one: `03.12.X1`, `02.XX.YY`, `01.0?.??`, `03.12.0a`, `02.12.*`, `02.E1`. An id of which another unit is only in
# the style ("`03.01.02`-style") is passed over.
_NAMED = re.compile(
    rf"`(?:{TAG}\s*)?(?P<id>[0-9]{{2}}\.[0-9]{{2}}\.(?:[0-9]{{2}}|E[0-9]++)(?![\w+])|"
    r"[0-9A-Z]{2}\.(?:[0-9A-Z?*]{1,3}\.[0-9A-Za-z?*]{1,4}(?:\+[0-9]*+)?|E[0-9]++))"
    r"(?P<slug>[-\s][^`]*)?`(?!-style)",
)
_SENTENCE_END = re.compile(r"[.;:](?=\s|$)")
#: After the id: further ids, no words of a title.
_MORE_IDS = re.compile(r"(?:\s*+(?:[,/–]|and\b)\s*+(?:and\s++)?`[^`]*+`)++", re.IGNORECASE)
#: After the id: an edge of the graph, or the remark that the unit is there or on its way.
_NO_WISH = re.compile(r"\s*+(?:[(—–-]\s*+)?(?:[←→]|\*\*shipped|(?:now |currently |already )?(?:shipped|in production))")
#: What the words before the id say of the kind, where there is no tag; the first that is found decides.
_VERBS = (
    (re.compile(r"enrich|pointer|cross-link|crosswalk", re.IGNORECASE), ENRICH),
    (re.compile(r"deepen|exten[ds]|master section", re.IGNORECASE), DEEPENING),
)
#: After the name of a file: what is to be done to it.
_MORE_OF_IT = re.compile(r"\s*+[—–-]\s*+(?:add|deepen|extend|master-tier|rewrite)", re.IGNORECASE)
_TOWARDS = re.compile(r"(?:to|for|with|towards)\s")
_README = re.compile(r"\bREADME\b")
#: How much of the joined text may tell the kind: about one line. Further on it speaks of other units.
_TELLING = 100
#: Before a title: another id that would do as well.
_OR = re.compile(r"^\(or [^()]*`[^()]*\):?\s*")


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
    """The bullets of an audit whose line ends are LF, in the order of lines. Never raises."""
    return tuple(entry for entry in read_entries(text, path) if isinstance(entry, Bullet))


def read_entries(text: str, path: str) -> list[Bullet | LeftOut]:
    """The bullets, and the entries of punch lists that ask for no unit, in the order of lines. Never raises."""
    found = [_entry(item, path) for item in read_items(text)]
    entries = [entry for entry in found if entry is not None]
    return sorted([*entries, *read_blocks(text, path)], key=lambda entry: entry.line)


def _entry(item: Item, path: str) -> Bullet | LeftOut | None:
    head = _head(item.text, named_file=item.position == 0 and bool(item.indent))
    numbered = item.position > 0
    if head:  # an unnumbered entry is one of the punch list only where it stands in a priority's list
        return _bullet(item, head, path) if numbered or item.listed or head.slug else None
    return read_nameless(item, path) if numbered and item.listed else None


def _head(text: str, *, named_file: bool = False) -> _Head | None:
    """None for an item that names no unit in its bold beginning, and for one that begins with the name of a file:
    that is a remark on a unit that exists, unless it says what to add (``named_file``).
    """
    bold = _BOLD.match(text)
    if bold:
        beginning, rest = bold[1], text[bold.end() :]
        named = _NAMED.search(beginning)
    else:
        named = _NAMED.match(text)
        stop = _end_of_sentence(text, named.end()) if named else 0
        beginning, rest = text[:stop], text[stop:]
    if named is None or _NO_WISH.match(beginning[named.end() :] or rest):
        return None
    before, slug = beginning[: named.start()], (named["slug"] or "").strip()
    if not before.strip() and slug.endswith(".md") and not (named_file and _MORE_OF_IT.match(text[named.end() :])):
        return None
    tag = _TAG.match(before)
    word = tag[1] if tag else named[1] or ("DEEPEN" if named_file else "")
    return _Head(named["id"], slug, word, before[tag.end() if tag else 0 :], beginning[named.end() :], rest)


def _end_of_sentence(text: str, start: int) -> int:
    """Where the first sentence ends, its stop included; a stop inside brackets ends none."""
    for stop in _SENTENCE_END.finditer(text, start):
        if text.count("(", start, stop.start()) <= text.count(")", start, stop.start()):
            return stop.end()
    return len(text)


def _bullet(item: Item, head: _Head, path: str) -> Bullet:
    spec = head.rest.lstrip(" —–-:.")
    tag = _TAG_OF_TEXT.match(spec)
    spec = f"{tag['aside'] or ''}{spec[tag.end() :]}" if tag else spec
    title = _title(head, spec)
    whole = is_id(head.id)
    return Bullet(
        id=head.id if whole else "",
        title=title,
        spec=spec.strip(),
        kind=_kind(_word(tag) if tag else head.tag, head.before, title, spec),
        priority=item.priority,
        position=item.position,
        path=path,
        line=item.line,
        provisional="" if whole else head.id,
        home="" if whole else home_of(head.id, item.text),
    )


def _word(tag: re.Match[str]) -> str:
    """The word of a tag that stands before the text."""
    return "DEFERRED" if tag["deferred"] else next(word for word in tag.groups()[1:] if word)


def _title(head: _Head, spec: str) -> str:
    """The words after the id; without any, those of its slug, of the text's first sentence, or before the id."""
    slug = head.slug.removesuffix(".md").replace("-", " ")
    sentence = _SENTENCE_END.split(spec, maxsplit=1)[0]
    after = _MORE_IDS.sub("", head.after, count=1).strip() if _MORE_IDS.match(head.after) else head.after.strip()
    if slug and _TOWARDS.match(after):
        after = ""  # "Pointer in `<file>` to something else": the unit is the one of the file
    if slug and after.startswith("("):
        after = f"{slug} {after}"
    candidates = (_trimmed(words) for words in (after, slug, sentence, head.before))
    return next((words for words in candidates if words), "")


def _trimmed(words: str) -> str:
    trimmed = _OR.sub("", words.strip(" \t—–:;")).removesuffix(".").rstrip()
    return trimmed if any(sign.isalnum() for sign in trimmed) else ""


def _kind(tag: str, before: str, title: str, spec: str) -> str:
    """By the tag; without one, by the words before the id; without those, by title and beginning of the text.

    A README is no unit of three tiers: nobody is asked to produce one, whatever its tag.
    """
    if _README.search(title):
        return OUT_OF_SCOPE
    if tag:
        return kind_of_tag(tag)
    by_words = next((kind for sign, kind in _VERBS if sign.search(before)), "")
    return by_words or guess_kind(title, spec[:_TELLING], "extended")
