"""The gate of P1: a sound audit passes; each single corruption of it is found and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from codex.campaign.about import unmet
from codex.campaign.ledger import Ledger
from codex.passes.audit import AUDIT
from codex.passes.inventory import AuditReply
from tests.passes.worlds import SUBJECT, audit, audited, defects, item, only, registered

NONE = {"inventory": "exercise", "reason": "The book has no exercises at all.", "sources": [1]}


def judged(**changed: Any) -> list[str]:
    return defects(registered().judge(AUDIT.name, audit(**changed)))


def test_a_sound_audit_passes() -> None:
    verdict = registered().judge(AUDIT.name, audit())
    assert not verdict.defects
    assert verdict.figures == {
        "contents": 2, "theorem": 3, "exercise": 6, "worked_example": 1, "notation": 3, "sequencing": 1,
        "application": 1, "sources": 3,
    }  # fmt: skip


def test_an_inventory_stated_as_none_passes() -> None:
    assert judged(exercises=[], none_stated=[NONE]) == []


def with_source(**changed: Any) -> dict[str, Any]:
    first, *rest = audit()["sources"]
    return {"sources": [first | changed, *rest]}


#: What is changed in the audit → what the defect says.
CORRUPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "bad ISBN": (with_source(locator="978-0-691-08542-6"), "source 1: the check digit of ISBN"),
    "bad DOI": (with_source(kind="doi", locator="https://example.org/x"), "is not a DOI"),
    "bad URL": (with_source(kind="url", locator="www.example.org"), "is not an http(s) address"),
    "too few sources": ({"sources": audit()["sources"][:2]}, "sources: 2 distinct well-formed sources; at least 3"),
    "one source twice": (
        {"sources": [*audit()["sources"][:2], {"number": 3, "title": "It", "kind": "isbn", "locator": "0691085420"}]},
        "sources: 2 distinct well-formed sources",
    ),
    "a number twice": (
        {"sources": [*audit()["sources"][:2], audit()["sources"][2] | {"number": 2}]},
        "source 2: this number is used twice",
    ),
    "empty inventory": ({"exercises": []}, "exercise: this inventory is empty; state in none_stated why"),
    "none and rows": ({"none_stated": [NONE]}, "exercise: none_stated says that there is none"),
    "none twice": ({"exercises": [], "none_stated": [NONE, NONE]}, "exercise: none_stated speaks of this"),
    "none without a source": (
        {"exercises": [], "none_stated": [NONE | {"sources": [9]}]},
        "exercise: the statement that there is none cites no listed source",
    ),
    "row id twice": ({"applications": [item("A1", "§2", "x"), item("A1", "§2", "y")]}, "A1: this row id is used twice"),
    "wrong letter": ({"applications": [item("T9", "§2", "x")]}, "T9: ids of the application inventory begin with A"),
    "unknown place": ({"applications": [item("A1", "§9", "x")]}, "A1: its place '§9' is not in the contents"),
    "unknown source": (
        {"applications": [item("A1", "§2", "x") | {"sources": [1, 8]}]},
        "A1: it cites a source number that is not listed",
    ),
    "unknown section used": ({"sequencing": [item("S1", "§2", "§7")]}, "S1: the used section '§7' is not in the"),
    "arrow to itself": ({"sequencing": [item("S1", "§2", "§2")]}, "S1: an arrow leads from one section to another"),
    "role of an exercise": ({"exercises": [item("E1", "§1", "hard")]}, "E1: its label is 'hard'; an exercise is"),
    "script": ({"perspective": "x" * 200 + "<script>"}, "perspective: The text holds the HTML element <script>"),
}  # fmt: skip


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_corruption_is_named(name: str) -> None:
    changed, said = CORRUPTIONS[name]
    found = judged(**changed)
    assert any(said in each for each in found), found
    assert len(found) <= 2, found  # a wrong source also lowers the number of sound ones


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"exercises": [], "none_stated": [NONE | {"reason": "none"}]}, "§1.3: this part of the audit says next to"),
        ({"perspective": "… " * 200}, "§1.7: this part of the audit says next to nothing; write it out"),
    ],
)
def test_what_the_ledger_would_not_take_for_filled(changed: dict[str, Any], said: str) -> None:
    """Found here, it goes back to its author; found by the integrator, it would stop the book."""
    (found,) = judged(**changed)
    assert found.startswith(said)


def test_a_place_twice_in_the_contents() -> None:
    line = {"ref": "§1", "title": "Twice", "summary": "The same reference."}
    verdict = registered().judge(AUDIT.name, audit(contents=[*audit()["contents"], line]))
    assert only(verdict) == "§1: this reference stands twice in the contents"


def test_white_space_makes_no_second_reference() -> None:
    lines = [{"ref": ref, "title": "x", "summary": "y"} for ref in ("§ 1", "§  1\n")]
    kept = {"theorems": [item("T1", "§ 1", "x")]}
    for layer in ("exercises", "examples", "notation", "sequencing", "applications"):
        kept[layer] = []
    found = judged(contents=lines, **kept)
    assert "§ 1: this reference stands twice in the contents" in found
    assert not any("T1" in each for each in found)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda reply: reply.pop("theorems"),
        lambda reply: reply.update(perspective="short"),
        lambda reply: reply.update(contents=[]),
        lambda reply: reply["theorems"].append(item("T٣", "§1", "digits of another script")),
        lambda reply: reply["theorems"].append(item("T4", "§1", "   ")),
        lambda reply: reply["sources"].append({"number": 4, "title": "x", "kind": "book", "locator": "y"}),
        lambda reply: reply.update(path="../../etc"),
    ],
)
def test_what_is_no_audit_is_not_read(spoil: Callable[[dict[str, Any]], object]) -> None:
    reply = audit()
    spoil(reply)
    with pytest.raises(ValidationError):
        AuditReply.model_validate(reply)


def test_the_document_meets_the_conditions_of_the_transition() -> None:
    world = audited()
    assert world.context("P2_gap").book["status"] == "audited"
    needed = ("audit_filled", "three_sources", "corpus_readable")
    assert unmet(needed, Ledger.load(world.snapshot), world.snapshot, SUBJECT) == []


def test_an_isbn_of_ten_digits_counts_for_the_ledger_too() -> None:
    first, *rest = audit()["sources"]
    world = registered().take(AUDIT.name, audit(sources=[first | {"locator": "0691085420"}, *rest]), "draft", "audited")
    assert unmet(("three_sources",), Ledger.load(world.snapshot), world.snapshot, SUBJECT) == []
