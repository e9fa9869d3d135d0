"""``codexctl costs --forecast``: the dashboard's estimate beside the sums."""

from __future__ import annotations

import json
from pathlib import Path

from tests.flows.helpers import make_workspace
from tests.shell import codexctl


def test_without_history_it_says_so_and_guesses_nothing(tmp_path: Path) -> None:
    place = make_workspace(tmp_path / "campaign")
    told = codexctl("costs", "--forecast", "-w", place.root)
    assert (told.returncode, told.stderr) == (0, "")
    assert "US dollars: no estimate" in told.stdout
    shown = json.loads(codexctl("costs", "--forecast", "--format", "json", "-w", place.root).stdout)
    assert shown["forecast"]["items_left"] > 0
    assert shown["forecast"]["usd"] is None
    assert "forecast" not in json.loads(codexctl("costs", "--format", "json", "-w", place.root).stdout)
