"""The extended reading: what compat loses."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.planning.audits import read_audits, read_bullets
from codex.planning.build import build_plan
from codex.planning.bullets import Mode
from codex.snapshot import Snapshot
from codex.units.ids import is_id

_PIECES = [
    *("\n", "\n\n", "\r", " ", "1. ", "99999999999. ", "**", "`", "`01.01.01`", "`01.01.01-a-slug.md`", "[NEW]", "."),
    *("## ", "**Priority 0 ", "### Priority two", "Deepen ", "fold", "| ", "- ", "é", "٣", "\x00", "\x85"),
]


def test_the_shared_audits_have_more_than_a_thousand_bullets_with_file_and_line(reduced: Snapshot) -> None:
    bullets = [bullet for audit in read_audits(reduced) for bullet in audit.bullets]
    assert len(bullets) >= 1500
    assert len({(bullet.path, bullet.line) for bullet in bullets}) == len(bullets)
    assert all(bullet.title for bullet in bullets)
    for bullet in bullets:
        line = reduced.text(bullet.path).split("\n")[bullet.line - 1].strip()
        assert line.startswith((f"{bullet.position}. ", "- ", "#### "))


def test_extended_finds_all_that_compat_finds_under_the_same_titles(reduced: Snapshot) -> None:
    found = {(b.path, b.line): b for audit in read_audits(reduced) for b in audit.bullets}
    compat = [bullet for audit in read_audits(reduced, "compat") for bullet in audit.bullets]
    assert compat
    for bullet in compat:
        other = found[bullet.path, bullet.line]
        assert (other.id, other.title, other.position) == (bullet.id, bullet.title, bullet.position)


def test_every_bullet_is_in_the_plan_with_its_place(reduced: Snapshot) -> None:
    plan = build_plan(reduced)
    bullets = [bullet for audit in read_audits(reduced) for bullet in audit.bullets]
    places = {(unit_id, place) for unit_id, unit in plan["units"].items() for place in unit.get("found_at", [])}
    assert {place for _, place in places} == {bullet.place for bullet in bullets}
    moved = {each["place"] for each in plan["collisions"]}
    assert {pair for pair in places if pair[1] not in moved} == {
        (bullet.id, bullet.place) for bullet in bullets if bullet.place not in moved
    }
    assert all(is_id(unit_id) for unit_id, _ in places)


@pytest.mark.parametrize(
    ("text", "unit", "title", "kind", "spec"),
    [
        ("1. **`01.01.01` A title\n   that wraps.** Text\n   goes on.", "01.01.01", "A title that wraps", "new_unit",
         "Text goes on."),
        ("1. **`01.01.01` Sets.** **[ENRICH]** x", "01.01.01", "Sets", "enrich", "x"),
        ("1. **[NEW] `01.01.01` Sets.** x", "01.01.01", "Sets", "new_unit", "x"),
        ("1. **`[DEEPEN] 01.01.01` Sets** — x", "01.01.01", "Sets", "deepening", "x"),
        ("1. **`[ENRICH]` `01.01.01-empty-set`.** x", "01.01.01", "empty set", "enrich", "x"),
        ("1. **[ENRICH] `01.01.01-sets` — a remark.** x", "01.01.01", "a remark", "enrich", "x"),
        ("1. **Deepen `01.01.01` Sets.** x", "01.01.01", "Sets", "deepening", "x"),
        ("1. **Deepen `01.01.01-sets` (a proof).** [ENRICH] x", "01.01.01", "sets (a proof)", "enrich", "x"),
        ("1. **Pointer in `01.01.01-sets.md`** to maps", "01.01.01", "sets", "enrich", "to maps"),
        ("1. **Pointer in `01.01.01-sets.md` to maps.** x", "01.01.01", "sets", "enrich", "x"),
        ("1. **Deepening of `01.01.01`/`01.01.02`: maps of sets.** x", "01.01.01", "maps of sets", "deepening", "x"),
        ("1. **`01.01.01` Sets.** (Ch. 2). [DEFERRED] x", "01.01.01", "Sets", "deferred", "(Ch. 2). x"),
        ("1. **`01.01.01` Sets** [NEW]. *Deferred.* x", "01.01.01", "Sets", "deferred", "x"),
        ("1. **`01.01.00` Chapter README.** [NEW] x", "01.01.00", "Chapter README", "out_of_scope", "x"),
        ("1. **`01.01.01` Sets (or\n   1975. more).** x", "01.01.01", "Sets (or 1975. more)", "new_unit",
         "x"),
        ("1. **`01.01.01` (or `01.02.02`) Sets.** x", "01.01.01", "Sets", "new_unit", "x"),
        ("1. **ENRICH `01.01.01`, `01.01.02`.** Say more. Then", "01.01.01", "Say more", "enrich", "Say more. Then"),
        ("1. `01.01.01` Sets; maps of sets.", "01.01.01", "Sets", "new_unit", "maps of sets."),
        ("1.\n**`01.01.01` Sets.** x", "01.01.01", "Sets", "new_unit", "x"),
        ("1. **`01.01.01` Sets** x", "01.01.01", "Sets", "new_unit", "x"),
        ("1. **`01.01.E1` Exercises.** x", "01.01.E1", "Exercises", "new_unit", "x"),
        ("1. **`01.01.01` Manifolds.** An 8-fold way", "01.01.01", "Manifolds", "new_unit", "An 8-fold way"),
        ("1. **`01.01.01` Sets.** Fold it in", "01.01.01", "Sets", "deepening", "Fold it in"),
        ("1. **`01.01.01`-style → `01.01.02` Maps.** x", "01.01.02", "Maps", "new_unit", "x"),
    ],
)  # fmt: skip
def test_forms(text: str, unit: str, title: str, kind: str, spec: str) -> None:
    (bullet,) = read_bullets(text, "a.md")
    assert (bullet.id, bullet.title, bullet.kind, bullet.spec) == (unit, title, kind, spec)


@pytest.mark.parametrize(
    "text",
    [
        "1. **`01.01.01-sets.md`** — exists and is silent on maps.",
        "1. **A theorem.** See `01.01.01`.",
        "1. **01.01.01 (sets) ↔ 01.01.02 (maps).** Woven.",
        "- **`01.01.01` Sets.** x",
    ],
)
def test_what_is_no_wish_for_a_unit(text: str) -> None:
    assert read_bullets(text, "a.md") == ()


@pytest.mark.parametrize("ending", ["", "# Heading", "| a | b |", "- item", "2. another", "**Priority 2:**"])
def test_an_item_ends_at_a_blank_line_and_at_what_is_no_text(ending: str) -> None:
    bullet = read_bullets(f"1. **`01.01.01` Sets.** One\ntwo\n{ending}\nthree", "a.md")[0]
    assert bullet.spec == "One two"


def test_priorities_come_from_bold_lines_and_headings_and_end_with_the_section() -> None:
    text = """\
1. `01.01.01` A
**Priority 0 — first:**
2. `01.01.02` B
### Priority 3 — later
3. `01.01.03` C
#### A remark
4. `01.01.04` D
**priority-two**
5. `01.01.05` E
### Others
6. `01.01.06` F, on the **priority-1 list** of others
"""
    bullets = read_bullets(text, "a.md")
    assert [b.priority for b in bullets] == ["P?", "P0", "P3", "P3", "P2", "P?"]
    assert [b.line for b in bullets] == [1, 3, 5, 7, 9, 11]


@given(st.one_of(st.text(), st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)))
def test_no_text_raises_and_every_bullet_has_a_line_of_the_text(text: str) -> None:
    lines = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for mode in get_args(Mode):
        for bullet in read_bullets(text, "a.md", mode):
            assert 1 <= bullet.line <= lines
            assert bullet.kind
            assert bullet.path == "a.md"
