from __future__ import annotations

from pathlib import Path

from codex.tracks import docs
from codex.tracks.fasttrack import TRACK

PAGE = Path(__file__).resolve().parents[2] / "docs" / "states.md"


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text("utf-8") == docs.document(), "run `python -m codex.tracks.docs`"


def test_every_pass_and_every_state_of_its_way_is_on_it(tmp_path: Path) -> None:
    docs.main([str(tmp_path / "states.md")])
    written = (tmp_path / "states.md").read_text("utf-8")
    for machine in TRACK.machines:
        assert f"## {machine.kind.capitalize()}" in written
        for row in machine.transitions:
            assert row.pass_name is None or f"| `{row.source}` | `{row.target}` | {row.trigger} |" in written
