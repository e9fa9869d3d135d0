"""The panels: figures computed from a workspace as runs leave it, shown the same by every renderer."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from codex.agents.journal import Journal
from codex.campaign.clock import stamp
from codex.campaign.events import Kind
from codex.oversight.panels import PANELS, WIDE, all_panels
from codex.oversight.panels.money import Costs
from codex.oversight.panels.progress import BurnDown, Next
from codex.oversight.panels.stuck import StuckWork, stuck
from codex.oversight.render.markdown import cells, escape, markdown
from codex.oversight.render.terminal import screen
from codex.oversight.sheet import Bar, Column, Line, Sheet, flat, one_line, span, tokens
from codex.oversight.view import PLAN_SOURCES, View
from codex.planning.build import build_plan
from codex.snapshot import TreeSnapshot
from codex.workspace import Workspace
from tests.oversight.helpers import NOW, SLUG, SUBJECT, cost, days, event, put

HOSTILE = "</script><img src=x onerror=alert(1)> | [red]x[/red] \x1b[31m & “`$x$`”"


def view(workspace: Workspace, after: timedelta = timedelta()) -> View:
    return View.of_tree(workspace, NOW + after)


def audit(workspace: Workspace, *bullets: str, slug: str = "a-book") -> None:
    """A plan document with a punch list, as another program or a person would leave it."""
    path = workspace.root / f"plans/fasttrack/{slug}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# Audit (Fast Track 1.01)\n\n**Priority 1**\n\n" + "\n".join(bullets) + "\n", encoding="utf-8")


def test_every_panel_of_a_fresh_workspace_is_flat_and_can_be_shown(workspace: Workspace) -> None:
    panels = all_panels(view(workspace))
    assert list(panels) == list(PANELS)
    document = {name: flat(panel) for name, panel in panels.items()}
    assert json.loads(json.dumps(document)) == document
    for figures in document.values():
        rows = [row for value in figures.values() if isinstance(value, list) for row in value if isinstance(row, dict)]
        values = [*figures.values(), *(value for row in rows for value in row.values())]
        assert not any(isinstance(value, dict) for value in values)
    for width in (40, 80, 200):
        console = Console(width=width, record=True, file=StringIO())
        console.print(screen(panels, "heading", width))
        shown = console.export_text()
        assert all(panel.sheet().title in shown for name, panel in panels.items() if name not in WIDE)
        assert max(map(len, shown.splitlines())) <= width


def test_burn_down_and_queue_follow_the_audits_and_what_is_written(workspace: Workspace) -> None:
    audit(
        workspace,
        "1. **`01.01.16` Dual space.** [NEW] maps into the field",
        "2. **`01.01.17` Second dual.** [NEW] needs the first",
        f"3. **`01.01.18` {HOSTILE}.** [NEW] a title",
    )
    deps = workspace.root / "manifests/deps.json"
    graph = json.loads(deps.read_text(encoding="utf-8"))
    graph["edges"].append({"from": "01.01.16", "to": "01.01.17"})
    deps.write_text(json.dumps(graph), encoding="utf-8")
    panels = all_panels(view(workspace))
    burn, queue = panels["burn_down"], panels["next"]
    assert isinstance(burn, BurnDown) and isinstance(queue, Next)
    assert (burn.units_done, burn.units_left, burn.units_total) == (6, 3, 9)
    assert (queue.queued, queue.ready) == (3, 2)
    rows = {row.id: row for row in queue.rows}
    assert rows["01.01.16"].reason == "asked for by a-book; 1 unit rests on it"
    assert rows["01.01.17"].reason == "asked for by a-book; waits for 01.01.16"
    assert [rows[i].ready for i in ("01.01.16", "01.01.17")] == [True, False]
    assert "\x1b" not in rows["01.01.18"].title


def test_the_cache_never_answers_for_another_state(workspace: Workspace) -> None:
    audit(workspace, "1. **`01.01.16` Dual space.** [NEW] maps")
    assert all_panels(view(workspace)) == all_panels(view(workspace))
    audit(workspace, "1. **`01.01.16` Dual space.** [NEW] maps", "2. **`01.01.17` Another.** [NEW] more")
    burn = all_panels(view(workspace))["burn_down"]
    assert isinstance(burn, BurnDown) and burn.units_left == 2


class Watched(TreeSnapshot):
    """Keeps the paths that are asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: set[str] = set()

    def read(self, path: str) -> bytes:
        self.asked.add(path)
        return super().read(path)

    def exists(self, path: str) -> bool:
        self.asked.add(path)
        return super().exists(path)

    def under(self, prefix: str, suffix: str = "") -> Iterator[str]:
        self.asked.add(prefix.rstrip("/") + "/")
        return super().under(prefix, suffix)


