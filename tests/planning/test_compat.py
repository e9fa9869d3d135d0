"""The compat reading: equal to the golden plan, losses included."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from codex.planning.audits import read_audits, read_bullets
from codex.planning.build import build_plan
from codex.snapshot import Snapshot


def _read(text: str) -> list[tuple[str, str, str, str, str]]:
    return [(b.id, b.title, b.spec, b.kind, b.priority) for b in read_bullets(text, "a.md", "compat")]


def test_the_plan_of_the_reduced_corpus_is_the_golden_plan(reduced: Snapshot, golden: dict[str, Any]) -> None:
    plan = build_plan(reduced, "compat")
    assert plan["queue_topo_order"] == golden["queue_topo_order"]
    assert plan == golden


def test_the_yield_of_the_shared_audits_is_the_reference_s(reduced: Snapshot) -> None:
    audits = read_audits(reduced, "compat")
    bullets = [bullet for audit in audits for bullet in audit.bullets]
    assert (len(audits), len(bullets), len({bullet.id for bullet in bullets})) == (85, 720, 652)
    assert Counter(b.kind for b in bullets) == {"new_unit": 679, "deepening": 36, "enrich": 5}
    assert Counter(b.priority for b in bullets) == {"P?": 340, "P1": 218, "P2": 91, "P3": 55, "P4": 16}


def test_a_bullet_has_its_line() -> None:
    text = "# Audit\r\n\r\n1. **`01.01.01` Sets.** Two.\r\n\r\n2. **`01.01.02` Maps.** Three.\r\n"
    assert [(b.path, b.line, b.position) for b in read_bullets(text, "a.md", "compat")] == [
        ("a.md", 3, 1),
        ("a.md", 5, 2),
    ]


def test_priority_markers_hold_until_the_next_and_zero_changes_nothing() -> None:
    text = """\
1. **`01.01.01` A.** x
**Priority 2 — more
of it:**
2. **`01.01.02` B.** x
### Priority 3 — not seen
3. **`01.01.03` C.** x
**priority one**
4. **`01.01.04` D.** x
**Priority 0 — first:**
5. **`01.01.05` E.** x
**priority-4**
6. **`01.01.06` F.** x
"""
    assert [row[4] for row in _read(text)] == ["P?", "P2", "P2", "P1", "P1", "P1"]


def test_a_block_begins_a_line() -> None:
    text = "Text\n\n**Priority 1:** 1. **`01.01.01` A.** x\n"
    assert [(b.priority, b.line) for b in read_bullets(text, "a.md", "compat")] == [("P1", 3)]


@pytest.mark.parametrize(
    ("line", "title", "spec", "kind"),
    [
        ("1. **`01.01.01` Sets.** [NEW] Templated text.", "Sets", "Templated text.", "new_unit"),
        ("1. **`01.01.01` Sets.** [deepening] x", "Sets", "x", "deepening"),
        ("1. **`01.01.01` Sets.** [Out-of-scope] x", "Sets", "x", "out_of_scope"),
        ("1. **`01.01.01` Sets.** [DEFERRED]\tx", "Sets", "x", "deferred"),
        ("1. **`01.01.01` Sets.** **[ENRICH]** x", "Sets", "**[ENRICH]** x", "new_unit"),
        ("1. **`01.01.01` Manifolds.** x", "Manifolds", "x", "deepening"),
        ("1. **`01.01.01` Sets.** A Real Proof.", "Sets", "A Real Proof.", "deepening"),
        ("1. **`01.01.01` Sets.**\n\n2. **`01.01.02` Lost.** x", "Sets", "2. **`01.01.02` Lost.** x", "new_unit"),
    ],
)
def test_kinds_and_specs(line: str, title: str, spec: str, kind: str) -> None:
    assert _read(line) == [("01.01.01", title, spec, kind, "P?")]


@pytest.mark.parametrize(
    "line",
    [
        "1. **`01.01.01` A title\n   that wraps.** x",
        "1. **`01.01.E1` Exercises.** x",
        "1. `01.01.01` Sets. x",
        "1. **[NEW] `01.01.01` Sets.** x",
        "1. **`01.01.01` Sets** x",
        "- **`01.01.01` Sets.** x",
    ],
)
def test_what_compat_loses(line: str) -> None:
    assert _read(line) == []
