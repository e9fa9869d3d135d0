"""The Beginner tier: BG001–BG004."""

from __future__ import annotations

import re

from codex.check.answers import Answers
from codex.check.rule import PASS, Example, Finding, Place, Rule, fail, fail_at
from codex.check.rules.prose import paragraphs, too_long
from codex.check.rules.values import declared_tiers
from codex.units import Section, Unit
from codex.units.cuts import without_asides, without_code
from codex.units.headings import find_headings


def beginner_text(unit: Unit) -> str:
    """The text of all Beginner sections; "" when the tier is not declared or the text is blank (unit-rubric §1.6)."""
    if "beginner" not in declared_tiers(unit):
        return ""
    text = unit.tier_texts["beginner"]
    return text if text.strip() else ""


def beginner_sections(unit: Unit) -> list[Section]:
    return [section for section in unit.sections if "beginner" in section.heading.tiers]


def _first_line(unit: Unit) -> int:
    sections = beginner_sections(unit)
    return unit.line_at(sections[0].heading.start) if sections else 1


LONGEST_BEGINNER_PARAGRAPH = 120
_NOT_PROSE = ("#", ":::", "```", "$$", "![", ">", "|")
_BLOCK_TAG = re.compile(
    r"</?(?:aside|details|summary|div|figure|figcaption|ol|ul|li|p|table|tr|td|th)\b", re.IGNORECASE
)


def is_prose(piece: str) -> bool:
    """Whether a stripped piece of Beginner text is a paragraph whose words are counted. List items are."""
    if not piece or piece.startswith(_NOT_PROSE) or _BLOCK_TAG.match(piece):
        return False
    return not (piece.startswith("$") and piece.endswith("$") and "\n" not in piece)


def _long_paragraphs(unit: Unit, answers: Answers) -> Finding | None:
    text = beginner_text(unit)
    if not text:
        return None
    limit = LONGEST_BEGINNER_PARAGRAPH
    # Sections are joined by one line end, so a piece may reach from the end of one section into the next.
    long = [
        (words, piece.strip())
        for _, piece in paragraphs(text)
        if (words := too_long(piece, limit)) and is_prose(piece.strip())
    ]
    return fail_at(Place(f"{words} words, at most {limit} allowed", _line_of(unit, piece)) for words, piece in long)


def _line_of(unit: Unit, piece: str) -> int | None:
    found = unit.body.find(piece.split("\n", 1)[0])
    return unit.line_at(found) if found >= 0 else None


BG001 = Rule(
    code="BG001",
    name="Beginner paragraphs ≤ 120 words",
    level="core",
    severity="error",
    reads=("tiers_present", "Beginner sections"),
    why="The first tier is read by people who meet the subject for the first time. List items count as prose; tables, "
    "formulas, quotes, images and HTML blocks do not.",
    failing=Example("An even number is a number of pairs.", "A pair is two of a kind. " * 18),
    passing=Example("An even number is a number of pairs.", "A pair is two of a kind. " * 13),
    hint="Split the paragraph with an empty line into steps of one thought each.",
    constraint="In [Beginner] sections no paragraph has more than 120 words.",
    check=_long_paragraphs,
)

_PROOF_LANGUAGE = ("Proof.", "QED", "∎", "It follows that", "Hence,", "Hence ")


def _proof_language(unit: Unit, answers: Answers) -> Finding | None:
    text = beginner_text(unit)
    if not text:
        return None
    prose = without_code(without_asides(text)).text
    found = [phrase for phrase in _PROOF_LANGUAGE if phrase in prose]
    return fail_at(Place(f"“{phrase.strip()}”", _line_in_sections(unit, phrase)) for phrase in found)


def _line_in_sections(unit: Unit, phrase: str) -> int:
    for section in beginner_sections(unit):
        at = unit.body.find(phrase, section.start, section.end)
        if at >= 0:
            return unit.line_at(at)
    return _first_line(unit)


BG002 = Rule(
    code="BG002",
    name="Beginner has no proof language",
    level="core",
    severity="error",
    reads=("tiers_present", "Beginner sections"),
    why="The first tier explains; proofs belong to the tiers above. Exercises (asides) and code are left out.",
    failing=Example("An even number is a number of pairs.", "Hence, an even number is a number of pairs. QED"),
    passing=Example("An even number is a number of pairs.", "And hence an even number is a number of pairs."),
    hint="Say it as an explanation (“so”, “this is why”), or move the argument into an [Intermediate+] section.",
    constraint="In [Beginner] sections, outside exercises, none of: “Proof.”, “QED”, “∎”, “It follows that”, “Hence”.",
    check=_proof_language,
)

_ADVANCED = re.compile(r"\\(?:nabla|otimes|sum|int|prod|partial|forall|exists)")


def _notation(unit: Unit, answers: Answers) -> Finding | None:
    text = beginner_text(unit)
    if not text:
        return None
    found = dict.fromkeys(match[0] for match in _ADVANCED.finditer(without_asides(text)))
    return fail_at(Place(f"{macro} in Beginner text", _line_in_sections(unit, macro)) for macro in found)


BG003 = Rule(
    code="BG003",
    name="Beginner uses no advanced formal notation",
    level="core",
    severity="error",
    reads=("tiers_present", "Beginner sections"),
    why="Symbols of higher mathematics shut beginners out. Macros that only begin so (`\\integers`) count as well; "
    "exercises (asides) do not.",
    failing=Example("$2 + 4 = 6$", r"$\sum_k 2k$"),
    passing=Example("$2 + 4 = 6$", r"$\oint x$"),
    hint="Say the idea in words or write the first terms out; keep the symbol for the tiers above.",
    constraint="In [Beginner] sections, outside exercises, no macro beginning with \\nabla, \\otimes, \\sum, \\int, "
    "\\prod, \\partial, \\forall or \\exists.",
    check=_notation,
)

_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]+\)")
_TABLE_ROW = re.compile(r"^[^\S\n]*\|[^\n]+\|[^\S\n]*$", re.MULTILINE)


def _has_picture(unit: Unit, answers: Answers) -> Finding | None:
    text = beginner_text(unit)
    if not text:
        return None
    if _IMAGE.search(text) or _drawn_section(unit):
        return PASS
    return fail("no image, and no Visual section with a table or a code drawing", _first_line(unit))


def _drawn_section(unit: Unit) -> bool:
    """A Beginner H2 on visuals that holds a fence or a table row, up to the next H2."""
    headings = find_headings(unit.body, level_two_only=True)
    ends = [heading.start for heading in headings[1:]] + [len(unit.body)]
    for heading, end in zip(headings, ends, strict=True):
        if "visual" in heading.title.lower() and "beginner" in heading.tiers:
            text = unit.body[heading.end : end]
            if "```" in text or _TABLE_ROW.search(text):
                return True
    return False


BG004 = Rule(
    code="BG004",
    name="Beginner has at least one image/diagram reference",
    level="core",
    severity="error",
    reads=("tiers_present", "Beginner sections"),
    why="A picture carries the intuition. A table or a drawing in code under a Visual heading also counts.",
    failing=Example("![Ten dots in five pairs](/img/pairs.svg)", "Picture ten dots in five pairs."),
    passing=Example("![Ten dots in five pairs](/img/pairs.svg)", "| dots | pairs |\n|---|---|\n| 10 | 5 |"),
    hint="Add an image `![what it shows](/img/<slug>.svg)` to the Visual section, or a table that shows the same.",
    constraint="The [Beginner] text has at least one image `![what it shows](/img/<slug>.svg)`; "
    "a file that is not there is drawn as a placeholder when the unit ships.",
    check=_has_picture,
)
