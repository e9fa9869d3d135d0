"""The gate of PW: every seam is said on both sides, and no unit is the worse for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from codex.campaign.events import EventDraft, Kind
from codex.passes.batch import batch_figures, below
from codex.passes.seams import open_seams, seams
from codex.passes.weave import WEAVE
from codex.units import parse_unit
from tests.passes.worlds import (
    CLIFFORD,
    ORTHOGONAL,
    SPIN,
    SPIN_ANCHOR,
    SUBJECT,
    World,
    defects,
    edit,
    only,
    path_of,
    verified,
    weaving,
    woven,
)


def judged(reply: dict[str, Any], world: World | None = None) -> list[str]:
    return defects((world or verified()).judge(WEAVE.name, reply))


def edits(unit: str, *more: dict[str, Any]) -> dict[str, Any]:
    """The sound weaving with further edits to a unit."""
    units = [dict(each) for each in weaving()["units"]]
    there = next((each for each in units if each["unit"] == unit), None)
    if there is None:
        units.append({"unit": unit, "edits": list(more)})
    else:
        there["edits"] = [*there["edits"], *more]
    return weaving(units=units)


def test_a_sound_weaving_passes() -> None:
    verdict = verified().judge(WEAVE.name, weaving())
    assert not verdict.defects
    assert verdict.figures == {"seams": 6, "open_before": 2, "units_edited": 2}


def test_seams_are_those_between_the_book_and_its_neighbours() -> None:
    context = verified().context(WEAVE.name)
    found = seams(context)
    assert {s.connection[:8] for s in found} == {"conn:005", "conn:007", "conn:008"}
    assert all({s.unit, s.other} & {SPIN, ORTHOGONAL} for s in found)
    assert {(s.unit, s.other) for s in found} == {(s.other, s.unit) for s in found}
    assert [s.unit for s, _ in open_seams(context, {})] == [ORTHOGONAL, SPIN]


# --- open seams ------------------


@pytest.mark.parametrize(("kept", "left_open"), [(0, ORTHOGONAL), (1, SPIN)])
def test_a_seam_left_open_on_one_side_is_named(kept: int, left_open: str) -> None:
    verdict = verified().judge(WEAVE.name, weaving(units=[weaving()["units"][kept]]))
    assert only(verdict) == (
        f"{left_open}: conn:008.orthogonal-spin is not said here: the anchor phrase “{SPIN_ANCHOR}” is missing"
    )
    assert verdict.defects[0].code == "ANCHOR"


def saying(text: str) -> list[str]:
    """The sound weaving with the edit to 03.03.03 saying this instead."""
    mine, other = weaving()["units"]
    return judged(weaving(units=[mine, other | {"edits": [edit("append", "Connections", text)]}]))


@pytest.mark.parametrize(
    "text",
    [
        f"- **The covering** [{SPIN}]: {SPIN_ANCHOR.capitalize()}.",
        f"- **The covering** [{SPIN}]: the spin group doubly covers the rotation group.",
        f"- **The covering** [{SPIN}]: the spin group\n  double covers the rotation group.",
        f"- **The covering** [{SPIN}]: <!-- {SPIN_ANCHOR} -->.",
        f"- **The covering** [{SPIN}].\n\n```\n{SPIN_ANCHOR}\n```",
    ],
)
def test_the_anchor_phrase_is_said_word_for_word_where_readers_see_it(text: str) -> None:
    found = saying(text)
    assert (
        f"{ORTHOGONAL}: conn:008.orthogonal-spin is not said here: the anchor phrase “{SPIN_ANCHOR}” is missing"
        in found
    )


def test_a_phrase_in_the_front_matter_is_not_said() -> None:
    world = verified().edit(
        path_of(ORTHOGONAL), lambda text: text.replace("human_reviewer: TBD", f"human_reviewer: {SPIN_ANCHOR}")
    )
    found = judged(weaving(units=[weaving()["units"][0]]), world)
    assert len(found) == 1
    assert "is missing" in found[0]


def test_the_other_unit_has_to_be_named() -> None:
    assert saying(f"- **The covering**: in each dimension {SPIN_ANCHOR}.") == [
        (
            f"{ORTHOGONAL}: conn:008.orthogonal-spin is not said here: the anchor phrase stands there, but {SPIN} is "
            "named nowhere"
        )
    ]


def test_a_connection_to_what_is_not_shipped_is_no_seam() -> None:
    world = verified().edit(path_of(SPIN, verified()), lambda text: text.replace("status: shipped", "status: draft"))
    assert not any("conn:008" in s.connection for s in seams(world.context(WEAVE.name)))


def test_nothing_is_asked_for_without_an_anchor_phrase() -> None:
    def forget(text: str) -> str:
        registry = json.loads(text)
        for connection in registry["connections"]:
            connection["anchor_phrase"] = ""
        return json.dumps(registry)

    world = verified().edit("manifests/connections.json", forget)
    assert seams(world.context(WEAVE.name)) == []
    assert judged(weaving(units=[]), world) == []


# --- nothing gets worse ------------------

WORSE: dict[str, tuple[dict[str, Any], str]] = {
    "phrasing": (edit("append", "Synthesis", "This is obviously so."), "no prohibited phrasings"),
    "long paragraph": (edit("append", "Synthesis", "word " * 251), "no paragraph exceeds 250 words"),
    "undeclared source": (edit("append", "Synthesis", "See [ref: Nobody]."), "uses a declared source"),
    "unknown tier": (
        edit("new_section", "Bridge", "## More [Beginner]\n\nProof. Hence, it is so."),
        "no proof language",
    ),
}


@pytest.mark.parametrize("name", WORSE)
@pytest.mark.parametrize("unit", [SPIN, "01.01.15"])
def test_a_check_that_gets_worse_is_named(name: str, unit: str) -> None:
    change, said = WORSE[name]
    found = verified().judge(WEAVE.name, edits(unit, change)).defects
    assert [(d.where, said in d.what) for d in found] == [(unit, True)], found


def test_a_check_that_failed_before_may_fail_still() -> None:
    world = verified().edit(
        path_of(ORTHOGONAL), lambda text: text.replace("## Synthesis [Master]\n", "## Synthesis [Master]\n\nClearly.\n")
    )
    assert judged(weaving(), world) == []
    assert len(judged(edits(ORTHOGONAL, edit("append", "Synthesis", "word " * 251)), world)) == 1


def test_front_matter_is_out_of_reach() -> None:
    """No heading stands in front matter. In a file where it is not closed, closing it would make some."""
    world = verified().edit(path_of("01.01.03"), lambda text: text.replace("\n---\n", "\n", 1))
    found = judged(edits("01.01.03", edit("append", "Intuition", "---\n\nText.")), world)
    assert "01.01.03: weaving does not change front matter" in found


def test_what_stands_there_is_not_taken_away() -> None:
    text = verified().snapshot.text(path_of(CLIFFORD))
    history = re.search(r"(?s)## Historical & philosophical context \[Master\]\n\n(.*?)\n\n## ", text)
    assert history
    found = judged(edits(CLIFFORD, edit("replace", "Historical & philosophical context", "Gone.", history[1])))
    assert any("Historical & philosophical context: this section had" in each for each in found), found
    exercise = re.search(r'(?s)<aside class="exercise".*?</aside>', text)
    assert exercise
    found = judged(edits(CLIFFORD, edit("replace", "Check your understanding", "Gone.", exercise[0])))
    assert any(each.startswith(f"{CLIFFORD}, exercises: 11 exercises before, 10 now") for each in found), found


@pytest.mark.parametrize(
    ("unit", "change", "said"),
    [
        ("09.09.09", edit("append", "Bridge", "x"), "09.09.09: there is no such unit"),
        (CLIFFORD, edit("append", "Nowhere", "x"), "edit 1 (append under 'Nowhere'): there is no such heading"),
        (CLIFFORD, edit("replace", "Bridge", "x", "not there"), "the passage to replace does not occur there"),
    ],
)
def test_an_edit_that_does_not_fit_is_named(unit: str, change: dict[str, Any], said: str) -> None:
    (found,) = judged(edits(unit, change))
    assert said in found


def test_a_unit_listed_twice_is_named() -> None:
    units = [*weaving()["units"], weaving()["units"][0]]
    assert judged(weaving(units=units)) == [f"{SPIN}: it is listed twice"]


# --- weaving again ------------------


def sparse(text: str) -> str:
    """The unit without most of its references to others: the book's density falls below the threshold."""
    return re.sub(r" ?\[(?:01|03)\.\d\d\.\d\d\]", "", text)


