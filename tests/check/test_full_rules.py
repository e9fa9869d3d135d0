"""Edges of the stricter rules, beyond their examples."""

from __future__ import annotations

import pytest

from codex.check import SnapshotAnswers, check_unit
from codex.check.registry import RULE_BY_CODE
from codex.check.rule import Example
from codex.check.rules.reading import reading_grade, syllables
from codex.check.samples import sample_snapshot
from codex.units import parse_unit

EVERY = "Every even number is a sum."
EXERCISES = "## Exercises [Intermediate+]"


@pytest.mark.parametrize(
    ("code", "old", "new", "verdict"),
    [
        ("XR001", EVERY, "`[77.01.01]`", "fail"),
        ("XR001", EVERY, "```\n[77.01.01]\n```", "pass"),
        ("XR001", EVERY, "[77.01.01](https://example.org)", "pass"),
        ("XR001", EVERY, "[00.01.09] is pending, [00.01.02] is this unit", "pass"),
        ("XR001", EVERY, "[the pack][00.01.E7]", "fail"),
        ("XR001", EVERY, "[77.essays.01]", "fail"),
        ("XL001", EVERY, f"{EVERY}\n\n### More [Beginner]\n", "pass"),
        ("XL001", "## Visual [Beginner]\n", "## Visual [Beginner]\n\n### More [Intermediate+]\n", "fail"),
        ("XL001", f"{EXERCISES}\n", f"{EXERCISES}\n\n### More [Master]\n", "fail"),
        ("XL002", "## Visual [Beginner]", "## Visual [Beginer]", "fail"),
        ("XP001", EVERY, f"{EVERY}\n\n### Unmarked\n\nwe\nwill  see", "fail"),
        ("XP001", EVERY, f"{EVERY}\n\n### Marked [Intermediate]\n\nwe will see", "pass"),
        ("XP001", EVERY, "```\nwe will see\n```", "pass"),
        ("XP001", "**Theorem.**", "We will see.", "pass"),
        ("XE001", 'class="exercise" data-difficulty="hard"', 'class="remark" data-difficulty="hard"', "pass"),
        ("XE002", 'data-type="symbolic"', 'data-type="proof"', "fail"),
        ("XE002", ' data-difficulty="hard" data-type="short-answer"', "", "fail"),
        ("XE003", "A. 3\nB. 8\nC. 11", "3, 8 or 11", "fail"),
        ("XE003", "A. 3\nB. 8\nC. 11", '<ol class="exercise__options"><li>3</li><li>8</li></ol>', "pass"),
        ("XE003", "\nHalve.\n", "\n\n", "fail"),
        ("XE006", 'data-type="multiple-choice"', 'data-type="short-answer"', "fail"),
        ("XB002", "Take $2 + 4 = 6$. Two", "Take two pairs. Two", "fail"),
        ("XC001", "[00.01.03]", "[00.01.02]", "fail"),
        ("XC002", "Generalisation: ", "A colimit: ", "pass"),
        ("XC002", "Generalisation: ", "", "fail"),
        ("XH001", "0300 BC; Hardy and Wright retell them in 1938", "long ago", "fail"),
        ("XT001", "**Proof.** Write", "**Proof.** TODO Write", "fail"),
        ("XT001", EVERY, "TODO", "pass"),
        ("XN001", EVERY, r"$\Evens$ is undefined here, but `\Odds` is code.", "fail"),
        ("XN001", EVERY, r"$\alpha + \operatorname{ev}$", "pass"),
        ("XA001", "  master: Hardy and Wright\n", "", "fail"),
        ("XA001", "tiers_present: [beginner, intermediate, master]", "tiers_present: [beginner, intermediate]", "fail"),
        ("XM001", 'human_reviewer: "A. Reviewer, 2026-01-15"\n', "", "fail"),
        ("XM003", 'source: TODO_REF, path: "Hardy', 'source: hardy, path: "Hardy', "pass"),
        ("XI002", "id: 00.01.02\n", "id: 00.03.02\n", "fail"),
        ("XI002", "id: 00.01.02\n", "id: twelve\n", "fail"),
        ("XI001", "id: 00.01.02\n", "id:\n", "pass"),
    ],
)  # fmt: skip
def test_edges(code: str, old: str, new: str, verdict: str) -> None:
    snapshot, path = sample_snapshot(Example(old, new))
    result = check_unit(parse_unit(snapshot.read(path), path), SnapshotAnswers(snapshot), [RULE_BY_CODE[code]])
    assert result.checks[0].verdict == verdict, result.checks[0].detail


def test_tolerated_exercise_types_are_warnings() -> None:
    for kind, severity in (("proof", "warning"), ("riddle", "error")):
        snapshot, path = sample_snapshot(Example('data-type="symbolic"', f'data-type="{kind}"'))
        unit = parse_unit(snapshot.read(path), path)
        [check] = check_unit(unit, SnapshotAnswers(snapshot), [RULE_BY_CODE["XE002"]]).checks
        assert (check.verdict, check.severity) == ("fail", severity)


@pytest.mark.parametrize(
    ("place", "verdict"),
    [
        ("drafts/00.01.02-even-numbers.md", "pass"),
        ("drafts/00.01.02-parity.md", "fail"),
        ("content/00-numbers/01-integers/00.01.02-parity.md", "fail"),
    ],
)
def test_a_draft_may_stand_for_the_unit_of_its_name(place: str, verdict: str) -> None:
    snapshot, path = sample_snapshot()
    unit = parse_unit(snapshot.read(path), place)
    [check] = check_unit(unit, SnapshotAnswers(snapshot), [RULE_BY_CODE["XI001"]]).checks
    assert check.verdict == verdict


@pytest.mark.parametrize(
    ("word", "count"), [("cat", 1), ("make", 1), ("table", 2), ("see", 1), ("idea", 2), ("rhythm", 1)]
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_reading_grade() -> None:
    # Two sentences of three words of one syllable: 0.39 × 3 + 11.8 × 1 − 15.59.
    assert reading_grade("The cat sat. The dog ran!") == pytest.approx(-2.62)
    same = "The [cat](http://long.example/address) *sat*. The <b>dog</b> ran!\n\n![picture words](x)\n\n$$ x + y $$"
    assert reading_grade(same) == pytest.approx(-2.62)
    assert reading_grade("The $a + b$ sat. <aside>Notwithstanding</aside>The dog ran!") == pytest.approx(-2.62)
    assert reading_grade("$$x$$") is None


def test_lean_file_with_text_is_not_judged() -> None:
    example = Example(
        "lean_status: none\n", "lean_status: full\nlean_module: A\n", files=(("lean/A.lean", "def a := 1"),)
    )
    snapshot, path = sample_snapshot(example)
    unit = parse_unit(snapshot.read(path), path)
    [check] = check_unit(unit, SnapshotAnswers(snapshot), [RULE_BY_CODE["XM002"]]).checks
    assert check.verdict == "not_judged"


def test_overlap_needs_thirteen_words_and_ignores_formulas() -> None:
    source = (("reference/a.txt", "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"),)
    for text, verdict in (
        ("One, two; three four $x$ five six seven eight nine ten eleven twelve **thirteen**!", "fail"),
        ("one two three four five six seven eight nine ten eleven twelve, no more", "pass"),
    ):
        snapshot, path = sample_snapshot(Example(EVERY, text, files=source))
        unit = parse_unit(snapshot.read(path), path)
        [check] = check_unit(unit, SnapshotAnswers(snapshot), [RULE_BY_CODE["XV001"]]).checks
        assert check.verdict == verdict
        assert verdict == "pass" or "reference/a.txt" in check.detail
