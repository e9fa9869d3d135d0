"""The continuity figures as numbers that this unit must reach, and where they can come from (unit-rubric, part 3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codex.check.rules.depth import MASTER_PHRASES
from codex.continuity.phrases import FORWARD
from codex.continuity.spoken import spoken
from codex.continuity.thresholds import BACKWARD_UPPER, Threshold
from codex.passes.briefing.case import Case
from codex.passes.briefing.lengths import Length
from codex.units.ids import UNIT_ID

#: What is asked beyond the minimum, so that a text that grows while it is written still reaches it: more of promises,
#: of which writers have always made too few, less of references, of which there can be too many (XK001).
_MARGIN, _MARGIN_FORWARD = 1.15, 1.35
#: So many of the nearest units are looked through for targets.
_NEAR = 40
#: What of them counts as related from another section: so many edges away, or so much of the best likeness.
_LINKED, _ALIKE = 2, 0.75


@dataclass(frozen=True)
class Goal:
    """One metric: ``least`` is what must be counted at the target length, ``aim`` with a margin, ``every`` the words
    between two (0 where it is no density).
    """

    noun: str
    minimum: float
    least: int
    aim: int
    every: int


def goals(case: Case, length: Length) -> list[Goal]:
    """What each threshold means at this length, in the order of the rubric; anchor phrases are said apart."""
    return [_goal(t, length) for t in case.thresholds if t.field != "anchor_reuse_rate"]


def _goal(threshold: Threshold, length: Length) -> Goal:
    if not threshold.per_thousand:
        least = math.ceil(threshold.minimum)
        return Goal(threshold.noun, threshold.minimum, least, least + max(1, math.ceil(least / 4)), 0)
    least = math.ceil(threshold.minimum * length.total / 1000)
    aim = math.ceil(least * (_MARGIN_FORWARD if threshold.field.startswith("forward") else _MARGIN))
    return Goal(threshold.noun, threshold.minimum, least, aim, length.total // aim)


def most_references(length: Length) -> int:
    """Above this many references in brackets they stop helping a reader (XK001)."""
    return math.floor(BACKWARD_UPPER * length.total / 1000)


def forbidden_phrases() -> list[str]:
    """Phrases that the metric counts and a rule forbids (XP001)."""
    return [text for phrase in FORWARD for text in spoken(phrase) if text in MASTER_PHRASES]


@dataclass(frozen=True)
class Target:
    """A unit that this one can point to: ``why`` says what it has to do with it."""

    id: str
    title: str
    why: str
    written: bool


def ahead(case: Case) -> Iterator[Target]:
    """Where promises can point, best first: what needs this unit, what comes later, near units of later places."""
    later = [u for u in case.siblings if u > case.id]
    further = [u for s in case.successors for u in case.corpus.deps.dependants.get(s, ())]
    queue = [u for u in sorted(case.planned) if u[:5] == case.chapter and u > case.id]
    near = [u for u in _related(case) if u > case.id]
    reasons = (
        ([u for u in case.named if u > case.id], "named by the specification"),
        (case.successors, "needs this unit"),
        (later, "comes later in the chapter"),
        (queue, "planned in the chapter"),
        (further, "needs a unit that needs this one"),
        (near, "near by its subject"),
    )
    yield from _targets(case, reasons, without=case.prerequisites)


def behind(case: Case) -> Iterator[Target]:
    """Where references can look back: prerequisites, theirs, near units of earlier places."""
    before = case.corpus.deps.prerequisites
    second = [u for p in case.prerequisites for u in before.get(p, ())]
    reasons = (
        (case.prerequisites, "prerequisite"),
        ([u for u in case.named if u < case.id], "named by the specification"),
        (second, "prerequisite of one"),
        ([u for u in _related(case) if u < case.id], "near by its subject"),
    )
    yield from _targets(case, reasons, without=[u for u in case.successors if u not in case.prerequisites])


def _related(case: Case) -> list[str]:
    """The nearest units, but for those that share a word or two and neither section nor any link."""
    linked = {u for u, steps in case.steps.items() if steps <= _LINKED}
    return [u for u in case.near[:_NEAR] if u[:2] == case.id[:2] or u in linked or case.likeness.get(u, 0.0) >= _ALIKE]


def _targets(case: Case, reasons: Iterable[tuple[Iterable[str], str]], without: Iterable[str]) -> Iterator[Target]:
    seen = {case.id, *without}
    for units, why in reasons:
        for unit in units:
            if unit not in seen and UNIT_ID.fullmatch(unit) and case.name(unit) and unit in case.linkable:
                seen.add(unit)
                yield Target(unit, case.name(unit), why, unit in case.units)


@dataclass(frozen=True)
class Share:
    """How many of each are due in a part of the unit, so that the sums come out."""

    part: str
    words: int
    references: int
    promises: int


#: Parts of a unit with the share of the tier's words that they usually have, and how readily they speak of other units.
_PARTS = (
    ("Intuition, Visual, Worked example [Beginner]", "beginner", 1.0, 1.0),
    ("Formal definition [Intermediate+]", "intermediate", 0.3, 1.0),
    ("Key theorem with proof [Intermediate+]", "intermediate", 0.25, 0.8),
    ("Bridge [Intermediate+]", "intermediate", 0.1, 5.0),
    ("Exercises [Intermediate+]: in prompts, hints and answers", "intermediate", 0.35, 0.3),
    ("substantive Master sections", "master", 0.5, 1.0),
    ("Synthesis [Master]", "master", 0.15, 3.0),
    ("Connections [Master]", "master", 0.2, 3.0),
    ("Historical & philosophical context [Master]", "master", 0.15, 0.8),
)


def spread(case: Case, length: Length) -> list[Share]:
    """The aims for references and promises, spread over the parts of the unit; every sum is at least the aim."""
    aims = {t.field: _goal(t, length).aim for t in case.thresholds if t.per_thousand}
    references, promises = (next((n for f, n in aims.items() if f.startswith(k)), 0) for k in ("backward", "forward"))
    words = {part: length.tiers[tier] * share for part, tier, share, _ in _PARTS}
    weight = {part: words[part] * eager for part, _, _, eager in _PARTS}
    whole = sum(weight.values()) or 1
    part = {p: weight[p] / whole for p in words}
    return [
        Share(p, round(words[p] / 10) * 10, math.ceil(references * part[p]), math.ceil(promises * part[p]))
        for p in words
    ]
