"""The thresholds as data, what falls below them, and what a single unit lacks (unit-rubric, part 3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from codex.continuity.measure import UnitContinuity

#: Above about 12 backward references per 1,000 words references stop helping a reader (warning XK001, ours).
BACKWARD_UPPER = 12.0
NO_UNITS = "No units found."


@dataclass(frozen=True, slots=True)
class Threshold:
    """One metric: the mean of ``field`` over the units must reach ``minimum``.

    ``noun`` names what is counted; ``count`` is the unit's field that holds it and ``tier`` the word count of the tier
    that it is counted in (a unit without that tier lacks nothing). ``per_thousand`` marks a density.
    """

    key: str
    field: str
    minimum: float
    noun: str
    count: str
    tier: str
    per_thousand: bool = False

    @property
    def name(self) -> str:
        """The metric's name in failure texts."""
        return self.key.removesuffix("_avg")


THRESHOLDS: tuple[Threshold, ...] = (
    Threshold(
        key="backward_density_avg",
        field="backward_density",
        minimum=8.0,
        noun="backward references",
        count="backward_refs",
        tier="word_count_total",
        per_thousand=True,
    ),
    Threshold(
        key="forward_density_avg",
        field="forward_density",
        minimum=3.0,
        noun="forward promises",
        count="forward_promises",
        tier="word_count_total",
        per_thousand=True,
    ),
    Threshold(
        key="lateral_per_master_avg",
        field="lateral_connections_master",
        minimum=3,
        noun="bullets under `## Connections [Master]`",
        count="lateral_connections_master",
        tier="word_count_master",
    ),
    Threshold(
        key="synthesis_intermediate_avg",
        field="synthesis_claims_intermediate",
        minimum=2,
        noun="synthesis claims in the Intermediate tier",
        count="synthesis_claims_intermediate",
        tier="word_count_intermediate",
    ),
    Threshold(
        key="synthesis_master_avg",
        field="synthesis_claims_master",
        minimum=4,
        noun="synthesis claims in the Master tier",
        count="synthesis_claims_master",
        tier="word_count_master",
    ),
    Threshold(
        key="anchor_reuse_avg",
        field="anchor_reuse_rate",
        minimum=0.95,
        noun="anchor phrases word for word",
        count="anchor_phrases_verbatim",
        tier="word_count_total",
    ),
)


def chosen_thresholds(words: str, minimum: Mapping[str, float]) -> tuple[Threshold, ...]:
    """The thresholds that an operator has chosen: on ``corrected`` words, or with other minima (name → minimum)."""
    return tuple(
        _chosen(t, minimum.get(t.name, t.minimum), corrected=words == "corrected" and t.per_thousand)
        for t in THRESHOLDS
    )


def _chosen(threshold: Threshold, minimum: float, *, corrected: bool) -> Threshold:
    if corrected:
        threshold = replace(threshold, field=f"{threshold.field}_corrected", tier="word_count_corrected")
    return replace(threshold, minimum=minimum)


def value(unit: UnitContinuity, threshold: Threshold) -> float:
    """The unit's figure for a metric."""
    return float(getattr(unit, threshold.field))


def aggregate(units: Sequence[UnitContinuity], thresholds: Sequence[Threshold] = THRESHOLDS) -> dict[str, float]:
    """The plain mean of each metric over all units, summed in the order given; empty without units."""
    return {t.key: sum(getattr(u, t.field) for u in units) / len(units) for t in thresholds} if units else {}


def aggregate_corrected(units: Sequence[UnitContinuity]) -> dict[str, float]:
    """The same means with the densities on the corrected word count."""
    return aggregate(units, chosen_thresholds("corrected", {}))


def failures(figures: dict[str, float], thresholds: Iterable[Threshold] = THRESHOLDS) -> list[str]:
    """One text for each mean below its threshold, in the reference's wording; one for no units at all."""
    if not figures:
        return [NO_UNITS]
    return [f"{t.name}: {figures[t.key]:.2f} < {t.minimum}" for t in thresholds if figures[t.key] < t.minimum]


def shortfalls(unit: UnitContinuity, thresholds: Iterable[Threshold] = THRESHOLDS) -> list[str]:
    """What this one unit lacks, in numbers, for each metric of a tier that it has; written for whoever mends it."""
    return [_lack(unit, t) for t in thresholds if getattr(unit, t.tier) and value(unit, t) < t.minimum]


def _lack(unit: UnitContinuity, threshold: Threshold) -> str:
    found = getattr(unit, threshold.count)
    if threshold.field == "anchor_reuse_rate":
        altered = ", ".join(f"“{phrase}”" for phrase in unit.anchors_altered)
        return f"{found} of {unit.anchor_phrases_invoked} {threshold.noun}: letter case differs in {altered}"
    if not threshold.per_thousand:
        return f"{found} {threshold.noun}, needs {threshold.minimum}: {math.ceil(threshold.minimum) - found} more"
    needed = math.ceil(threshold.minimum * getattr(unit, threshold.tier) / 1000)
    density = math.floor(value(unit, threshold) * 10) / 10  # never rounded up to what is needed
    return f"{density:.1f} {threshold.noun} per 1000 words, needs {threshold.minimum}: {needed - found} more"


@dataclass(frozen=True, slots=True)
class Equivalent:
    """The minimum on corrected words that judges units as the reference's minimum does on its own words.

    ``passing`` units reach the reference's minimum; ``differing`` of all units are judged otherwise by ``minimum``,
    which is None where no cut judges better than failing every unit.
    """

    key: str
    minimum: float | None
    passing: int
    differing: int


def equivalents(units: Sequence[UnitContinuity]) -> list[Equivalent]:
    """For each density, the corrected threshold that passes the same units as nearly as possible."""
    return [_equivalent(units, t) for t in THRESHOLDS if t.per_thousand] if units else []


def _equivalent(units: Sequence[UnitContinuity], threshold: Threshold) -> Equivalent:
    """Try every unit's corrected density as the cut, highest first; keep the one with the fewest disagreements."""
    field = f"{threshold.field}_corrected"
    judged = sorted(((getattr(u, field), value(u, threshold) >= threshold.minimum) for u in units), reverse=True)
    passing = sum(passes for _, passes in judged)
    best: float | None = None
    differing = now = passing
    for index, (cut, passes) in enumerate(judged):
        now += -1 if passes else 1
        last_of_its_value = index + 1 == len(judged) or judged[index + 1][0] < cut
        if last_of_its_value and now < differing:
            best, differing = cut, now
    return Equivalent(threshold.key, best, passing, differing)