def test_the_plan_is_made_of_nothing_that_the_caches_key_leaves_out(workspace: Workspace) -> None:
    audit(workspace, "1. **`01.01.16` Dual space.** [NEW] maps", "2. **`01.01.03` Again.** [DEEPEN] more")
    snapshot = Watched(workspace.root)
    build_plan(snapshot)
    assert snapshot.asked
    assert [path for path in snapshot.asked if not path.startswith(PLAN_SOURCES)] == []


def test_deepenings_are_what_the_ledger_records(workspace: Workspace) -> None:
    owed = [{"id": "01.01.03", "action": "deepen"}, {"id": "01.01.99", "action": "new"}]
    shipped = {"id": "01.01.15", "action": "deepen", "checks": "27/27"}
    put(
        workspace,
        event(Kind.DELIVERABLES, data={"outstanding": owed}),
        event(Kind.UNIT_SHIPPED, unit="01.01.15", pass_name="P4_production", data=shipped),
    )
    burn = all_panels(view(workspace))["burn_down"]
    assert isinstance(burn, BurnDown)
    assert (burn.deepenings_done, burn.deepenings_left, burn.owed, burn.units_left) == (1, 1, 2, 1)


def test_costs_stand_against_campaign_tier_and_book(workspace: Workspace) -> None:
    put(workspace, costs=(cost(1, "P1_audit", usd="30"), cost(2, "P2_gap", usd="15.5"), cost(3, "P1_audit", book="x")))
    found = all_panels(view(workspace))["costs"]
    assert isinstance(found, Costs)
    assert (found.spent_usd, found.ceiling_usd, found.calls) == (Decimal("46.5"), Decimal(2256), 3)
    rows = {(row.scope, row.name): row for row in found.rows}
    assert rows["tier", "α"].spent_usd == Decimal("45.5")
    assert (rows["book", SLUG].ceiling_usd, rows["book", SLUG].tone) == (Decimal(50), "warn")
    assert rows["book", "x"].ceiling_usd is None


def test_what_calls_under_way_reserve_is_read_without_touching_the_journal(workspace: Workspace) -> None:
    path = workspace.state_dir / "journal.sqlite3"
    Journal(path).close()
    with sqlite3.connect(path) as db:
        for n, state in enumerate(("intent", "submitted", "settled")):
            row = {"id": f"c{n}", "key": f"k{n}", "try": 1, "state": state, "owner": "nobody", "created_at": "2026"}
            row |= {"subject": SUBJECT, "pass": "P1_audit", "attempt": 1, "turn": 1}
            row |= {"backend": "b", "model": "m", "prompt_sha256": "0", "reserved": 2_500_000, "charged": 2_500_000}
            db.execute(f"INSERT INTO calls ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", (*row.values(),))
    db.close()
    found = all_panels(view(workspace))["costs"]
    assert isinstance(found, Costs) and found.reserved_usd == Decimal(5)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM calls WHERE state = 'lost'").fetchone() == (0,)
    db.close()
    path.write_bytes(b"no database at all, but as long as one might be " * 40)
    broken = all_panels(view(workspace))["costs"]
    assert isinstance(broken, Costs) and broken.reserved_usd is None


def stuck_in(workspace: Workspace, after: timedelta) -> StuckWork:
    return stuck(view(workspace, after))


def test_nothing_is_stuck_in_a_fresh_workspace(workspace: Workspace) -> None:
    found = stuck_in(workspace, days(400))
    assert found.rows == ()
    assert found.sheet().empty == "Nothing is stuck."


def test_an_expired_claim_is_stuck_and_a_live_one_is_not(workspace: Workspace) -> None:
    until = stamp(NOW + timedelta(hours=4))
    put(workspace, event(Kind.CLAIMED, owner="someone", data={"until": until}))
    assert stuck_in(workspace, timedelta(hours=3)).claims_expired == 0
    found = stuck_in(workspace, timedelta(hours=9))
    assert (found.claims_expired, found.rows[0].subject, found.rows[0].waited) == (1, SLUG, "5 h")
    assert found.rows[0].remedy == f"codexctl run {SLUG}"


def test_an_escalation_comes_first_and_says_how_long(workspace: Workspace) -> None:
    put(workspace, event(Kind.ESCALATED, data={"reason": f"third failure {HOSTILE}"}))
    found = stuck_in(workspace, days(3))
    assert (found.escalations, found.not_moved) == (1, 0)
    assert found.rows[0].kind == "waits for a person"
    assert found.rows[0].waited == "3 days"
    assert "\x1b" not in found.rows[0].detail


