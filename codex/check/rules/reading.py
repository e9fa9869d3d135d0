"""Beginner reading: XB001 reading level, XB002 worked example (level full)."""

from __future__ import annotations

import re

from codex.check.answers import Answers
from codex.check.rule import Example, Finding, Rule, fail, pass_if
from codex.check.rules.beginner import beginner_sections, beginner_text, is_prose
from codex.check.rules.prose import paragraphs
from codex.units import Unit
from codex.units.cuts import math_spans, without_asides, without_code

HIGHEST_GRADE = 10.0

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LINK_TARGET = re.compile(r"\]\([^)\n]*\)")
_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_VOWELS = re.compile(r"[aeiouy]+")


def syllables(word: str) -> int:
    """Runs of vowels, one less for a silent final e (not ``le``), at least one."""
    word = word.lower()
    silent = word.endswith("e") and not word.endswith("le")
    return max(1, len(_VOWELS.findall(word)) - silent)


def reading_grade(text: str) -> float | None:
    """Flesch–Kincaid grade of the prose in a Markdown text (Part 2, XB001); None without a word."""
    pieces = (piece.strip() for _, piece in paragraphs(without_code(without_asides(text)).text))
    sentences = count = syllable_count = 0
    for piece in filter(is_prose, pieces):
        for sentence in _SENTENCE_END.split(_spoken(piece)):
            words = _WORD.findall(sentence)
            sentences += bool(words)
            count += len(words)
            syllable_count += sum(map(syllables, words))
    if not count:
        return None
    return 0.39 * count / sentences + 11.8 * syllable_count / count - 15.59


def _spoken(piece: str) -> str:
    """The piece with each formula as one word, without tags, link targets and markup characters."""
    parts, position = [], 0
    for start, end in math_spans(piece):
        parts += [piece[position:start], "x"]
        position = end
    text = "".join([*parts, piece[position:]])
    return re.sub(r"[*_`~#\[\]]", "", _LINK_TARGET.sub("]", _TAG.sub("", text)))


def _reading_level(unit: Unit, answers: Answers) -> Finding | None:
    text = beginner_text(unit)
    grade = reading_grade(text) if text else None
    if grade is None:
        return None
    line = unit.line_at(beginner_sections(unit)[0].heading.start)
    detail = f"Flesch–Kincaid grade {grade:.1f}, at most {HIGHEST_GRADE:.0f} wanted"
    return pass_if(grade <= HIGHEST_GRADE, detail, line)


XB001 = Rule(
    code="XB001",
    name="Beginner text reads at grade 10 or below",
    level="full",
    severity="warning",
    reads=("tiers_present", "Beginner sections"),
    why="Flesch–Kincaid grade = 0.39 × words per sentence + 11.8 × syllables per word − 15.59, each formula counted as "
    "one word. Long sentences and long words drive readers away.",
    failing=Example(
        "An even number is a number of pairs.",
        "Notwithstanding considerable terminological heterogeneity, mathematical characterisations of evenness "
        "invariably presuppose divisibility considerations. " * 4,
    ),
    passing=Example(),
    hint="Cut long sentences in two and replace long words by short ones in the Beginner sections.",
    constraint="[Beginner] sections use short sentences and plain words (Flesch–Kincaid grade 10 or below).",
    check=_reading_level,
)


def _worked_example(unit: Unit, answers: Answers) -> Finding | None:
    if not beginner_text(unit):
        return None
    for section in (*unit.blocks, *unit.sections):
        if "worked example" in section.heading.title.lower() and "beginner" in section.heading.tiers:
            good = any(character.isdigit() for character in unit.section_text(section))
            return pass_if(good, "the worked example has no number", unit.line_at(section.heading.start))
    return fail("no Beginner heading contains “worked example”")


XB002 = Rule(
    code="XB002",
    name="Beginner has a worked example with numbers",
    level="full",
    severity="warning",
    reads=("tiers_present", "Beginner sections"),
    why="One case done with real numbers teaches more than three in general.",
    failing=Example("## Worked example [Beginner]", "## A case [Beginner]"),
    passing=Example("## Worked example [Beginner]", "## Worked example: six dots [Beginner]"),
    hint="Add `## Worked example [Beginner]` that carries one case through with actual numbers.",
    constraint="There is a section `## Worked example [Beginner]` that works with actual numbers.",
    check=_worked_example,
)
