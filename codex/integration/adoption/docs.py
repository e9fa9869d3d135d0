"""The list of kinds in docs/adopting.md, written from the registry: ``python -m codex.integration.adoption.docs``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from codex.campaign.ages import PASS_KEYS, PASS_STATUS, PASSES
from codex.integration.adoption.registry import KINDS
from codex.tracks.fasttrack.books import BOOK

PAGE = "docs/adopting.md"
BEGIN, END = "<!-- kinds: generated -->\n", "<!-- end of kinds -->\n"


def page(text: str) -> str:
    """The page with its generated part made anew; raises ValueError when its marks are missing."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{PAGE} has lost the marks of its generated part")
    return before + BEGIN + "\n" + "\n".join(_lines()) + "\n\n" + END + after


def _lines() -> Iterator[str]:
    groups = {group: list(kinds) for group, kinds in groupby(sorted(KINDS, key=lambda k: k.group), lambda k: k.group)}
    for group in dict.fromkeys(kind.group for kind in KINDS):
        yield f"### {group.capitalize()}\n"
        for kind in sorted(groups[group], key=KINDS.index):
            yield f"**`{kind.name}`**: {kind.title}. {kind.means}  "
            yield f"{'`--write`: ' if kind.repair else 'For a person: '}{kind.mends}\n"
    yield from _names()


def _names() -> Iterator[str]:
    yield "### Names of another age\n"
    yield "| in an old campaign.json | now |"
    yield "| --- | --- |"
    rows = [(f"book status `{old}`", f"`{new}`") for old, new in BOOK.aliases.items()]
    rows += [("tier `alpha`, `beta`, `gamma`, `delta`", "`α`, `β`, `γ`, `δ`")]
    rows += [
        (f"pass `{_shown(pattern.pattern)}`", f"a part of `{target}`, under `parts`") for pattern, target in PASSES
    ]
    rows += [(f"pass status `{old}`", f"`{new}`") for old, new in PASS_STATUS.items()]
    rows += [(f"key `{old}` of a pass", f"`{new}`") for old, new in PASS_KEYS.items()]
    yield from (f"| {old} | {new} |" for old, new in rows)


def _shown(pattern: str) -> str:
    return pattern.replace(r"\w+", "…").replace(r"\w*", "…")


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else PAGE)
    target.write_text(page(target.read_text(encoding="utf-8")), encoding="utf-8")
