"""A small unit that satisfies every rule, in a small workspace: the ground on which the rules' examples stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from codex.check.rule import Example
from codex.snapshot import Snapshot

SAMPLE_PATH = "content/00-numbers/01-integers/00.01.02-even-numbers.md"


def _exercise(label: str, difficulty: str, kind: str, prompt: str, hint: str, answer: str) -> str:
    return f"""
<aside class="exercise" data-difficulty="{difficulty}" data-type="{kind}" markdown="1">

**{label} ({difficulty}, {kind}).**

{prompt}

<details class="exercise__hint"><summary>Hint</summary>

{hint}

</details>

<details class="exercise__answer"><summary>Answer</summary>

{answer}

</details>

</aside>
"""


_CHECKS = "".join(
    _exercise("Question", *row)
    for row in (
        ("easy", "true-false", "Is 14 even?", "Make pairs.", "Yes: 14 is seven pairs."),
        ("easy", "multiple-choice", "Which number is even?\n\nA. 3\nB. 8\nC. 11", "Make pairs.", "B: four pairs."),
    )
)
_EXERCISES = "".join(
    _exercise(f"Exercise {number}", *row)
    for number, row in enumerate(
        (
            ("easy", "numeric", "Find $k$ with $18 = 2k$.", "Halve.", "$k = 9$."),
            ("easy", "true-false", "Is $0$ even?", "Take $k = 0$.", "Yes: $0 = 2 · 0$."),
            ("medium", "symbolic", "Simplify $2a + 2b$.", "Take out the factor.", "$2(a + b)$."),
            ("medium", "short-answer", "Why is $n(n + 1)$ even?", "One of two neighbours is.", "One factor is even."),
            ("medium", "short-answer", "Is $-6$ even?", "Allow negative $k$.", "Yes, with $k = -3$."),
            ("hard", "short-answer", "Show that $n^2$ even makes $n$ even.", "Suppose not.", "An odd square is odd."),
            ("hard", "short-answer", "Can an even prime exceed $2$?", "It has a factor.", "No: $2$ divides it."),
        ),
        1,
    )
)

SAMPLE = rf"""---
id: 00.01.02
title: Even numbers
slug: even-numbers
section: numbers
chapter: integers
concept_catalog_id: numbers.parity
prerequisites:
  - 00.01.01
tier_anchors:
  beginner: a school book of arithmetic
  intermediate: a first course in number theory
  master: Hardy and Wright
tiers_present: [beginner, intermediate, master]
references:
  - {{source: TODO_REF, path: "Euclid — Elements", locator: "Book IX"}}
  - {{source: TODO_REF, path: "Hardy, Wright — Theory of Numbers", locator: "ch. 1"}}
lean_status: none
lean_mathlib_gap: >-
  Mathlib has the predicate Even and its lemmas for sums and products over semirings, with the decision procedure for
  naturals and integers. What this unit would add is the pairing picture as a bijection, which nobody has needed there.
human_reviewer: "A. Reviewer, 2026-01-15"
estimated_time:
  beginner: 10m
  intermediate: 20m
  master: 20m
hooks_out: []
status: shipped
---

## Intuition [Beginner]

An even number is a number of pairs. Put ten dots in two rows. No dot is left over: ten is even. See [00.01.01] first.

## Visual [Beginner]

![Ten dots in five pairs](/img/pairs.svg)

## Worked example [Beginner]

Take $2 + 4 = 6$. Two is one pair and four is two pairs. Put them side by side: you have three pairs.

## Check your understanding [Beginner]
{_CHECKS}
## Formal definition [Intermediate+]

An integer $n$ is **even** when $n = 2k$ for some integer $k$ [ref: TODO_REF Book IX].

## Key theorem with proof [Intermediate+]

**Theorem.** The sum of two even numbers is even.

**Proof.** Write $m = 2j$ and $n = 2k$. Then $m + n = 2(j + k)$.

## Exercises [Intermediate+]
{_EXERCISES}
## Advanced results [Master]

Every even number is a sum. The even numbers form the ideal $(2)$, the kernel of reduction modulo two.

## Full proof set [Master]

The kernel of $\mathbb{{Z}} \to \mathbb{{Z}}/2$ consists of the $n$ with $n = 2k$, which is $(2)$.

## Connections [Master]

- Specialisation: [00.01.01] has divisibility by any number.

- Generalisation: [00.01.03] treats residues modulo $m$.

- Foundation-of: [00.01.04] builds congruences on parity.

## Historical & philosophical context [Master]

Euclid proves these facts around 0300 BC; Hardy and Wright retell them in 1938.

## Bibliography [Master]

- G. H. Hardy and E. M. Wright, *An Introduction to the Theory of Numbers*, Oxford, 1938.
"""


def _stub(number: str) -> str:
    return f"---\nid: {number}\nstatus: shipped\n---\n\nText.\n"


#: The workspace around the sample unit.
SAMPLE_FILES: Mapping[str, str] = {
    "OVERVIEW.md": "",
    SAMPLE_PATH: SAMPLE,
    **{f"content/00-numbers/01-integers/{n}-neighbour.md": _stub(n) for n in ("00.01.01", "00.01.03", "00.01.04")},
    "content/00-numbers/01-integers/00.01.E1-exercises.md": _stub("00.01.E1"),
    "docs/catalogs/CONCEPT_CATALOG.md": "### numbers.parity\n- **title**: Even numbers\n",
    "manifests/deps.json": '{"version": 1, "edges": [], "pending": ["00.01.09"]}\n',
}


class _Nothing(Snapshot):
    """A workspace without a file."""

    label = "sample"

    def blobs(self) -> Mapping[str, str]:
        return {}

    def read(self, path: str) -> NoReturn:
        raise KeyError(path)


def sample_snapshot(example: Example | None = None) -> tuple[Snapshot, str]:
    """The sample workspace with an example's change made, and the path of the sample unit in it.

    Raises ValueError when the example's ``old`` does not stand in the sample.
    """
    example = example or Example()
    text, path = SAMPLE, SAMPLE_PATH
    for old, new in ((example.old, example.new), *example.also):
        if old not in text:
            raise ValueError(f"{old!r} does not stand in the sample unit")
        text = text.replace(old, new) if old else text
    files: dict[str, bytes | None] = {name: content.encode() for name, content in SAMPLE_FILES.items()}
    if example.name:
        del files[path]
        path = path.rpartition("/")[0] + "/" + example.name
    files[path] = text.encode()
    files |= {name: None if content is None else content.encode() for name, content in example.files}
    return _Nothing().with_changes(files, "sample"), path


def sample_exercises() -> list[str]:
    """Two exercises of the sample unit as they stand there: one with options, one with a number for an answer."""
    blocks = [f"<aside{each.partition('</aside>')[0]}</aside>" for each in SAMPLE.split("<aside")[1:]]
    return [next(b for b in blocks if f'data-type="{kind}"' in b) for kind in ("multiple-choice", "numeric")]
