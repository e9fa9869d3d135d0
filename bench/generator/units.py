"""One unit from templates: valid by all core checks, different from every other one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from . import words

#: The first section used; the validator takes sections of such numbers for mathematics.
FIRST_SECTION = 60
CHAPTERS_IN_SECTION = 25
UNITS_IN_CHAPTER = 40
_UNITS_IN_SECTION = CHAPTERS_IN_SECTION * UNITS_IN_CHAPTER
#: Units that a generated corpus leaves room for at the end of each chapter.
FREE_IN_CHAPTER = 99 - UNITS_IN_CHAPTER


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """What the shared files have to know of a unit before it is written. ``anchor``: a phrase it has to invoke."""

    id: str
    slug: str
    title: str
    concept: str
    section: str
    chapter: str
    prerequisites: tuple[str, ...]
    connections: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        first, middle, _ = self.id.split(".")
        return f"content/{first}-{self.section}/{middle}-{self.chapter}/{self.id}-{self.slug}.md"


def id_of(number: int) -> str:
    """The id of the unit with this number (from 0): forty in a chapter, twenty-five chapters in a section."""
    section, rest = divmod(number, _UNITS_IN_SECTION)
    chapter, unit = divmod(rest, UNITS_IN_CHAPTER)
    return f"{FIRST_SECTION + section}.{chapter + 1:02d}.{unit + 1:02d}"


def plan_unit(
    unit_id: str, prerequisites: Sequence[str], rng: random.Random, connections: Sequence[tuple[str, str]] = ()
) -> UnitPlan:
    """Name a unit. ``connections`` are ids of registered connections with their anchor phrases."""
    first, middle, last = unit_id.split(".")
    quality, thing = rng.choice(words.QUALITIES), rng.choice(words.THINGS)
    slug = f"{quality}-{thing.replace(' ', '-')}-{last}"
    section = words.SECTIONS[int(first) % len(words.SECTIONS)]
    chapter = f"{words.QUALITIES[int(middle) % len(words.QUALITIES)]}-{section}"
    return UnitPlan(
        id=unit_id,
        slug=slug,
        title=f"The {quality} {thing}, {int(last)}",
        concept=f"{section}-{first}.{chapter}-{middle}.{slug}",
        section=section,
        chapter=chapter,
        prerequisites=tuple(prerequisites),
        connections=tuple(name for name, _ in connections),
        anchors=tuple(phrase for _, phrase in connections),
    )


def fresh_unit(units: int, number: int, *, seed: int = 1) -> tuple[UnitPlan, str]:
    """A unit that a generated corpus of so many units lacks, with its text: the ``number``-th one (from 0).

    It needs two of the corpus's units and stands in one of its chapters, which are used in turn.
    """
    rng = random.Random(f"fresh {seed} {units} {number}")
    chapters = -(-units // UNITS_IN_CHAPTER)
    turn, chapter = divmod(number, chapters)
    first = chapter * UNITS_IN_CHAPTER
    if turn >= FREE_IN_CHAPTER:
        raise ValueError(f"a corpus of {units} units has no room for {number + 1} more")
    before = [id_of(each) for each in sorted({min(first, units - 1), rng.randrange(units)})]
    unit_id = f"{id_of(first)[:5]}.{UNITS_IN_CHAPTER + 1 + turn:02d}"
    plan = plan_unit(unit_id, before, rng)
    return plan, render_unit(plan, rng)


def render_unit(plan: UnitPlan, rng: random.Random) -> str:
    """The unit's file."""
    text = _Sentences(plan, rng)
    return "".join((_front_matter(plan, rng), _beginner(plan, text), _intermediate(text), _master(plan, text)))


class _Sentences:
    """Sentences of a unit, filled with its words."""

    def __init__(self, plan: UnitPlan, rng: random.Random) -> None:
        self.rng = rng
        self.before = plan.prerequisites or (plan.id,)
        self.own = tuple(rng.choices(words.THINGS, k=3))

    def fill(self, template: str) -> str:
        rng = self.rng
        return template.format(
            thing=rng.choice(self.own), quality=rng.choice(words.QUALITIES), action=rng.choice(words.ACTIONS),
            n=rng.randrange(3, 400), m=rng.randrange(2, 60), before=rng.choice(self.before),
        )  # fmt: skip

    def some(self, templates: Sequence[str], count: int) -> str:
        return " ".join(map(self.fill, self.rng.sample(templates, min(count, len(templates)))))


