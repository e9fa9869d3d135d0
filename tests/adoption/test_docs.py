"""docs/adopting.md and the slash commands say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codex.cli.app import COMMANDS
from codex.integration.adoption.docs import PAGE, page
from codex.integration.adoption.registry import KINDS
from codex.integration.commands import FOLDER, slash_commands

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_up_to_date():
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert page(text) == text, "run `python -m codex.integration.adoption.docs`"
    assert all(f"**`{kind.name}`**" in text for kind in KINDS)
    with pytest.raises(ValueError, match="marks"):
        page("no marks")


def test_the_commands_are_short_and_call_the_command_line():
    commands = slash_commands()
    assert [path.removeprefix(f"{FOLDER}/") for path in commands] == [
        "audit-next.md",
        "dashboard.md",
        "produce-next.md",
    ]
    for path, data in commands.items():
        text = data.decode("utf-8")
        name = path.rpartition("/")[2].removesuffix(".md")
        assert re.match(r"---\ndescription: [^\n]+\n(argument-hint: [^\n]+\n)?---\n", text)
        assert f"`codexctl {name}" in text and text.count("\n") < 25
        assert ("--backend handoff $ARGUMENTS" in text) == (name != "dashboard")


def test_every_command_that_they_call_exists():
    called = {name for data in slash_commands().values() for name in re.findall(r"`codexctl ([a-z-]+)", data.decode())}
    assert {"call", "produce-next", "audit-next", "dashboard"} == called
    assert called <= set(COMMANDS)