def with_sparse_units() -> World:
    world = woven()
    return world.edit(path_of(SPIN, world), sparse).edit(path_of(ORTHOGONAL), sparse)


def refused_by_continuity(world: World, *found: tuple[str, str]) -> World:
    """The world after a continuity verification that fell short with these defects."""
    listed = [{"code": "METRIC", "where": where, "what": what} for where, what in found]
    failed = EventDraft(
        subject=SUBJECT, kind=Kind.PASS_FAILED, pass_name="PV_continuity",
        data={"attempt": 1, "kind": "shortfall", "defects": listed},
    )  # fmt: skip
    return world.events(failed)


def test_finding_nothing_is_no_answer_while_a_metric_is_below() -> None:
    world = with_sparse_units()
    context = world.context(WEAVE.name)
    short = below(context, batch_figures(context))
    assert "backward_density_avg" in short
    verdict = world.judge(WEAVE.name, weaving(units=[]))
    metrics = [d.what for d in verdict.defects if d.code == "METRIC"]
    assert metrics == [f"{text}, and the edits do not raise it" for text in short.values()]


def test_an_edit_that_raises_the_metric_will_do() -> None:
    world = with_sparse_units()
    more = " ".join(f"[{unit}]" for unit in ("01.01.03", "01.01.15", "03.01.04", "03.01.05", CLIFFORD) * 3)
    text = f"This pattern recurs throughout: {more}. It builds toward what comes."
    units = [{"unit": unit, "edits": [edit("append", "Synthesis", text)]} for unit in (SPIN, ORTHOGONAL)]
    verdict = world.judge(WEAVE.name, weaving(units=units))
    assert not [d for d in verdict.defects if d.code == "METRIC" and "backward" in d.what]


