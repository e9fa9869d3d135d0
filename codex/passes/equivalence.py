"""Equivalence: seven layers, each row answered once, each claim looked up, percentages computed from the rows.

Tests are those of curriculum.md §1; thresholds are the campaign's (manifests/fasttrack/campaign.toml). A covered row
counts 1, a partly covered one a half, a gap 0; a standing exception is listed with its reason and not counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from codex.check.defects import Defect
from codex.corpus.deps import Deps
from codex.passes.evidence import BookName, Place, cites, locate
from codex.passes.inventory import LAYERS, Inventory, Layer, Row
from codex.passes.tables import first_table
from codex.units import Unit

#: No more than this share of a layer's rows may be excepted: exceptions are for single rows, not for layers.
MAX_EXCEPTED = Decimal("0.25")

Status = Literal["covered", "partial", "gap", "exception"]
_WORTH: dict[Status, Decimal] = {"covered": Decimal(1), "partial": Decimal("0.5"), "gap": Decimal(0)}


class RowAnswer(BaseModel):
    """What one inventory row is answered with. Covered and partial rows carry evidence that is looked up."""

    model_config = ConfigDict(extra="forbid")

    row: str = Field(description="id of the inventory row, e.g. T3")
    status: Status
    unit: str = Field(
        default="", description="id of the unit that covers it (for sequencing: that covers the USED section)"
    )
    heading: str = Field(default="", description="title of the heading in that unit under which the evidence stands")
    quote: str = Field(default="", description="a sentence copied exactly from under that heading (at least 6 words)")
    other_unit: str = Field(default="", description="sequencing only: the unit that covers the section that USES")
    reason: str = Field(default="", description="exception, partial, gap: why; what is missing")


@dataclass(frozen=True)
class Score:
    """One layer's figures; shares from 0 to 1. ``share`` is None when the layer does not apply."""

    layer: Layer
    covered: int
    partial: int
    gaps: int
    excepted: int
    share: Decimal | None
    threshold: Decimal

    @property
    def met(self) -> bool:
        return self.share is None or self.share >= self.threshold

    @property
    def percentage(self) -> float | None:
        """The share as a percentage, rounded down to a tenth: never shown higher than it is."""
        return None if self.share is None else float((self.share * 100).quantize(Decimal("0.1"), ROUND_FLOOR))

    def as_data(self) -> dict[str, object]:
        return {
            "layer": self.layer, "covered": self.covered, "partial": self.partial, "gaps": self.gaps,
            "excepted": self.excepted, "percentage": self.percentage,
            "threshold": float(self.threshold * 100), "met": self.met,
        }  # fmt: skip


def answer_defects(
    inventory: Inventory,
    answers: Sequence[RowAnswer],
    units: Mapping[str, Unit],
    deps: Deps,
    *,
    crosswalk: str,
    book: BookName,
) -> list[Defect]:
    """Everything that is wrong with the answers: rows missing, doubled or unknown, and claims without evidence.

    ``units`` are the shipped ones; prerequisite paths lead through these alone.
    """
    counted = Counter(answer.row for answer in answers)
    defects = [Defect(row, "this row is not answered") for row in inventory.rows if row not in counted]
    defects += [Defect(row, "this row is answered more than once") for row, n in counted.items() if n > 1]
    defects += [Defect(row, "there is no such row in the inventory") for row in counted if row not in inventory.rows]
    known = {answer.row: answer for answer in answers if answer.row in inventory.rows}
    paths = replace(deps, edges=tuple(e for e in deps.edges if e.before in units and e.after in units))
    look = _Lookup(inventory, known, units, paths, crosswalk_rows(crosswalk), book)
    for answer in known.values():
        problem = look.problem(answer)
        if problem:
            defects.append(Defect(answer.row, problem))
    return defects + _too_many_exceptions(inventory, known)


def crosswalk_rows(crosswalk: str) -> frozenset[str]:
    """The notation rows for which the crosswalk says how the book's notation is written here."""
    table = first_table(crosswalk, having=("row", "book", "ours"))
    return frozenset(line["row"] for line in table if line["book"] and line["ours"])


def _too_many_exceptions(inventory: Inventory, answers: Mapping[str, RowAnswer]) -> list[Defect]:
    defects = []
    for layer in LAYERS:
        rows = inventory.of(layer)
        excepted = [r.id for r in rows if r.id in answers and answers[r.id].status == "exception"]
        if rows and len(excepted) > 1 and len(excepted) > MAX_EXCEPTED * len(rows):
            what = f"{len(excepted)} of {len(rows)} {layer} rows are excepted; at most a quarter may be"
            defects.append(Defect(", ".join(excepted), what))
    return defects


