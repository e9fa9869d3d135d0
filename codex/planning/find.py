"""Find the unit that a person means, in the plan."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from codex.errors import UserError


def find_unit(plan: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    """The plan's entry for an id; raises UserError naming the nearest ids, also by words of a title."""
    units: Mapping[str, dict[str, Any]] = plan["units"]
    name = wanted.strip().removeprefix("unit:")
    if name in units:
        return units[name]
    near = nearest(units, name)
    listed = "Did you mean " + " or ".join(f"{i} ({units[i]['title']})" for i in near) + "?" if near else ""
    raise UserError(f"The plan has no unit {wanted!r}.", remedy=listed or "See the queue with `codexctl plan`.")


def nearest(units: Mapping[str, Mapping[str, Any]], wanted: str, most: int = 3) -> list[str]:
    """Ids like the one given, or whose titles hold these words."""
    words = wanted.lower()
    titled = [unit_id for unit_id, unit in units.items() if len(words) > 3 and words in str(unit["title"]).lower()]
    return list(dict.fromkeys([*titled, *difflib.get_close_matches(wanted, units, n=most, cutoff=0.6)]))[:most]
