"""The gate of P4: one unit, new or deepened; each single fault of a draft is found and named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from codex.errors import UserError
from codex.passes.context import Failure
from codex.passes.production import PRODUCTION, ProductionReply
from codex.tracks.registry import rung
from codex.units import parse_unit, set_frontmatter_value
from tests.passes.worlds import (
    CLIFFORD,
    ORTHOGONAL,
    QUOTES,
    SPIN,
    deepened,
    defects,
    edit,
    only,
    path_of,
    planned,
    produced,
    production,
    spin_unit,
)


def drafted(change: Callable[[str], str]) -> list[str]:
    """What the gate says of a changed draft of the new unit."""
    return defects(planned().judge(PRODUCTION.name, production(unit=change(spin_unit())), unit=SPIN))


def deepening(**changed: Any) -> list[str]:
    return defects(planned().judge(PRODUCTION.name, deepened(**changed), unit=ORTHOGONAL))


def without_section(text: str, title: str) -> str:
    return re.sub(rf"## {re.escape(title)} \[.*?(?=\n## |\Z)", "", text, flags=re.DOTALL)


def test_a_sound_unit_passes() -> None:
    verdict = planned().judge(PRODUCTION.name, production(), unit=SPIN)
    assert not verdict.defects
    assert verdict.figures == {"checks": "27/27"}


def test_a_sound_deepening_passes() -> None:
    verdict = planned().judge(PRODUCTION.name, deepened(), unit=ORTHOGONAL)
    assert not verdict.defects
    assert verdict.figures == {"checks": "27/27"}


# --- the checks ------------------


def said(text: str) -> Callable[[str], str]:
    return lambda draft: draft.replace("## Synthesis [Master]\n", f"## Synthesis [Master]\n\n{text}\n", 1)


FAULTS: dict[str, tuple[Callable[[str], str], str]] = {
    "phrasing": (said("This is obviously so."), "no prohibited phrasings"),
    "long paragraph": (said("word " * 260), "no paragraph exceeds 250 words"),
    "unknown source": (said("See [ref: Nobody 1900]."), "every [ref: …] uses a declared source"),
    "proof for beginners": (
        lambda d: d.replace("## Visual [Beginner]\n", "## Visual [Beginner]\n\nProof. It follows that.\n"),
        "Beginner has no proof language",
    ),
    "no bibliography": (lambda d: without_section(d, "Bibliography"), "Master has bibliography section"),
    "no front matter": (lambda d: d.replace("---\n", "", 1), "No front matter"),
    "unknown prerequisite": (
        lambda d: d.replace("prerequisites:\n- ", "prerequisites:\n- 09.09.09\n- ", 1),
        "all prerequisites resolve OR are pending-registered",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_failing_check_is_a_defect_with_its_code(name: str) -> None:
    change, text = FAULTS[name]
    assert change(spin_unit()) != spin_unit()
    found = planned().judge(PRODUCTION.name, production(unit=change(spin_unit())), unit=SPIN).defects
    hits = [defect for defect in found if text in defect.what]
    assert hits, found
    assert all(re.fullmatch(r"[A-Z]{2}\d{3}", defect.code) for defect in hits)


def test_a_defect_says_where_it_is() -> None:
    found = drafted(said("This is obviously so."))
    lines = said("This is obviously so.")(spin_unit()).splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "obviously" in text)
    assert len(found) == 1
    assert found[0].startswith(f"line {line}: ")


@pytest.mark.parametrize("tier", ["beginner", "intermediate", "master"])
def test_a_unit_without_a_tier_is_not_whole(tier: str) -> None:
    """All checks that apply pass, and they are fewer than 27."""

    def cut(text: str) -> str:
        others = [t for t in ("beginner", "intermediate", "master") if t != tier]
        text = set_frontmatter_value(text, "tiers_present", others)
        front, body = text.split("\n---\n", 1)
        marked = {"beginner": r"\[Beginner\]", "intermediate": r"\[Intermediate\+?\]", "master": r"\[Master\]"}[tier]
        if tier == "master":
            body = body.replace("[Intermediate+]", "[Intermediate]")
        body = re.sub(rf"(?ms)^## [^\n]*{marked}\n.*?(?=^## |\Z)", "", body)
        return f"{front}\n---\n{body}"

    verdict = planned().judge(PRODUCTION.name, production(unit=cut(spin_unit())), unit=SPIN)
    passed, total = map(int, verdict.figures["checks"].split("/"))
    assert passed == total < 27, verdict.defects
    whole = [d for d in verdict.defects if d.code == "TIERS"]
    assert [d.what for d in whole] == [f"only {total} checks apply to it, 27 to a unit with text in all three tiers"]


# --- who it is ------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [("id", "03.09.04"), ("slug", "spin-groups"), ("status", "draft"), ("concept_catalog_id", "linalg.vector-space")],
)
def test_identity(key: str, value: str) -> None:
    found = drafted(lambda text: set_frontmatter_value(text, key, value))
    right = str(parse_unit(spin_unit().encode(), "a.md").frontmatter[key])
    assert f"front matter: {key} is {value!r}, it must be {right!r}" in found


def test_a_prerequisite_of_the_plan_is_named() -> None:
    found = drafted(lambda text: set_frontmatter_value(text, "prerequisites", [CLIFFORD, "01.01.15"]))
    assert found == ["front matter: prerequisites lack 03.03.03, which the plan names"]


def test_a_unit_that_nobody_owes() -> None:
    with pytest.raises(UserError, match=r"does not owe 01\.01\.03; it owes 03\.09\.03, 03\.03\.03"):
        planned().judge(PRODUCTION.name, production(), unit="01.01.03")


# --- its evidence ------------------


def evidence(row: str, **changed: str) -> list[str]:
    listed = [e | changed if e["row"] == row else e for e in production()["evidence"]]
    return defects(planned().judge(PRODUCTION.name, production(evidence=listed), unit=SPIN))


def test_a_row_without_evidence() -> None:
    listed = production()["evidence"][1:]
    verdict = planned().judge(PRODUCTION.name, production(evidence=listed), unit=SPIN)
    assert only(verdict) == "T3: this row was asked for and the reply gives no evidence for it"


@pytest.mark.parametrize(
    ("row", "changed", "said"),
    [
        ("T3", {"quote": "This property fixes the pair up to one isomorphism only."}, "T3: the quote does not occur"),
        ("T3", {"heading": "Bridge"}, "T3: the quote does not occur under 'Bridge' of 03.09.03"),
        ("T3", {"heading": "Lemma"}, "T3: unit 03.09.03 has no heading 'Lemma'"),
        ("T3", {"heading": "Synthesis", "quote": QUOTES["Synthesis"]}, "T3: no proof stands under 'Synthesis'"),
        ("I2", {"heading": "Formal definition", "quote": "all"}, "I2: the quote is shorter than 6 words"),
        ("E6", {"heading": "Bridge", "quote": QUOTES["Bridge"]}, "E6: 'Bridge' is neither an exercise section"),
    ],
)
def test_evidence_is_looked_up_in_the_draft(row: str, changed: dict[str, str], said: str) -> None:
    (found,) = evidence(row, **changed)
    assert found.startswith(said)


def test_the_book_has_to_be_cited() -> None:
    found = drafted(lambda text: text.replace("Michelsohn", "M.").replace("Lawson", "L."))
    assert found == ["T3: unit 03.09.03 does not cite the book (Lawson & Michelsohn, Spin Geometry)"]


# --- continuity ------------------

LOSSES: dict[str, tuple[str, str, str]] = {
    "backward": (r"\[\d\d\.\d\d\.\d\d\]", "there", "backward references per 1000 words"),
    "forward": (r"(?i)appears? again in|builds? toward|in the next", "comes up", "forward promises per 1000 words"),
    "lateral": (r"(?m)^- \*\*", "**", "bullets under `## Connections [Master]`"),
    "synthesis": (
        (r"(?i)the (?:foundational|core|central)|this is (?:exactly|precisely)|generalises|specialises|"
        r"putting this|the bridge|identifies|is (?:an instance|a special case)"),
        "it", "synthesis claims in the",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_what_continuity_lacks_is_named(name: str) -> None:
    pattern, instead, text = LOSSES[name]
    found = planned().judge(PRODUCTION.name, production(unit=re.sub(pattern, instead, spin_unit())), unit=SPIN).defects
    assert any(d.code == "CONTINUITY" and text in d.what for d in found), found


def test_an_anchor_phrase_in_another_case_is_named() -> None:
    found = drafted(lambda text: text.replace("a reflection becomes twisted", "A Reflection becomes twisted"))
    assert any("anchor phrases word for word" in each for each in found)


def test_a_deepening_may_not_lower_what_was_reached() -> None:
    padding = "Text without any reference to another unit. " * 40
    text = "\n\n".join([padding] * 8)
    found = deepening(edits=[*deepened()["edits"], edit("append", "Synthesis", text)])
    assert any(each.startswith("continuity: ") and "per 1000 words" in each for each in found)


def test_a_deepening_need_not_mend_what_it_found() -> None:
    """A unit older than the continuity layer is not held up by what it lacked before."""
    bare = re.compile(r"(?i)appears? again in|builds? toward|in the next|this pattern recurs?")
    world = planned().edit(path_of(ORTHOGONAL), lambda text: bare.sub("comes up", text))
    assert not world.judge(PRODUCTION.name, deepened(), unit=ORTHOGONAL).defects


# --- deepening only adds ------------------


def whole(change: Callable[[str], str]) -> list[str]:
    """A deepening handed in as the whole file, changed."""
    context = planned().context(PRODUCTION.name, ORTHOGONAL)
    made = (
        PRODUCTION.changes(
            context, ProductionReply.model_validate(deepened()), PRODUCTION.gate(context, ProductionReply(**deepened()))
        )
        .units[0]
        .text
    )
    assert change(made) != made
    return deepening(edits=[], unit=change(made))


def test_a_lost_section_is_named() -> None:
    found = whole(lambda text: without_section(text, "Lie algebra, exponential map and topology"))
    assert "Lie algebra, exponential map and topology: this section of the shipped unit is gone" in found[0]


def test_a_gutted_section_is_named() -> None:
    title = "Lie algebra, exponential map and topology"
    found = whole(lambda text: re.sub(rf"(?s)(## {title} \[Master\]\n).*?(?=\n## )", r"\1\nShort.\n", text))
    assert any(re.fullmatch(rf"{title}: this section had \d+ words and has 1 now; .*", each) for each in found)


def test_a_lost_exercise_is_named() -> None:
    found = whole(lambda text: re.sub(r'(?s)<aside class="exercise".*?</aside>', "", text, count=1))
    assert any(re.fullmatch(r"exercises: \d+ exercises before, \d+ now", each) for each in found)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("slug", "o-n", "slug was 'orthogonal-group', it is 'o-n' now"),
        ("concept_catalog_id", "linalg.vector-space", "concept_catalog_id was 'lie-groups.orthogonal-group'"),
        ("prerequisites", ["01.01.03"], "prerequisites no longer has 01.01.15"),
        ("tiers_present", ["beginner", "master"], "tiers_present no longer has intermediate"),
    ],
)
def test_front_matter_stays(key: str, value: Any, said: str) -> None:
    found = whole(lambda text: set_frontmatter_value(text, key, value))
    assert any(said in each for each in found), found


def test_a_corrected_passage_is_no_loss() -> None:
    was = "which is Corollary 5 without the group"
    correction = edit("replace", "Historical & philosophical context", "as in Corollary 5", was)
    assert deepening(edits=[*deepened()["edits"], correction]) == []


# --- edits and drafts ------------------


def test_an_edit_that_does_not_fit_is_named() -> None:
    found = deepening(edits=[edit("append", "Nowhere", "x")])
    assert found == ["edits: edit 1 (append under 'Nowhere'): there is no such heading in the unit"]


def test_a_first_draft_cannot_be_edits() -> None:
    verdict = planned().judge(PRODUCTION.name, {"edits": [edit("append", "A", "x")], "evidence": []}, unit=SPIN)
    assert only(verdict) == "edits: there is no earlier text to edit; hand in the whole file in `unit`"


def test_after_a_failure_edits_apply_to_the_draft_that_failed() -> None:
    draft = said("This is obviously so.")(spin_unit())
    failure = Failure(1, ({"where": "line 1", "what": "obviously"},), rung(PRODUCTION.name, 1), draft)
    mended = production(unit="", edits=[edit("replace", "Synthesis", "This is so.", "This is obviously so.")])
    verdict = planned().judge(PRODUCTION.name, mended, unit=SPIN, attempt=2, failure=failure)
    assert not verdict.defects
    (change,) = planned().changes(PRODUCTION.name, mended, unit=SPIN, attempt=2, failure=failure).units
    assert change.text == draft.replace("obviously ", "")


def test_either_the_file_or_edits() -> None:
    for both in ({"unit": "x", "edits": [edit("append", "A", "x")]}, {}):
        with pytest.raises(ValidationError, match="exactly one of them"):
            ProductionReply.model_validate({"evidence": []} | both)


def test_a_file_with_crlf_keeps_it() -> None:
    world = planned().edit(path_of(ORTHOGONAL), lambda text: text.replace("\n", "\r\n"))
    (change,) = world.changes(PRODUCTION.name, deepened(), unit=ORTHOGONAL).units
    assert change.text.count("\n") == change.text.count("\r\n") > 100


# --- what it proposes ------------------


def test_what_a_new_unit_proposes() -> None:
    (change,) = planned().changes(PRODUCTION.name, production(), unit=SPIN).units
    assert (change.action, change.id, change.slug, change.expected_blob) == ("new", SPIN, "pin-and-spin", None)
    assert change.catalog is not None
    assert change.catalog.slug == "spin-geometry.spin-group"
    assert change.text == spin_unit()


def test_what_a_deepening_proposes() -> None:
    (change,) = planned().changes(PRODUCTION.name, deepened(), unit=ORTHOGONAL).units
    assert (change.action, change.slug, change.catalog) == ("deepen", "orthogonal-group", None)
    assert change.expected_blob == planned().snapshot.blobs()[path_of(ORTHOGONAL)]


CONNECTION = {
    "from_concept": "spin-geometry.spin-group", "to_concept": "linalg.vector-space", "type": "dual",
    "strength": "lateral", "anchor_phrase": "a spinor is a vector with half the turns",
}  # fmt: skip


def test_a_proposed_connection_waits_for_a_decision() -> None:
    changes = planned().changes(PRODUCTION.name, production(connections=[CONNECTION]), unit=SPIN)
    (proposed,) = changes.connections
    assert proposed.appears_in_units == (SPIN,)
    world = planned().take(PRODUCTION.name, production(connections=[CONNECTION]), "", "", unit=SPIN)
    assert "a spinor is a vector with half the turns" in world.snapshot.text("manifests/connection_proposals.md")
    assert "a spinor is a vector" not in world.snapshot.text("manifests/connections.json")


def test_a_proposed_connection_is_between_known_concepts() -> None:
    verdict = planned().judge(
        PRODUCTION.name, production(connections=[CONNECTION | {"to_concept": "physics.electron"}]), unit=SPIN
    )
    assert only(verdict) == "connections[1]: the catalog has no concept 'physics.electron'"
    with pytest.raises(ValidationError):
        ProductionReply.model_validate(production(connections=[CONNECTION | {"type": "similar"}]))


def test_hostile_markup_goes_back_to_its_author() -> None:
    found = drafted(said('<a href="javascript:alert(1)">x</a>'))
    assert any(each.startswith("unit: The text holds a link of the kind javascript:") for each in found)


def test_what_ships_is_no_longer_owed() -> None:
    context = produced().context("P5_verification")
    assert context.deliverables == ()
    assert context.produced == (SPIN, ORTHOGONAL)
