"""Master prose, history, bibliography, evidence: XP001 XP002 XH001 XT001 (level full)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codex.check.answers import Answers
from codex.check.rule import Example, Finding, Place, Rule, fail_at
from codex.check.rules.crossrefs import items_of
from codex.check.rules.upper import evidence_terms
from codex.check.rules.values import id_text
from codex.units import Section, Tier, Unit

_MASTER: frozenset[Tier] = frozenset({"master"})

MASTER_PHRASES = (
    "we will see",
    "we will rely on",
    "we do not state",
    "a subtlety worth noting",
    "the right organising principle",
    "the structural fact that organises",
    "the philosophical point is",
    "the deeper philosophical content",
)
_MASTER_PHRASE = re.compile(rf"\b(?:{'|'.join(MASTER_PHRASES)})\b".replace(" ", r"\s+"), re.IGNORECASE)


def _inherited(unit: Unit) -> Iterator[tuple[Section, frozenset[Tier]]]:
    """Every section with its tiers; an unmarked sub-heading takes those of its H2."""
    above: frozenset[Tier] = frozenset()
    for section in unit.sections:
        if section.heading.level == 2:
            above = section.heading.tiers
        yield section, section.heading.tiers if section.heading.marker else above


def _master_phrases(unit: Unit, answers: Answers) -> Finding:
    return fail_at(
        Place(f"“{' '.join(match[0].split())}”", unit.line_at(match.start()))
        for section, tiers in _inherited(unit)
        if tiers == _MASTER
        for match in _MASTER_PHRASE.finditer(unit.body_masked, section.start, section.end)
    )


XP001 = Rule(
    code="XP001",
    name="Master text has no announcing phrases",
    level="full",
    severity="error",
    reads=("Master sections",),
    why="A reader at this level wants the statement, not its announcement. Code is left out; `[Intermediate+]` "
    "sections are not looked at.",
    failing=Example("Every even number is a sum.", "We will see that every even number is a sum."),
    passing=Example("Every even number is a sum.", "We saw that every even number is a sum."),
    hint="Replace the announcement by the statement itself.",
    constraint=f"In [Master] sections none of: {'; '.join(MASTER_PHRASES)}.",
    check=_master_phrases,
)

_BULLET = re.compile(r"^[^\S\n]*[-*+][^\S\n]+\S", re.MULTILINE)


def _slips(unit: Unit, answers: Answers) -> Finding:
    places = []
    for section in unit.sections:
        if "counterexamples to common slips" not in section.heading.title.lower():
            continue
        block = unit.block_at(section.heading.start)
        bullet = _BULLET.search(unit.body_masked, section.start, section.end)
        if bullet and block and block.heading.tiers == _MASTER:
            places.append(Place("a bulleted list of slips in a Master section", unit.line_at(bullet.start())))
    return fail_at(places)


XP002 = Rule(
    code="XP002",
    name="Master sections have no bulleted list of common slips",
    level="full",
    severity="warning",
    reads=("Master sections",),
    why="Lists of slips belong to the Intermediate tier; the Master tier argues in prose.",
    failing=Example(
        "## Full proof set [Master]\n",
        "## Full proof set [Master]\n\n### Counterexamples to common slips\n\n- Zero is even.\n\n",
    ),
    passing=Example(
        "## Full proof set [Master]\n",
        "## Full proof set [Master]\n\n### Counterexamples to common slips\n\nZero is even.\n\n",
    ),
    hint="Move the list under an [Intermediate+] heading, or turn it into prose.",
    constraint="“Counterexamples to common slips” stands under an [Intermediate+] heading, never under a [Master] one.",
    check=_slips,
)

_YEAR = re.compile(r"(?<![0-9])(?:1[6-9]|20)[0-9]{2}(?![0-9])")
_ANY_YEAR = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")


def _years(unit: Unit, answers: Answers) -> Finding:
    places = []
    for block in unit.blocks:
        title, text = block.heading.title.lower(), unit.section_text(block)
        if "master" not in block.heading.tiers:
            continue
        line = unit.line_at(block.heading.start)
        if "bibliograph" in title and not any(_YEAR.search(item) for _, item in items_of(text)):
            places.append(Place("the bibliography has no entry with a year from 1600 to 2099", line))
        elif ("historical" in title or "philosophical" in title) and not _ANY_YEAR.search(text):
            places.append(Place("the history has no year", line))
    return fail_at(places)


XH001 = Rule(
    code="XH001",
    name="bibliography entries and history carry years",
    level="full",
    severity="warning",
    reads=("Bibliography section", "Historical section"),
    why="An entry without a year cannot be found; a history without one is a legend.",
    failing=Example("Oxford, 1938", "Oxford"),
    passing=Example(),
    hint="Give bibliography entries their year of publication and the history the years of what it tells.",
    constraint="Bibliography entries have author, title and year; the historical section names years.",
    check=_years,
)

_PLACEHOLDER = re.compile(r"\[(?:…|\.\.\.)\]|\bTODO\b|\bTBD\b")


def _placeholders(unit: Unit, answers: Answers) -> Finding:
    terms = evidence_terms(id_text(unit))
    spans = {
        (section.start, section.end)
        for section in (*unit.blocks, *unit.sections)
        if any(term in section.heading.title.lower() for term in terms)
    }
    found = {match.start(): match[0] for start, end in spans for match in _PLACEHOLDER.finditer(unit.body, start, end)}
    return fail_at(Place(f"placeholder {found[at]}", unit.line_at(at)) for at in sorted(found))


XT001 = Rule(
    code="XT001",
    name="the evidence section has no placeholders",
    level="full",
    severity="warning",
    reads=("evidence section",),
    why="A proof with a gap marked by dots is not one. `TODO_REF` in a citation is no placeholder.",
    failing=Example("**Proof.** Write", "**Proof.** [...] Write"),
    passing=Example("**Proof.** Write", "**Proof.** [ref: TODO_REF Euclid] Write"),
    hint="Write out what the placeholder stands for.",
    constraint="No placeholders anywhere: no `[…]`, `TODO`, `TBD`.",
    check=_placeholders,
)
