"""Peer units: near in the graph, and among those the best by continuity and rubric."""

from __future__ import annotations

from dataclasses import dataclass

from codex.check import check_text
from codex.continuity.thresholds import value
from codex.passes.briefing.case import Case
from codex.passes.briefing.excerpts import linking

#: Near units that are judged, and the bytes that each peer's excerpt may have.
_JUDGED = 14
_EXCERPT_BYTES = 1_900


@dataclass(frozen=True)
class Peer:
    """A unit to learn the manner from; ``met`` thresholds of ``of``, ``passed`` checks of ``checks``."""

    id: str
    met: int
    of: int
    passed: int
    checks: int
    forward: float


def peers(case: Case) -> list[Peer]:
    """The judged units, best first: checks passed, thresholds met, forward density, nearness."""
    written = [u for u in case.near if u in case.context.shipped][:_JUDGED]
    judged = [(_judge(case, unit), place) for place, unit in enumerate(written)]
    return [p for p, place in sorted(judged, key=lambda each: (_rank(each[0]), each[1]))]


def _rank(peer: Peer) -> tuple[bool, int, float]:
    return (peer.passed < peer.checks, -peer.met, -round(min(peer.forward, 6.0)))


def _judge(case: Case, unit_id: str) -> Peer:
    unit, figures = case.units[unit_id], case.measured(unit_id)
    met = sum(value(figures, t) >= t.minimum for t in case.thresholds)
    result = check_text(case.context.snapshot, unit.path, unit.data, policy=case.context.policy)
    passed = sum(check.verdict != "fail" for check in result.decisive)
    return Peer(unit_id, met, len(case.thresholds), passed, len(result.decisive), figures.forward_density)


def excerpt_of(case: Case, peer: Peer) -> str:
    """How the peer speaks of other units, with its figures."""
    head = (
        f"`{peer.id}` {case.units[peer.id].title} — {peer.passed} of {peer.checks} checks, {peer.met} of {peer.of} "
        f"continuity thresholds, {peer.forward:.1f} forward promises per 1000 words"
    )
    text = linking(case.units[peer.id], _EXCERPT_BYTES)
    return f"{head}\n\n{text}" if text else ""