@dataclass(frozen=True)
class _Lookup:
    """Checks one answer at a time against the corpus."""

    inventory: Inventory
    answers: Mapping[str, RowAnswer]
    units: Mapping[str, Unit]
    deps: Deps
    crosswalk: AbstractSet[str]
    book: BookName

    def problem(self, answer: RowAnswer) -> str:
        """What is wrong with this answer, or ""."""
        if answer.status == "gap":
            return ""
        if answer.status == "exception":
            return "" if len(answer.reason.strip()) >= 20 else "an exception needs its reason (20 characters or more)"
        row = self.inventory.rows[answer.row]
        if row.layer == "notation":
            return "" if row.id in self.crosswalk else f"the notation crosswalk has no line for {row.id}"
        if row.layer == "sequencing":
            return self._sequencing(row, answer)
        place, problem = locate(self.units.get(answer.unit), answer.unit, answer.heading, answer.quote)
        return problem if place is None else place_problem(place, row, self.book, answer.status)

    def _sequencing(self, row: Row, answer: RowAnswer) -> str:
        for unit, place in ((answer.unit, row.label), (answer.other_unit, row.place)):
            if unit not in self.units:
                return f"there is no shipped unit {unit!r}"
            if not self._covers(unit, place):
                return f"no covered row of {place} is answered with unit {unit}"
        if answer.unit == answer.other_unit or self.deps.has_path(answer.unit, answer.other_unit):
            return ""
        return f"there is no prerequisite path from {answer.unit} to {answer.other_unit}"

    def _covers(self, unit: str, place: str) -> bool:
        """True when a row of this place, of a layer that needs evidence, is answered with evidence from the unit."""
        for other in self.answers.values():
            row = self.inventory.rows[other.row]
            evident = row.layer in TESTS and other.status in {"covered", "partial"}
            if evident and row.place == place and other.unit == unit:
                return True
        return False


#: Sections that tell of results without stating and proving them (unit-rubric MS004).
_META = ("connection", "historical", "philosophical", "bibliograph")
#: Rows that need a proof and not only a statement, by what their label calls them.
_PROVABLE = re.compile(r"\b(?:theorem|proposition|lemma|corollary)\b", re.IGNORECASE)
_PROOF = re.compile(r"\bproofs?\b|\bproved\b|[∎□■]|\\(?:qed|square|blacksquare)\b", re.IGNORECASE)


def place_problem(place: Place, row: Row, book: BookName, status: Status = "covered") -> str:
    """What keeps the place from covering the row (curriculum.md §1, column "covered when"), or "".

    ``status`` is what the place is claimed to do: a row may be partly covered without a proof.
    """
    problem = TESTS[row.layer](place, book)
    needs_proof = row.layer == "theorem" and status == "covered" and _PROVABLE.search(row.label)
    if not problem and needs_proof and not _PROOF.search(place.text):
        return f"no proof stands under {place.title!r}; without one the row is covered in part"
    return problem


def _theorem(place: Place, book: BookName) -> str:
    if not place.tiers & {"intermediate", "master"} or place.named(*_META):
        return f"{place.title!r} is not an Intermediate or Master section that states and proves"
    return "" if cites(place.unit, book) else f"unit {place.unit.id} does not cite the book ({book})"


def _exercise(place: Place, book: BookName) -> str:
    del book
    ok = place.named("exercise", "worked example", "check your understanding")
    return "" if ok else f"{place.title!r} is neither an exercise section nor a worked example"


def _example(place: Place, book: BookName) -> str:
    del book
    ok = place.named("worked example") or (place.tiers & {"intermediate", "master"} and not place.named(*_META))
    return "" if ok else f"{place.title!r} is neither a worked example nor an Intermediate or Master section"


def _intuition(place: Place, book: BookName) -> str:
    del book
    ok = place.tiers & {"beginner", "master"}
    return "" if ok else f"{place.title!r} is neither a Beginner nor a Master section"


def _application(place: Place, book: BookName) -> str:
    del book
    ok = place.named("connection", "appli") or "appli" in place.unit.title.casefold()
    return "" if ok else f"{place.title!r} is neither a Connections section nor one on applications"


#: Layer → what else must hold of the place where the evidence was found (curriculum.md §1, column "covered when").
TESTS: dict[Layer, Callable[[Place, BookName], str]] = {
    "theorem": _theorem,
    "exercise": _exercise,
    "worked_example": _example,
    "intuition": _intuition,
    "application": _application,
}


def scores(inventory: Inventory, answers: Sequence[RowAnswer], percentages: Mapping[str, float]) -> list[Score]:
    """The scorecard, one line a layer in the order of LAYERS; ``percentages`` are the campaign's thresholds."""
    status = {answer.row: answer.status for answer in answers}
    found = []
    for layer in LAYERS:
        statuses = [status.get(row.id, "gap") for row in inventory.of(layer)]
        found.append(_score(layer, statuses, Decimal(str(percentages[layer])) / 100))
    return found


def _score(layer: Layer, statuses: Sequence[Status], threshold: Decimal) -> Score:
    counts = Counter(statuses)
    total = len(statuses) - counts["exception"]
    worth = sum((_WORTH[s] for s in statuses if s in _WORTH), Decimal(0))
    share = worth / total if total else None
    return Score(layer, counts["covered"], counts["partial"], counts["gap"], counts["exception"], share, threshold)