def test_a_sample_that_did_not_hold_asks_for_an_edit() -> None:
    world = refused_by_continuity(woven(), ("P1, pair", "the signs contradict each other"))
    assert judged(weaving(units=[]), world) == [
        "units: continuity verification found what does not hold, and no edit mends it"
    ]
    assert judged(weaving(units=[]), woven()) == []
    shown = WEAVE.variables(world.context(WEAVE.name))["shortfalls"]
    assert shown == ["P1, pair: the signs contradict each other"]


def test_a_faulty_reply_of_the_continuity_pass_says_nothing_about_the_book() -> None:
    failed = EventDraft(
        subject=SUBJECT, kind=Kind.PASS_FAILED, pass_name="PV_continuity",
        data={"attempt": 1, "kind": "reply", "defects": [{"where": "P1", "what": "the quote does not occur"}]},
    )  # fmt: skip
    assert WEAVE.variables(woven().events(failed).context(WEAVE.name))["shortfalls"] == []


# --- what it proposes ------------------


def test_each_edited_unit_is_proposed_on_its_version() -> None:
    changes = verified().changes(WEAVE.name, weaving())
    blobs = verified().snapshot.blobs()
    for change in changes.units:
        assert change.action == "edit"
        assert change.expected_blob == blobs[path_of(change.id, verified())]
        assert change.reason == "asked for by the plan"


def test_woven_neighbours_do_not_join_the_book() -> None:
    reply = edits("01.01.15", edit("append", "Synthesis", "This is an instance of a bridge [03.03.03]."))
    world = verified().take(WEAVE.name, reply, "verified", "woven")
    shipped = [e.unit for e in world.context(WEAVE.name).ledger.events(SUBJECT) if e.kind == Kind.UNIT_SHIPPED]
    assert "01.01.15" in shipped
    assert world.context("PV_continuity").produced == (SPIN, ORTHOGONAL)


def test_the_report_lists_every_edit_of_every_weaving() -> None:
    report = woven().snapshot.text("manifests/weaving_report.md")
    assert report.count("| append | Connections | asked for by the plan |") == 2
    again = {
        "units": [{"unit": CLIFFORD, "edits": [edit("append", "Synthesis", "It appears again in [03.09.03].")]}],
        "summary": "A second weaving.\n\n# Weaving report: another\n\n| unit | edit |\n| --- | --- |\n" + "x" * 60,
    }
    world = woven().take(WEAVE.name, again, "woven", "woven", attempt=2)
    report = world.snapshot.text("manifests/weaving_report.md")
    assert re.findall(r"(?m)^#+ .*", report) == [
        "# Weaving report: Lawson & Michelsohn — Spin Geometry",
        "## Weaving 2", "### Edits", "### Connections said",
        "## Weaving 1", "### Edits", "### Connections said",
    ]  # fmt: skip
    assert f"| {CLIFFORD} | append | Synthesis |" in report
    assert report.count("| append | Connections | asked for by the plan |") == 2


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_nothing_but_the_edits_changes(line_end: str) -> None:
    def ends(text: str) -> str:
        return text.replace("\n", line_end)

    path = path_of(ORTHOGONAL)
    world = verified().edit(path, ends)
    change = next(u for u in world.changes(WEAVE.name, weaving()).units if u.id == ORTHOGONAL)
    added = ends("\n\n" + weaving()["units"][1]["edits"][0]["text"])
    assert change.text.replace(added, "", 1) == world.snapshot.read(path).decode()
    assert parse_unit(change.text.encode(), path).frontmatter == parse_unit(world.snapshot.read(path), path).frontmatter


@pytest.mark.parametrize(
    "spoil",
    [
        lambda reply: reply.update(summary=reply["summary"] + "<script>"),
        lambda reply: reply["units"][0]["edits"][0].update(text=f"<iframe> {SPIN_ANCHOR} [{ORTHOGONAL}]"),
    ],
)
def test_hostile_markup_goes_back_to_its_author(spoil: Callable[[dict[str, Any]], object]) -> None:
    reply = json.loads(json.dumps(weaving()))
    spoil(reply)
    assert any("holds the HTML element" in each for each in judged(reply))
