"""The panels of the dashboard, in the order in which they are read. This table is the one place that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from codex.oversight.panels.books import books, coverage
from codex.oversight.panels.estimate import estimate
from codex.oversight.panels.health import checks, continuity
from codex.oversight.panels.money import costs
from codex.oversight.panels.progress import burn_down, next_units
from codex.oversight.panels.recent import commits
from codex.oversight.panels.stuck import stuck
from codex.oversight.sheet import Panel

if TYPE_CHECKING:
    from codex.oversight.view import View

#: Name → function from a view to the panel's figures.
PANELS: Mapping[str, Callable[[View], Panel]] = {
    "burn_down": burn_down,
    "next": next_units,
    "stuck": stuck,
    "checks": checks,
    "continuity": continuity,
    "costs": costs,
    "estimate": estimate,
    "books": books,
    "commits": commits,
    "coverage": coverage,
}

#: Too wide for a terminal of any width: shown on the page, in the artifacts, and in manifests/fasttrack_coverage.md.
WIDE = frozenset({"coverage"})


def all_panels(view: View) -> dict[str, Panel]:
    """Every panel of a view, by name; what was computed goes to the cache."""
    found = {name: make(view) for name, make in PANELS.items()}
    view.save()
    return found
