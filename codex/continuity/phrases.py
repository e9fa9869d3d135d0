r"""The phrases that continuity counts, as tables, and how they are counted (unit-rubric, part 3).

Each row is (head, tail): a literal first word, and a regular expression for what follows it. Written so, the search
engine can jump from head to head; with ``\b`` in front and case ignored it is 25 times slower on the same text.
"""

from __future__ import annotations

import re

Phrase = tuple[str, str]

FORWARD: tuple[Phrase, ...] = (
    ("we", r"\s+will\s+see\b"),
    ("build", r"s?\s+toward\b"),
    ("in", r"\s+the\s+next\b"),
    ("forshadow", r"\w+"),  # the reference's spelling; "foreshadow" is not counted
    ("we", r"\s+will\s+later\b"),
    ("appear", r"s?\s+again\s+in\b"),
    ("this", r"\s+pattern\s+recurs?\b"),
)

SYNTHESIS: tuple[Phrase, ...] = (
    ("the", r"\s+(?:foundational|core|central)\s+(?:reason|insight|idea|claim)\b"),
    ("this", r"\s+is\s+(?:exactly|precisely|the\s+same\s+as)\b"),
    ("generalises", r"\b"),
    ("specialises", r"\b"),
    ("is", r"\s+(?:dual\s+to|the\s+limit)\b"),
    ("is", r"\s+(?:an\s+instance|a\s+special\s+case|a\s+generalisation)\s+of\b"),
    ("recur", r"s?\s+(?:an\s+instance|a\s+special\s+case|a\s+generalisation)\s+of\b"),
    ("putting", r"\s+(?:this|these)\s+together\b"),
    ("index", r"\s*=\s*topology\b"),
    ("the", r"\s+bridge\s+(?:is|between)\b"),
    ("identifie", r"s?\s+\w+\s+with\s+\w+\b"),
)

#: Letters that equal an ASCII letter when case is ignored, but that ``str.lower`` leaves alone or makes longer.
_ODD_LETTERS = str.maketrans({"İ": "i", "ı": "i", "ſ": "s"})


def fold(text: str) -> str:
    """Lower case in the sense of a regular expression that ignores case: one character stays one character."""
    if "İ" in text or "ı" in text or "ſ" in text:
        text = text.translate(_ODD_LETTERS)
    return text.lower()


def lower_and_fold(text: str) -> tuple[str, str]:
    """``text.lower()`` and ``fold(text)``, which are nearly always the same and then one string."""
    lowered = text.lower()
    plain = not ("İ" in text or "ı" in text or "ſ" in text)
    return lowered, lowered if plain else fold(text)


def compile_phrases(phrases: tuple[Phrase, ...]) -> tuple[re.Pattern[str], ...]:
    """The rows as patterns for folded text; the look-behind is the word boundary in front of the head."""
    return tuple(re.compile(rf"{head}(?<=\b{head}){tail}") for head, tail in phrases)


_FORWARD = compile_phrases(FORWARD)
_SYNTHESIS = compile_phrases(SYNTHESIS)
#: A unit id from its first dot on: a text has fewer dots than digits.
_UNIT_ID = re.compile(r"\.(?<=\b\d\d\.)\d\d\.\d\d\b")
_BULLET = re.compile(r"^[^\S\n]*[-*]\s", re.MULTILINE)
_CONNECTIONS = "## Connections [Master]"


def forward_promises(folded: str) -> int:
    """How often the (folded) text promises something that comes later."""
    return sum(len(pattern.findall(folded)) for pattern in _FORWARD)


def synthesis_claims(folded: str) -> int:
    """How often the (folded) text says how things hang together; a text may match several rows, each counts."""
    return sum(len(pattern.findall(folded)) for pattern in _SYNTHESIS)


def backward_refs(body: str, unit_id: str) -> int:
    """Occurrences of unit ids other than the unit's own, whichever direction they point."""
    found = end = at = 0
    while match := _UNIT_ID.search(body, at):
        start = match.start() - 2
        if start < end:  # its first two digits are the last ones of the id before: it is none, but one may begin in it
            at = match.start() + 1
        else:
            at = end = match.end()
            found += body[start:end] != unit_id
    return found


def lateral_connections(master: str) -> int:
    """Bullets under the first ``## Connections [Master]`` (exactly so) up to the next H2."""
    start = master.find(_CONNECTIONS)
    if start < 0:
        return 0
    start += len(_CONNECTIONS)
    end = master.find("\n## ", start)
    return len(_BULLET.findall(master[start:] if end < 0 else master[start:end]))
