"""The gate of PV: metrics of the book's units are measured, samples are judged once, quotes are looked up."""

from __future__ import annotations

import re
from typing import Any

import pytest

from codex.campaign.about import unmet
from codex.campaign.definition import load_campaign
from codex.campaign.ledger import Ledger
from codex.continuity.report import reported_aggregate
from codex.passes.continuity import BRIDGES, CONTINUITY, PAIRS, SECTIONS, samples
from codex.units import parse_unit
from tests.passes.worlds import ORTHOGONAL, SPIN, SUBJECT, World, defects, only, path_of, woven


def sentence(text: str) -> str:
    """The first line of a text that is a sentence of words."""
    return next(line for line in text.splitlines() if len(line.split()) > 8 and not line.startswith(("#", "|", "<")))


def judgement(world: World, sample: dict[str, str]) -> dict[str, Any]:
    unit = world.context(CONTINUITY.name).units[sample["unit"]]
    about = sample["about"] if sample["kind"] != "pair" else "Intuition"
    section = next(s for s in unit.sections if s.heading.title == about)
    comment = "It says what the other unit does, and in the same words."
    return {"sample": sample["id"], "holds": True, "quote": sentence(unit.section_text(section)), "comment": comment}


def reply(world: World | None = None, **changed: Any) -> dict[str, Any]:
    """A sound reply: every sample holds."""
    world = world or woven()
    judged = [judgement(world, sample) for sample in samples(world.context(CONTINUITY.name))]
    return {"judgements": judged, "statement": "The units read as parts of one book, with one convention."} | changed


def changed_judgement(name: str, **changed: Any) -> dict[str, Any]:
    judged = [j | changed if j["sample"] == name else j for j in reply()["judgements"]]
    return reply(judgements=judged)


def test_a_sound_reply_passes() -> None:
    verdict = woven().judge(CONTINUITY.name, reply())
    assert not verdict.defects
    assert not verdict.shortfall
    assert verdict.figures["samples"] == verdict.figures["samples_holding"] == 10
    assert set(verdict.figures["metrics"]) == {
        "backward_density_avg", "forward_density_avg", "lateral_per_master_avg", "synthesis_intermediate_avg",
        "synthesis_master_avg", "anchor_reuse_avg",
    }  # fmt: skip


def test_the_sample_is_fixed_and_of_the_right_size() -> None:
    found = samples(woven().context(CONTINUITY.name))
    assert found == samples(woven().context(CONTINUITY.name))
    by_kind = {kind: [s for s in found if s["kind"] == kind] for kind in ("pair", "connections", "bridge")}
    assert [len(by_kind[kind]) for kind in by_kind] == [3, 4, 3]
    assert len(by_kind["pair"]) <= PAIRS
    assert len(by_kind["connections"]) <= SECTIONS
    assert len(by_kind["bridge"]) == BRIDGES
    assert [s["unit"] for s in by_kind["bridge"]][:2] == [ORTHOGONAL, SPIN]  # the one that the other needs comes first
    assert {SPIN, ORTHOGONAL} in [{s["unit"], s["other"]} for s in by_kind["pair"]]


def test_the_transition_is_met() -> None:
    world = woven().take(CONTINUITY.name, reply(), "woven", "equivalence-covered")
    ledger = Ledger.load(world.snapshot)
    assert ledger.status(SUBJECT) == "equivalence-covered"
    assert unmet(("continuity_met", "weaving_reported"), ledger, world.snapshot, SUBJECT) == []


# --- judgements ------------------


@pytest.mark.parametrize("name", ["P1", "C2", "B3"])
def test_a_missing_sample_is_named(name: str) -> None:
    judged = [j for j in reply()["judgements"] if j["sample"] != name]
    assert only(woven().judge(CONTINUITY.name, reply(judgements=judged))) == f"{name}: this sample is not judged"


def test_a_doubled_sample_is_named() -> None:
    judged = [*reply()["judgements"], reply()["judgements"][0]]
    verdict = woven().judge(CONTINUITY.name, reply(judgements=judged))
    assert only(verdict) == "P1: this sample is judged more than once"


def test_an_unknown_sample_is_named() -> None:
    judged = [*reply()["judgements"], reply()["judgements"][0] | {"sample": "P9"}]
    assert only(woven().judge(CONTINUITY.name, reply(judgements=judged))) == "P9: there is no such sample"


@pytest.mark.parametrize(
    ("name", "quote", "said"),
    [
        ("P1", "These two units are connected by a form.", "P1: the quote occurs neither in 03.03.03 nor in 01.01.15"),
        ("P1", "Euler proved", "P1: the quote is shorter than 6 words"),
        ("C1", "Put two arrows on a table. One points east", "C1: the quote does not occur under 'Connections'"),
        ("B1", "Hamilton found the quaternions in 1843 and Grassmann", "B1: the quote does not occur under 'Bridge'"),
        ("B1", "Every prerequisite", "B1: the quote is shorter than 6 words"),
    ],
)
def test_a_misquoted_sample_is_named(name: str, quote: str, said: str) -> None:
    found = only(woven().judge(CONTINUITY.name, changed_judgement(name, quote=quote)))
    assert found.startswith(said)


