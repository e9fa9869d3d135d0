"""Entries of a priority's list that name no id: what they ask for, and where it might stand."""

from __future__ import annotations

import re

from codex.planning.bullets import DEEPENING, DEFERRED, ENRICH, NEW_UNIT, OUT_OF_SCOPE, Bullet, LeftOut
from codex.planning.items import Item

_BOLD = re.compile(r"\*\*(.+?)\*\*\s*")
_ID = re.compile(r"`([0-9]{2}\.[0-9]{2}\.(?:[0-9]{2}|E[0-9]+))(?=[-`.])")
#: A folder of units (``03-modern-geometry/01-tensor-algebra/``), or a section alone.
_FOLDER = re.compile(r"(?<![.\w])([0-9]{2})(?:\.([0-9]{2})-[a-z]|-[a-z][a-z-]*/(?:([0-9]{2})-[a-z])?)")
_CHAPTER = re.compile(r"`([0-9]{2}\.[0-9]{2})\.")
_CROSSWALK = re.compile(r"notation\s+(?:crosswalk|file)|`notation/", re.IGNORECASE)
_POINTER = re.compile(r"\b(?:pointer|paragraph|weaving|cross-link)", re.IGNORECASE)
#: The words with which an entry says that it wants more of a unit that is there.
_MORE_OF = re.compile(
    r"(?:add(?:ed)?|attach(?:ed)?|append(?:ed)?|fold(?:ed)?|record|pin|deepenings?|section|extension|pointer|exercises?)\b"
    r"[^.`]{0,120}\b(?:to|in|into|of|at the bottom of|sections? of)\s+[^.`]{0,40}`[0-9]{2}\.",
    re.IGNORECASE,
)
_TAGS = (
    (re.compile(r"\[OUT[ -]OF[ -]SCOPE\]", re.IGNORECASE), OUT_OF_SCOPE),
    (re.compile(r"\[DEFERRED\]|^[\s—–-]*defer (?:to|unless|until)\b|; defer to ", re.IGNORECASE), DEFERRED),
)
_OF_ANOTHER = re.compile(r"pointer in the\b.*\baudits?\b", re.IGNORECASE)
_LONGEST = 80


def read_nameless(item: Item, path: str) -> Bullet | LeftOut | None:
    """The bullet of an entry with a bold title and no id; LeftOut for one that asks for no unit.

    An entry that says to add to a unit deepens (or enriches) the unit that it names. None for an entry without a title.
    """
    bold = _BOLD.match(item.text)
    if bold is None:
        return None
    title, spec = bold[1].strip().removesuffix(":").removesuffix(".").strip(), item.text[bold.end() :].strip()
    if _CROSSWALK.search(title):
        return LeftOut(path, item.line, title[:_LONGEST], "a notation crosswalk, no unit")
    if _OF_ANOTHER.match(title):
        return LeftOut(path, item.line, title[:_LONGEST], "a remark on other audits, no unit")
    more = _MORE_OF.search(f"{title} {spec}")
    named = _ID.search(item.text, item.text.find(more[0])) if more else None
    if item.text.endswith(":**") and named is None:
        return LeftOut(path, item.line, title[:_LONGEST], "the heading of the entries below it")
    return Bullet(
        id=named[1] if named else "",
        title=title,
        spec=spec,
        kind=_kind(title, spec, more),
        priority=item.priority,
        position=item.position,
        path=path,
        line=item.line,
        home="" if named else home_of("", item.text),
    )


def _kind(title: str, spec: str, more: re.Match[str] | None) -> str:
    tagged = next((kind for sign, kind in _TAGS if sign.search(spec)), "")
    if tagged or more is None:
        return tagged or NEW_UNIT
    return ENRICH if _POINTER.search(f"{title} {more[0]}") else DEEPENING


def home_of(provisional: str, text: str) -> str:
    """The chapter (``03.12``) or section (``03``) that an entry points to, "" for none.

    By the digits of the provisional id; without one by the first folder that the text names, or the first id.
    """
    section, _, rest = provisional.partition(".")
    if provisional and not section.isdecimal():
        return ""
    if rest[:2].isdecimal():
        return f"{section}.{rest[:2]}"
    folders = (f"{f[1]}.{f[2] or f[3]}" if f[2] or f[3] else f[1] for f in _FOLDER.finditer(text))
    if provisional:
        return next((folder for folder in folders if folder.startswith(f"{section}.")), section)
    chapter = _CHAPTER.search(text)
    return next(folders, chapter[1] if chapter else "")
