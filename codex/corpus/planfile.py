"""manifests/production/plan.json: the production plan as it was last written (unit-rubric §4.1).

What the plan says *now* is computed (codex/planning); the file is what ids were given away and what people have read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codex.corpus.jsonfile import shared_object
from codex.errors import DataError
from codex.snapshot import Snapshot

PATH = "manifests/production/plan.json"


def last_written(snapshot: Snapshot) -> Mapping[str, Any]:
    """The document; empty when there is none that can be read: then it remembers and reserves nothing."""
    try:
        return shared_object(snapshot.any_text(PATH, "{}"), PATH)
    except DataError:
        return {}


def planned_units(snapshot: Snapshot) -> Mapping[str, Any]:
    """Its entries by unit id, as they stand in the file."""
    units = last_written(snapshot).get("units")
    return units if isinstance(units, dict) else {}
