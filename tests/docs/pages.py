"""The pages that people read, their code blocks, and the commands that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCED = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?:(?: {4}[^\n]*)?\n)+", re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")

#: What begins a command wherever it stands. In a block marked ``sh`` every line is one.
_COMMAND = re.compile(r"(?:\.venv/bin/\S+|codexctl|make|git|python|uv|pytest)(?= |$)")


@dataclass(frozen=True)
class Block:
    """A fenced block: language, what follows it on the opening line (a file), and the text between the fences."""

    language: str
    file: str
    text: str


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    for match in _FENCED.finditer(text):
        language, _, file = match["info"].strip().partition(" ")
        found.append(Block(language, file, match["text"]))
    return found


def commands(text: str) -> Iterator[str]:
    """Every command that a page shows, in blocks, tables and sentences, without comments and ``.venv/bin/``."""
    for block in blocks(text):
        yield from _lines(block.text, every=block.language in ("sh", "bash", "console"))
    rest = _FENCED.sub("", text)
    for match in _INDENTED.finditer(rest):
        yield from _lines(match[0], every=False)
    for match in _INLINE.finditer(_INDENTED.sub("\n", rest)):
        yield from _lines(match[1], every=False)


def _lines(text: str, *, every: bool) -> Iterator[str]:
    for line in text.splitlines():
        command = re.sub(r"(?:^|\s+)#(?: .*|$)", "", line).strip()
        if command and (every or _COMMAND.match(command)):
            yield command.removeprefix(".venv/bin/")
