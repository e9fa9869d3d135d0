"""The whole body: PH001 prohibited phrasings, PG001 long paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codex.check.answers import Answers
from codex.check.rule import Example, Finding, Place, Rule, fail_at
from codex.units import Unit
from codex.units.cuts import cut, fenced_spans

#: A phrase as plain text, which decides fast whether the pattern can match at all, and the pattern. Its first word
#: comes before the word boundary in front of it, so that the search engine can jump from one to the next.
_PHRASES = tuple(
    (hint, re.compile(rf"{first}(?<=\b{first}){rest}\b"))
    for hint, first, rest in (
        ("obviously", "obviously", ""),
        ("clearly", "clearly", ""),
        ("it is easy to see", "it is easy to see", ""),
        ("as we will see", "as we will see", ""),
        ("trivial", "trivial", "(?:ly)?"),
        ("consider", "now", r",?\s+let'?s\s+consider"),
    )
)


def _phrases(unit: Unit, answers: Answers) -> Finding:
    lowered = unit.body_without_code.text.lower()
    found = [
        (match.start(), " ".join(match[0].split()))
        for hint, pattern in _PHRASES
        if hint in lowered
        for match in pattern.finditer(lowered)
    ]
    # Lower-casing may change a text's length, so lines are looked up in the lower-cased body.
    return fail_at(Place(f"“{phrase}”", line) for line, phrase in sorted(_lined(unit, found)))


def _lined(unit: Unit, found: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    if found:
        body = unit.body.lower()
        without = cut(body, fenced_spans(body))
        for offset, phrase in found:
            yield unit.body_line + body.count("\n", 0, without.origin(offset)), phrase


PH001 = Rule(
    code="PH001",
    name="no prohibited phrasings (obviously/clearly/etc.)",
    level="core",
    severity="error",
    reads=("body",),
    why="These phrases stand where a reason should. Code is left out; `nontrivial` is allowed, `non-trivial` is not, "
    "and a phrase broken over a line end is not seen.",
    failing=Example("The sum of two even numbers is even.", "Obviously the sum of two even numbers is even."),
    passing=Example("The sum of two even numbers is even.", "The sum of two even numbers is a nontrivial case."),
    hint="Delete the phrase and give the reason it stood for, or only delete it.",
    constraint="Nowhere in the body (outside fenced code): obviously, clearly, trivial, trivially, “it is easy to "
    "see”, “as we will see”, “now let's consider”.",
    check=_phrases,
)

LONGEST_PARAGRAPH = 250


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """The pieces between runs of two or more line ends, with their offsets; some are empty or begin with a line end."""
    position = 0
    for piece in text.split("\n\n"):
        yield position, piece
        position += len(piece) + 2


def too_long(text: str, limit: int) -> int:
    """The number of words when it exceeds the limit, else 0. ``limit`` + 1 words need twice as many characters."""
    if len(text) <= 2 * limit:
        return 0
    words = len(text.split())
    return words if words > limit else 0


def _long_paragraphs(unit: Unit, answers: Answers) -> Finding:
    return fail_at(
        Place(f"{words} words, at most {LONGEST_PARAGRAPH} allowed", unit.line_at(offset + _leading(piece)))
        for offset, piece in paragraphs(unit.body)
        if (words := too_long(piece, LONGEST_PARAGRAPH)) and not _exempt(piece)
    )


def _leading(piece: str) -> int:
    return len(piece) - len(piece.lstrip())


def _exempt(piece: str) -> bool:
    return piece.strip().startswith(("#", "---")) or "```" in piece


PG001 = Rule(
    code="PG001",
    name="no paragraph exceeds 250 words",
    level="core",
    severity="error",
    reads=("body",),
    why="Nobody reads a wall of text. Only an empty line ends a paragraph: a line with a blank in it does not, and a "
    "list or table counts as one paragraph.",
    failing=Example("The sum of two even numbers is even.", "The sum is even again. " * 51),
    passing=Example("The sum of two even numbers is even.", "The sum is even again. " * 49),
    hint="Break the paragraph with an empty line where the thought turns; put empty lines between long list items.",
    constraint="No paragraph has more than 250 words (lists, tables and display formulas between two empty lines count "
    "as one paragraph).",
    check=_long_paragraphs,
)
