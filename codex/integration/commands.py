"""Slash commands for coding agents: a few lines each that call the command line, put into ``.claude/commands/``.

They come with Codex (manifests/fasttrack/commands). A file of the same name that a person has is never replaced.
"""

from __future__ import annotations

from importlib import resources

FOLDER = ".claude/commands"
_PACKAGED = "fasttrack/commands"


def slash_commands() -> dict[str, bytes]:
    """Path in the workspace → content, by name."""
    home = resources.files("manifests").joinpath(_PACKAGED)
    files = sorted((each for each in home.iterdir() if each.name.endswith(".md")), key=lambda each: each.name)
    return {f"{FOLDER}/{each.name}": each.read_bytes() for each in files}
