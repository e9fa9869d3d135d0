"""The numbers of a brief: what a unit of this length must have, and that a text with just that passes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.limits import thresholds_of
from codex.continuity.anchors import AnchorPhrases
from codex.continuity.measure import measure
from codex.continuity.thresholds import THRESHOLDS, shortfalls
from codex.passes.briefing.case import Case
from codex.passes.briefing.lengths import Length, asked_words, length_of, tier_words
from codex.passes.briefing.reach import ahead, behind, goals, most_references, spread
from codex.units import parse_unit
from tests.passes.briefing.desks import UNIT, case_of, deps, edge

FOLDER = "content/03-modern-geometry/09-spin-geometry"


def length(beginner: int, intermediate: int, master: int) -> Length:
    total = beginner + intermediate + master
    return Length({"beginner": beginner, "intermediate": intermediate, "master": master}, total, 0, 0, (), None, 0)


@pytest.fixture(scope="module")
def case() -> Case:
    return case_of()


def test_thresholds_become_counts(case: Case) -> None:
    found = {goal.noun: goal for goal in goals(case, length(700, 1500, 1800))}
    assert (found["backward references"].least, found["forward promises"].least) == (32, 12)
    assert (found["backward references"].aim, found["forward promises"].aim) == (37, 17)
    assert found["forward promises"].every == 4000 // 17
    assert found["synthesis claims in the Master tier"].least == 4
    assert found["synthesis claims in the Master tier"].aim == 5
    assert found["bullets under `## Connections [Master]`"].every == 0
    assert most_references(length(700, 1500, 1800)) == 48
    assert len(found) == len(THRESHOLDS) - 1  # anchor phrases are said apart


@given(*[st.integers(50, 4000)] * 3)
def test_the_spread_adds_up(beginner: int, intermediate: int, master: int) -> None:
    wanted = length(beginner, intermediate, master)
    case = case_of()
    back, ahead_of = goals(case, wanted)[:2]
    shares = spread(case, wanted)
    assert sum(s.references for s in shares) >= back.aim
    assert sum(s.promises for s in shares) >= ahead_of.aim
    assert abs(sum(s.words for s in shares) - wanted.total) <= 10 * len(shares)
    assert back.aim <= most_references(wanted) or wanted.total < 500


def test_a_text_that_follows_the_table_reaches_every_threshold(case: Case) -> None:
    """Written by the table and nothing else: as many words, references and promises in each part as it says."""
    wanted = length(600, 1200, 1500)
    counted = {goal.noun: goal for goal in goals(case, wanted)}
    claims = {"Intermediate": counted["synthesis claims in the Intermediate tier"].aim,
              "Master": counted["synthesis claims in the Master tier"].aim}  # fmt: skip
    parts = []
    for share in spread(case, wanted):
        said = ["This builds toward more."] * share.promises + ["See [03.09.02]."] * share.references
        text = " ".join([*said, *["word"] * (share.words - 4 * share.promises - share.references)])
        tier = share.part.rpartition("[")[2].rstrip("]+") if "[" in share.part else "Master"
        marker = "Intermediate+" if tier.startswith("Intermediate") else tier
        title = share.part.partition(" [")[0].partition(":")[0]
        head = f"## {title} [{marker}]" if "[" in share.part else f"## {title} [Master]"
        if share.part.startswith("Connections"):
            bullets = counted["bullets under `## Connections [Master]`"].aim
            text = "\n\n".join(
                f"- **Unit [03.09.02].** A generalisation, {text}" for text in [text] * 1 + ["more"] * bullets
            )
        parts.append(f"{head}\n\n{text}\n\n" + "It is an instance of it. " * claims.pop(marker.rstrip("+"), 0))
    text = f"---\nid: {UNIT}\n---\n\n" + "\n\n".join(parts)
    assert shortfalls(measure(text.encode(), "x.md", AnchorPhrases())) == []


def test_lengths_are_medians_of_the_chapter() -> None:
    def unit(number: int, words: int) -> tuple[str, str]:
        heads = ("Intuition [Beginner]", "Formal definition [Intermediate+]", "Synthesis [Master]")
        body = "\n\n".join(f"## {head}\n\n{'word ' * words}" for head in heads)
        front = f"id: 03.09.{number}\ntitle: Part {number}\nstatus: shipped\n"
        return f"{FOLDER}/03.09.{number}-p.md", f"---\n{front}---\n\n{body}\n"

    case = case_of(dict(unit(number, words) for number, words in ((21, 100), (22, 200), (23, 300), (24, 5000))))
    found = length_of(case)
    assert set(found.peers) == {"03.09.02", "03.09.21", "03.09.22", "03.09.23", "03.09.24"}
    assert found.tiers["beginner"] == 300
    assert found.total == sum(found.tiers.values())
    assert found.low <= found.total <= found.high
    assert found.asked == 900


def test_words_are_counted_by_tier_without_formulas() -> None:
    body = "## A [Beginner]\n\ntwo words $x < y$ <b>here</b>\n\n### B\n\nmore\n\n## C [Master]\n\n$$a\nb$$ one\n"
    words = tier_words(parse_unit(f"---\nid: 1\n---\n\n{body}".encode(), "x.md"))
    assert words == {"beginner": 4, "intermediate": 0, "master": 1}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("~1800 words", 1800),
        ("Short (~900 words); later ~1,500", 900),
        ("~1500–2500 words", 1500),
        ("1200 words", None),
    ],
)
def test_the_length_an_audit_asks_for(spec: str, words: int | None) -> None:
    assert asked_words(spec) == words


def test_targets_lie_ahead_and_behind() -> None:
    files = {"manifests/deps.json": deps(
        edge("03.01.05", "03.09.02"), edge("03.09.02", UNIT), edge(UNIT, "03.09.30"), edge("03.09.30", "03.09.31"),
    )}  # fmt: skip
    files |= {
        f"{FOLDER}/{unit}-x.md": f"---\nid: {unit}\ntitle: Spinor part {unit}\nstatus: shipped\n---\n\nText.\n"
        for unit in ("03.09.30", "03.09.31", "03.09.20", "03.09.E1")
    }
    case = case_of(files)
    forward = {target.id: target.why for target in ahead(case)}
    assert list(forward)[:2] == ["03.09.30", "03.09.20"]
    assert forward["03.09.30"] == "needs this unit"
    assert forward["03.09.20"] == "comes later in the chapter"
    assert forward["03.09.31"] in {"comes later in the chapter", "needs a unit that needs this one"}
    back = {target.id: target.why for target in behind(case)}
    assert list(back)[:2] == ["03.09.02", "03.01.05"]
    assert back["03.01.05"] == "prerequisite of one"
    assert not {UNIT, "03.09.E1"} & {*forward, *back}  # packs are no units that a text refers to
    assert all(unit > UNIT for unit in forward)


def test_what_is_neither_written_nor_announced_is_no_target() -> None:
    case = case_of({"plans/fasttrack/more.md": "# More\n\n1. **`03.09.40` Spinor bundles.** [NEW] Later.\n"})
    assert "03.09.40" in case.planned
    assert "03.09.40" not in {target.id for target in ahead(case)}  # rule XR001 would fail it in brackets


# --- one source of thresholds ------------------

CAMPAIGN = "manifests/fasttrack/campaign.toml"


def campaign(forward: float) -> str:
    from codex.campaign.definition import load_campaign

    figures = load_campaign().continuity | {"forward_density": forward}
    lines = "\n".join(f"{name} = {value}" for name, value in figures.items())
    return f'name = "x"\ntitle = "X"\ntiers = {{}}\nlayers = {{}}\n[continuity]\n{lines}\n'


@pytest.mark.parametrize(
    ("files", "minimum"),
    [
        ({}, 3.0),
        ({CAMPAIGN: campaign(2.5)}, 2.5),
        ({"codex.toml": "[continuity.minimum]\nforward_density = 4.0\n"}, 4.0),
        ({CAMPAIGN: campaign(2.5), "codex.toml": "[continuity.minimum]\nforward_density = 4.0\n"}, 4.0),
    ],
)
def test_the_workspace_goes_before_the_campaign(files: dict[str, str], minimum: float) -> None:
    case = case_of(files)
    found = {t.name: t.minimum for t in thresholds_of(case.context.snapshot)}
    assert found["forward_density"] == minimum
    assert found["backward_density"] == 8.0
    goal = next(goal for goal in goals(case, length(1000, 1000, 2000)) if goal.noun == "forward promises")
    assert goal.least == math.ceil(4 * minimum)


def test_the_campaign_that_comes_with_codex_has_the_rubrics_figures() -> None:
    from codex.campaign.definition import load_campaign

    assert load_campaign().continuity == {t.name: t.minimum for t in THRESHOLDS}
