"""Exercises: the aside elements of a unit's body, with what is asked, hinted and answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codex.units.headings import Tier

_START = re.compile(r"<aside\b([^>]*)>", re.IGNORECASE)
_EDGE = re.compile(r"</aside\s*>|<aside\b|\n## ", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"?|'([^']*)'?|([^\s"'>]+))""")
_DETAILS = re.compile(r"<details\b([^>]*)>|</details\s*>", re.IGNORECASE)
_SUMMARY = re.compile(r"<summary\b[^>]*>.*?</summary\s*>", re.IGNORECASE | re.DOTALL)
_HTML_LABEL = re.compile(r"<p\b[^>]*\bexercise__label\b[^>]*>(.*?)</p\s*>", re.IGNORECASE | re.DOTALL)
_BOLD_LABEL = re.compile(r"\s*\*\*((?:Exercise|Question|Problem)\b[^\n]*?)\*\*", re.IGNORECASE)
_OPTION_LIST = re.compile(r"<ol\b[^>]*\bexercise__options\b[^>]*>(.*?)(?:</ol\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_OPTION_ITEM = re.compile(r"<li\b[^>]*>(.*?)(?=<li\b|</li\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_OPTION_LINE = re.compile(
    r"^[ \t]*(?:[-*+][ \t]+|\d+[.)][ \t]+|(?:\*\*)?\(?[A-E][.)](?:\*\*)?[ \t]*)(\S.*)$", re.MULTILINE
)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise block. Texts are without HTML tags and stripped; "" where the block has no such part.

    ``difficulty`` and ``type`` are None when the attribute is absent. ``tier`` is the lowest tier of the enclosing H2
    (None under an unmarked one). ``offset`` is where the block starts in the body, ``line`` its line in the file.
    """

    difficulty: str | None
    type: str | None
    label: str
    prompt: str
    options: tuple[str, ...]
    hint: str
    answer: str
    tier: Tier | None
    offset: int
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """An exercise aside before its parts are read: attributes, inner text, offset in the body."""

    attributes: dict[str, str]
    inner: str
    offset: int


def exercise_blocks(body: str) -> Iterator[Block]:
    """Aside elements of class ``exercise``. One that is never closed ends at the next aside or H2."""
    for match in _START.finditer(body):
        attributes = _attributes(match[1])
        if "exercise" in attributes.get("class", "").split():
            edge = _EDGE.search(body, match.end())
            yield Block(attributes, body[match.end() : edge.start() if edge else len(body)], match.start())


def read_exercise(block: Block, tier: Tier | None, line: int) -> Exercise:
    """Take a block apart: HTML labels and Markdown labels (``**Exercise 1 (easy, numeric).**``) are both known."""
    outside, hint, answer = _details(block.inner)
    options, asked = _options(outside)
    label, prompt = _label(asked)
    get = block.attributes.get
    return Exercise(
        get("data-difficulty"), get("data-type"), label, prompt, options, hint, answer, tier, block.offset, line
    )


def _attributes(tag: str) -> dict[str, str]:
    return {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(tag)}


def _details(inner: str) -> tuple[str, str, str]:
    """The text outside all ``details`` elements, the hint and the answer (summaries left out)."""
    found = {"exercise__hint": "", "exercise__answer": ""}
    outside, position, opened = [], 0, None
    for edge in _DETAILS.finditer(inner):
        if edge[1] is not None and opened is None:
            outside.append(inner[position : edge.start()])
            opened = edge
        elif edge[1] is None and opened is not None:
            _keep(found, opened, inner[opened.end() : edge.start()])
            position, opened = edge.end(), None
    if opened is not None:
        _keep(found, opened, inner[opened.end() :])
    else:
        outside.append(inner[position:])
    return "".join(outside), found["exercise__hint"], found["exercise__answer"]


def _keep(found: dict[str, str], opened: re.Match[str], text: str) -> None:
    for name in _attributes(opened[1]).get("class", "").split():
        if name in found and not found[name]:
            found[name] = plain(_SUMMARY.sub("", text))


def _options(text: str) -> tuple[tuple[str, ...], str]:
    """The options of a multiple-choice question, and the text without them."""
    listed = _OPTION_LIST.search(text)
    if listed:
        items = tuple(plain(m[1]) for m in _OPTION_ITEM.finditer(listed[1]))
        return items, text[: listed.start()] + text[listed.end() :]
    lines = list(_OPTION_LINE.finditer(text))
    if len(lines) < 2:
        return (), text
    return tuple(plain(m[1]) for m in lines), text


def _label(text: str) -> tuple[str, str]:
    for pattern in (_HTML_LABEL, _BOLD_LABEL):
        match = pattern.search(text) if pattern is _HTML_LABEL else pattern.match(text)
        if match:
            return plain(match[1]), plain(text[: match.start()] + text[match.end() :])
    return "", plain(text)


def plain(text: str) -> str:
    """Without HTML tags, stripped. Inequalities survive: a tag begins with a letter or a slash."""
    return _TAG.sub("", text).strip()