def test_a_pair_is_quoted_from_either_unit() -> None:
    other = samples(woven().context(CONTINUITY.name))[0]["other"]
    unit = parse_unit(woven().snapshot.read(path_of(other)), "a.md")
    quote = sentence(unit.body)
    assert not woven().judge(CONTINUITY.name, changed_judgement("P1", quote=quote)).defects


# --- falling short ------------------


def test_a_sample_that_does_not_hold_is_a_shortfall_and_no_defect() -> None:
    comment = "The entry claims an equivalence and the other unit shows an implication only."
    verdict = woven().judge(CONTINUITY.name, changed_judgement("C1", holds=False, comment=comment))
    assert not verdict.defects
    assert [(d.where, d.what, d.code) for d in verdict.shortfall] == [
        (f"C1, connections {ORTHOGONAL} (Connections) does not hold", comment, "SAMPLE")
    ]
    assert verdict.figures["samples_holding"] == 9


def below(world: World, pattern: str, instead: str) -> World:
    for unit in (SPIN, ORTHOGONAL):
        world = world.edit(path_of(unit, world), lambda text: re.sub(pattern, instead, text))
    return world


@pytest.mark.parametrize(
    ("pattern", "instead", "metric"),
    [
        (r"\[\d\d\.\d\d\.\d\d\]", "", "backward_density"),
        (r"(?i)appears? again in|builds? toward|in the next|this pattern recurs?", "recurs", "forward_density"),
        (r"(?m)^- \*\*", "**", "lateral_per_master"),
        (r"a reflection becomes", "A Reflection becomes", "anchor_reuse"),
    ],
)
def test_a_metric_of_the_books_units_below_its_threshold(pattern: str, instead: str, metric: str) -> None:
    world = below(woven(), pattern, instead)
    verdict = world.judge(CONTINUITY.name, reply(world))
    assert not verdict.defects, defects(verdict)
    (found,) = [d for d in verdict.shortfall if d.what.startswith(f"{metric}: ")]
    assert re.fullmatch(rf"{metric}: \d+\.\d\d < [\d.]+", found.what)
    assert found.code == "METRIC"


def test_the_corpus_may_be_below_when_the_book_is_not() -> None:
    world = woven()
    for unit in ("01.01.03", "01.01.15", "03.01.04", "03.01.05", "03.09.02"):
        world = world.edit(
            path_of(unit), lambda text: re.sub(r"(?i)appears? again in|builds? toward|in the next", "x", text)
        )
    world = world.edit(path_of("01.01.03"), lambda text: text + "\nword " * 9000)
    verdict = world.judge(CONTINUITY.name, reply(world))
    assert not verdict.shortfall
    assert any(each.startswith("forward_density: ") for each in verdict.figures["corpus_failures"])


def test_thresholds_are_those_of_the_campaign() -> None:
    campaign = "manifests/fasttrack/campaign.toml"
    packaged = "".join(
        [
            'name = "x"\ntitle = "x"\n[tiers]\n[layers]\n',
            *(f"{layer} = {least}\n" for layer, least in load_campaign().layers.items()),
            "[continuity]\nbackward_density = 99.0\n",
        ]
    )
    verdict = woven().write({campaign: packaged}).judge(CONTINUITY.name, reply())
    assert [d.what.partition(":")[0] for d in verdict.shortfall] == ["backward_density"]


def test_a_book_without_units_falls_short() -> None:
    world = woven().write({path_of(SPIN, woven()): "", path_of(ORTHOGONAL): ""})
    files = dict.fromkeys((path_of(SPIN, woven()), path_of(ORTHOGONAL)))
    bare = World({k: v for k, v in world.files.items() if k not in files})
    bare.snapshot = bare.snapshot.with_changes(files)
    verdict = bare.judge(CONTINUITY.name, {"judgements": [], "statement": "There is nothing to be judged here at all."})
    assert [d.what for d in verdict.shortfall] == ["No units found."]


def test_a_defect_comes_before_the_shortfall() -> None:
    bad = changed_judgement("C1", holds=False, quote="a sentence that stands nowhere in this corpus")
    verdict = woven().judge(CONTINUITY.name, bad)
    assert verdict.defects
    assert not verdict.shortfall


# --- the report ------------------


def test_the_report_has_metrics_samples_and_deficits() -> None:
    bad = changed_judgement("B1", holds=False, comment="It announces the next unit and argues | nothing.\n\n## No")
    (report,) = woven().changes(CONTINUITY.name, bad).reports
    text = report.markdown
    assert text.startswith("# Continuity report\n")
    assert "## Lawson & Michelsohn — Spin Geometry\n\nUnits: 03.09.03, 03.03.03.\n" in text
    assert "| backward_density | " in text
    assert text.count("| holds |") == 9
    assert "| B1 | bridge | 03.03.03 |  | does not hold |" in text
    assert "### Deficits\n" in text
    assert "\n## No" not in text
    assert set(reported_aggregate(text)) == set(woven().judge(CONTINUITY.name, bad).figures["corpus_metrics"])