def _front_matter(plan: UnitPlan, rng: random.Random) -> str:
    one, other = rng.sample(words.PEOPLE, 2)
    needed = "".join(f"\n  - {each}" for each in plan.prerequisites) or " []"
    named = "".join(f"\n    - {each}" for each in plan.connections)
    connections = f"connections:\n  out:{named}\n" if named else ""
    return f"""---
id: {plan.id}
title: "{plan.title}"
slug: {plan.slug}
section: {plan.section}
chapter: {plan.chapter}
concept_catalog_id: {plan.concept}
prerequisites:{needed}
{connections}tier_anchors:
  beginner: a school book of {plan.section}
  intermediate: {one}, A first course in {plan.section}
  master: {other}, Lectures on {plan.chapter}
tiers_present: [beginner, intermediate, master]
references:
  - {{source: TODO_REF, path: "{one} — A first course in {plan.section}", locator: "ch. {rng.randrange(1, 20)}"}}
  - {{source: TODO_REF, path: "{other} — Lectures on {plan.chapter}", locator: "§{rng.randrange(1, 90)}"}}
lean_status: none
lean_mathlib_gap: >-
  Mathlib has finite maps, their iterates and the order of a permutation, with the lemmas on divisors that a count of
  pieces needs. It lacks the picture of this unit as a structure of its own, and the map from pieces to gaps.
human_reviewer: "{one}, 2026-01-15"
estimated_time:
  beginner: {rng.randrange(5, 20)}m
  intermediate: {rng.randrange(15, 40)}m
  master: {rng.randrange(15, 60)}m
hooks_out: []
status: shipped
---
"""


def _beginner(plan: UnitPlan, text: _Sentences) -> str:
    n, m = text.rng.randrange(3, 40), text.rng.randrange(3, 40)
    return f"""
## Intuition [Beginner]

{text.some(words.PLAIN, 4)} See [{text.before[0]}] first.

{text.some(words.PLAIN, 4)}

## Visual [Beginner]

![{plan.title}, {n} pieces in a row](/img/{plan.slug}.svg)

## Worked example [Beginner]

Take {n} pieces and add {m}. Now there are {n + m}. {text.some(words.PLAIN, 3)}

## Check your understanding [Beginner]
{_exercise(text, "Question", "easy", "true-false", f"Are {n} and {m} pieces {n + m} pieces?", "Yes, count them.")}\
{_exercise(text, "Question", "easy", "numeric", f"What is {n} and {m}?", f"It is {n + m}.")}"""


_EXERCISES = (
    ("easy", "numeric"), ("easy", "true-false"), ("medium", "symbolic"), ("medium", "short-answer"),
    ("medium", "numeric"), ("hard", "short-answer"), ("hard", "short-answer"),
)  # fmt: skip


def _exercise(text: _Sentences, label: str, difficulty: str, kind: str, prompt: str, answer: str) -> str:
    return f"""
<aside class="exercise" data-difficulty="{difficulty}" data-type="{kind}" markdown="1">

**{label} ({difficulty}, {kind}).**

{prompt}

<details class="exercise__hint"><summary>Hint</summary>

{text.some(words.PLAIN, 1)}

</details>

<details class="exercise__answer"><summary>Answer</summary>

{answer}

</details>

</aside>
"""


def _intermediate(text: _Sentences) -> str:
    exercises = "".join(
        _exercise(text, f"Exercise {number}", *row, text.some(words.FORMAL, 1), text.some(words.FORMAL, 2))
        for number, row in enumerate(_EXERCISES, 1)
    )
    return f"""
## Formal definition [Intermediate+]

{text.some(words.FORMAL, 3)} [ref: TODO_REF ch. {text.rng.randrange(1, 20)}]

{text.some(words.SYNTHESIS, 2)}

## Key theorem with proof [Intermediate+]

**Theorem.** {text.some(words.FORMAL, 1)}

**Proof.** {text.some(words.FORMAL, 4)} {text.some(words.FORWARD, 2)}

## Exercises [Intermediate+]
{exercises}"""


def _master(plan: UnitPlan, text: _Sentences) -> str:
    rng = text.rng
    year = rng.randrange(1700, 1990)
    bullets = "\n".join(
        f"- {rng.choice(words.KINDS).capitalize()}: [{each}] has {text.some(words.FORMAL, 1)}"
        for each in (*text.before, *text.before, *text.before)[:4]
    )
    invoked = "".join(f"\n\nHere {phrase}, as the registry says." for phrase in plan.anchors)
    return f"""
## Advanced results [Master]

{text.some(words.FORMAL, 5)} {text.some(words.FORWARD, 2)}

{text.some(words.SYNTHESIS, 4)}{invoked}

## Full proof set [Master]

{text.some(words.FORMAL, 6)}

{text.some(words.SYNTHESIS, 3)} {text.some(words.FORWARD, 1)}

## Connections [Master]

{bullets}

## Historical & philosophical context [Master]

{rng.choice(words.PEOPLE)} counted such pieces in {year}; {rng.choice(words.PEOPLE)} took the count up in {year + 31}.

## Bibliography [Master]

- {rng.choice(words.PEOPLE)}, *Lectures on {plan.chapter}*, {year + 33}.

- {rng.choice(words.PEOPLE)}, *A first course in {plan.section}*, {year + 40}.
"""
