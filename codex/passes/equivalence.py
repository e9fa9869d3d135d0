"""Equivalence: seven layers, each row answered once, each claim looked up, percentages computed from the rows.

Tests are those of curriculum.md §1; thresholds are the campaign's (manifests/fasttrack/campaign.toml). A covered row
counts 1, a partly covered one a half, a gap 0; a standing exception is listed with its reason and not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from codex.corpus.deps import Deps
from codex.passes.evidence import Place, fold, locate
from codex.passes.inventory import LAYERS, Inventory, Layer, Row
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
class Defect:
    """Something wrong with a reply, for its author: where, what, and what would be right."""

    where: str
    what: str
    code: str = "CLAIM"

    def as_data(self) -> dict[str, str]:
        return {"code": self.code, "where": self.where, "what": self.what}


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
    book_title: str,
) -> list[Defect]:
    """Everything that is wrong with the answers: rows missing, doubled or unknown, and claims without evidence."""
    counted = Counter(answer.row for answer in answers)
    defects = [Defect(row, "this row is not answered") for row in inventory.rows if row not in counted]
    defects += [Defect(row, "this row is answered more than once") for row, n in counted.items() if n > 1]
    defects += [Defect(row, "there is no such row in the inventory") for row in counted if row not in inventory.rows]
    known = {answer.row: answer for answer in answers if answer.row in inventory.rows}
    look = _Lookup(inventory, known, units, deps, [fold(line) for line in crosswalk.splitlines()], book_title)
    for answer in known.values():
        problem = look.problem(answer)
        if problem:
            defects.append(Defect(answer.row, problem))
    return defects + _too_many_exceptions(inventory, known)


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
    crosswalk: Sequence[str]
    title: str

    def problem(self, answer: RowAnswer) -> str:
        """What is wrong with this answer, or ""."""
        if answer.status == "gap":
            return ""
        if answer.status == "exception":
            return "" if len(answer.reason) >= 20 else "an exception needs its reason (20 characters or more)"
        row = self.inventory.rows[answer.row]
        if row.layer == "notation":
            return self._notation(row)
        if row.layer == "sequencing":
            return self._sequencing(row, answer)
        unit = self.units.get(answer.unit)
        place, problem = locate(unit, answer.unit, answer.heading, answer.quote)
        if place is None:
            return problem
        return TESTS[row.layer](place, self.title)

    def _notation(self, row: Row) -> str:
        start = f"| {row.id} |"
        found = any(line.startswith(start) for line in self.crosswalk)
        return "" if found else f"the notation crosswalk has no line for {row.id}"

    def _sequencing(self, row: Row, answer: RowAnswer) -> str:
        for unit, place in ((answer.unit, row.label), (answer.other_unit, row.place)):
            if unit not in self.units:
                return f"unit {unit!r} does not exist"
            if not self._covers(unit, place):
                return f"no covered row of {place} is answered with unit {unit}"
        if answer.unit == answer.other_unit or self.deps.has_path(answer.unit, answer.other_unit):
            return ""
        return f"there is no prerequisite path from {answer.unit} to {answer.other_unit}"

    def _covers(self, unit: str, place: str) -> bool:
        for other in self.answers.values():
            row = self.inventory.rows[other.row]
            if row.layer != "sequencing" and row.place == place and other.unit == unit and other.status != "gap":
                return True
        return False


def _theorem(place: Place, title: str) -> str:
    if not place.tiers & {"intermediate", "master"}:
        return f"{place.title!r} is not an Intermediate or Master section"
    return "" if cites(place, title) else f"unit {place.unit.id} does not cite the book ({title})"


def _exercise(place: Place, title: str) -> str:
    del title
    words = place.title.casefold()
    ok = "exercise" in words or "worked example" in words or "check your understanding" in words
    return "" if ok else f"{place.title!r} is neither an exercise section nor a worked example"


def _example(place: Place, title: str) -> str:
    del title
    ok = "worked example" in place.title.casefold() or place.tiers & {"intermediate", "master"}
    return "" if ok else f"{place.title!r} is neither a worked example nor an Intermediate computation"


def _intuition(place: Place, title: str) -> str:
    del title
    ok = place.tiers & {"beginner", "master"}
    return "" if ok else f"{place.title!r} is neither a Beginner nor a Master section"


def _application(place: Place, title: str) -> str:
    del title
    ok = any(word in place.title.casefold() for word in ("connection", "appli"))
    return "" if ok else f"{place.title!r} is neither a Connections section nor one on applications"


def cites(place: Place, title: str) -> bool:
    """Whether the unit names the book, in its references or in its text."""
    return title.casefold() in fold(place.unit.text).casefold()


#: Layer → what else must hold of the place where the evidence was found (curriculum.md §1, column "covered when").
TESTS: dict[Layer, Callable[[Place, str], str]] = {
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
