"""What a teaching flow's file says, as far as the state machine asks (layout: curriculum.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codex.units.frontmatter import fields_of


@dataclass(frozen=True, slots=True)
class FlowStep:
    """A step: its unit, whether a bridge leads on from it and whether it pauses."""

    number: int
    unit: str
    bridged: bool
    paused: bool


@dataclass(frozen=True, slots=True)
class FlowText:
    """The steps in order, and whether the flow looks outward to others. A file that cannot be read has no steps."""

    steps: tuple[FlowStep, ...] = ()
    outward: bool = False


def parse(text: str) -> FlowText:
    """Read a flow's front matter; whatever is not there or not of the right kind counts as missing."""
    front = fields_of(text)
    steps = front.get("steps")
    found = [each for each in steps if isinstance(each, dict)] if isinstance(steps, list) else []
    return FlowText(tuple(_step(n, each) for n, each in enumerate(found, 1)), bool(front.get("connections_outward")))


def _step(number: int, step: dict[Any, Any]) -> FlowStep:
    bridge = step.get("bridge_after")
    return FlowStep(
        number=number,
        unit=str(step.get("unit", "")),
        bridged=isinstance(bridge, str) and bool(bridge.strip()),
        paused=bool(step.get("pause")),
    )