@pytest.mark.parametrize(("state", "still", "moving"), [("in-production", 25, 23), ("verified", 24 * 8, 24 * 6)])
def test_a_book_that_does_not_move_is_stuck_after_the_time_of_its_state(
    workspace: Workspace, state: str, still: int, moving: int
) -> None:
    put(workspace, event(Kind.ESCALATED, data={"reason": "a test"}))
    put(workspace, event(Kind.ANSWERED, to_state=state))
    assert stuck_in(workspace, timedelta(hours=moving)).not_moved == 0
    found = stuck_in(workspace, timedelta(hours=still))
    assert found.not_moved == 1
    assert f"at {state}" in found.rows[0].detail


def test_a_proposal_left_in_the_spool_is_stuck(workspace: Workspace) -> None:
    spool = workspace.state_dir / "spool"
    (spool / "bad").mkdir(parents=True, exist_ok=True)
    (spool / "done").mkdir(exist_ok=True)
    for name, minutes in (("p-new.json", 5), ("p-old.json", 50), ("bad/p-bad.json", 1), ("done/p-done.json", 99)):
        (spool / name).write_text("{}", encoding="utf-8")
        os.utime(spool / name, ((NOW - timedelta(minutes=minutes)).timestamp(),) * 2)
    found = stuck_in(workspace, timedelta())
    assert [row.subject for row in found.rows] == ["bad/p-bad", "p-old"]
    assert found.spooled == 2


def test_a_matrix_that_somebody_edited_is_out_of_date(workspace: Workspace) -> None:
    put(workspace, event(Kind.NOTED))
    path = workspace.root / "manifests/fasttrack_coverage.md"
    assert stuck_in(workspace, timedelta()).drifted == 0
    path.write_text(path.read_text(encoding="utf-8") + "edited\n", encoding="utf-8")
    assert stuck_in(workspace, timedelta()).drifted == 1


def test_a_folder_without_git_or_manifests_is_shown_too(tmp_path: Path) -> None:
    for folder in ("content", "manifests"):
        (tmp_path / folder).mkdir()
    panels = all_panels(view(Workspace.open(tmp_path)))
    assert panels["commits"].sheet().empty == "No git history here."
    assert panels["estimate"].sheet().empty == "Nothing is left to do."


def test_commits_say_what_git_says(workspace: Workspace) -> None:
    put(workspace, event(Kind.NOTED))
    found: Any = all_panels(view(workspace))["commits"]
    said = workspace.git.out("log", "-5", "--format=%h %s").split("\n")
    assert [f"{row.id} {row.subject}" for row in found.rows] == said
    assert found.branch == "main"


# --- renderers --------------------------------------------------------------------------------------------------------


@given(st.text())
def test_text_of_others_stays_on_one_line_without_control(text: str) -> None:
    shown = one_line(text, 40)
    assert len(shown) <= 40
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_markdown_of_any_text_has_the_cells_of_its_table(text: str) -> None:
    sheet = Sheet("t", columns=(Column("a"), Column("b", right=True)), lines=(Line((one_line(text), "2")),))
    row = markdown(sheet).splitlines()[-1]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3
    assert "<" not in re.sub(r"\\<", "", row)
    assert cells(sheet) == [{"a": one_line(text), "b": "2"}]


def test_markdown_escapes_what_could_become_a_link_or_a_tag() -> None:
    assert escape("[x](javascript:alert(1)) <b>") == r"\[x\](javascript:alert(1)) \<b\>"


def test_terminal_shows_markup_as_text() -> None:
    console = Console(width=120, record=True, file=StringIO())

    class Odd:
        def sheet(self) -> Sheet:
            return Sheet(
                "[bold]t[/bold]", bars=(Bar("[b]", 1, 0, "[/b]"),), columns=(Column("c"),), lines=(Line(("[red]x",)),)
            )

    console.print(screen({"odd": Odd()}, "[h]", 100))
    shown = console.export_text()
    assert all(part in shown for part in ("[h]", "[bold]t[/bold]", "[red]x", "[/b]"))


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "0 min"), (119, "119 min"), (120, "2 h"), (2879, "47 h"), (2880, "2 days")]
)
def test_spans_in_words(minutes: int, said: str) -> None:
    assert span(timedelta(minutes=minutes)) == said


@pytest.mark.parametrize(
    ("number", "said"), [(None, "–"), (812, "812"), (41_300, "41.3 k"), (2_700_000, "2.7 M"), (3e9, "3.0 G")]
)
def test_tokens_in_words(number: float | None, said: str) -> None:
    assert tokens(number) == said
