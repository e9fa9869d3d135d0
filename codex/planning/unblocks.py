"""What a unit of the plan unblocks: read from the plan document alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from codex.planning.merge import SHIPPED


def unblocked_by(units: Mapping[str, Mapping[str, Any]], unit_id: str) -> tuple[list[str], list[str]]:
    """The units still to be written that name this one as a prerequisite, and those that wait for these in turn.

    Both in the order of distance, then of the plan.
    """
    direct = _waiting(units, unit_id)
    found = dict.fromkeys(direct)
    queue = deque(direct)
    while queue:
        for following in _waiting(units, queue.popleft()):
            if following not in found and following != unit_id:
                found[following] = None
                queue.append(following)
    return direct, [each for each in found if each not in direct]


def _waiting(units: Mapping[str, Mapping[str, Any]], unit_id: str) -> list[str]:
    after = units.get(unit_id, {}).get("successors", ())
    return [each for each in after if each in units and units[each].get("status") != SHIPPED]
