"""A plan.json by hand or of another age hinders no integration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codex.corpus.planfile import PATH
from codex.integration.proposal import Proposal
from codex.integration.steps.draft import Draft
from codex.integration.steps.plan import refresh_plan
from codex.planning import rollup
from codex.snapshot import OverlaySnapshot, TreeSnapshot

from .helpers import NOW


def refreshed(plan: dict[str, Any]) -> Draft:
    draft = Draft(OverlaySnapshot(TreeSnapshot(Path("/nonexistent")), {}))
    draft.put(PATH, json.dumps(plan).encode())
    refresh_plan(draft, Proposal(subject="campaign", pass_name="test", title="Test", base=""), NOW)
    return draft


@pytest.mark.parametrize("entry", [{}, {"id": "00.01.03", "title": "x"}, {"status": "queued", "source_audits": ["a"]}])
def test_an_entry_without_its_keys_is_still_shown(entry: dict[str, Any]) -> None:
    page = refreshed({"units": {"00.01.03": entry}, "queue_topo_order": ["00.01.03"]}).text(rollup.PATH)
    assert "`00.01.03`" in page


@pytest.mark.parametrize(
    "plan",
    [{"units": [], "queue_topo_order": ["a"]}, {"units": {"a": 3}, "queue_topo_order": 7}, {"audits_done": {"a": 1}}],
)
def test_a_plan_of_no_known_shape_has_no_page_and_stops_nothing(plan: dict[str, Any]) -> None:
    draft = refreshed(plan)
    assert not draft.exists(rollup.PATH)
    assert json.loads(draft.text(PATH)) == plan
