"""Writes docs/states.md: the state machines of the book track as drawings and tables, and what follows a failure.

``python -m codex.tracks.docs [FILE]``
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from codex.tracks.fasttrack import TRACK
from codex.tracks.ladder import DEFAULT, Ladder
from codex.tracks.machine import DEFERRED, ESCALATED, Machine, Transition

_INTRODUCTION = """\
# States and passes

Generated from `codex/tracks/fasttrack/`; edit those tables and run `python -m codex.tracks.docs`. A test has the two
agree.

A subject moves only along the rows of its table. A row names the pass that makes the step, what has to hold before the
pass is paid for, and what has to hold before the step is written; both are functions in `codex/campaign/conditions.py`.
Of the rows that lead on from a state the first whose *only while* holds is taken. Beside these rows every working state
can be escalated (to `escalated`) and left to a later phase (`deferred`), and a person's answer leads back.
"""

_LADDERS = """\
## After a failure

A faulty reply is asked for again, each time by the next rung; a sound reply that finds the book short has a ladder of
its own. After the last rung a person is asked, where the ladder does not end with an accepted shortfall.

| pass | after a faulty reply | after a shortfall |
| --- | --- | --- |
"""


def document() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    for machine in TRACK.machines:
        yield f"## {machine.kind.capitalize()}\n"
        yield from _drawing(machine)
        yield ""
        yield from _table(machine)
        yield ""
    yield _LADDERS.rstrip("\n")
    yield from (_ladder(name) for name in TRACK.pass_names)


def _rows(machine: Machine) -> Iterator[Transition]:
    """The rows of passes, and those that a person makes beside the ones that every machine has."""
    every = {ESCALATED, DEFERRED}
    return (row for row in machine.transitions if row.pass_name or not {row.source, row.target} & every)


def _drawing(machine: Machine) -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {_node(machine.initial)}"
    for row in _rows(machine):
        yield f"    {_node(row.source)} --> {_node(row.target)}: {(row.pass_name or 'a person').partition('_')[0]}"
    yield from (f"    {_node(s.name)} --> [*]" for s in machine.states if s.final and s.name != DEFERRED)
    yield "```"


def _node(state: str) -> str:
    """Mermaid's names have no dashes."""
    return state.replace("-", "_")


def _table(machine: Machine) -> Iterator[str]:
    yield "| from | to | because | by | before | after | only while |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in _rows(machine):
        only = f"{row.when.verify} fell short" if row.when else ""
        by = f"`{row.pass_name}`" if row.pass_name else "a person"
        cells = (f"`{row.source}`", f"`{row.target}`", row.trigger, by, _names(row.pre), _names(row.post), only)
        yield f"| {' | '.join(cells)} |"


def _names(conditions: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in conditions)


def _ladder(name: str) -> str:
    faulty = _rungs(TRACK.ladders.get(name, DEFAULT))
    of_tiers = [f"tier {tier}: {_rungs(it)}" for (owner, tier), it in TRACK.tier_ladders.items() if owner == name]
    short = TRACK.shortfalls.get(name)
    return f"| `{name}` | {'; '.join([faulty, *of_tiers])} | {_rungs(short) if short else ''} |"


def _rungs(ladder: Ladder) -> str:
    return ", ".join(rung.action for rung in ladder)


def main(arguments: list[str]) -> None:
    """Write the page to the named file, by default where it belongs."""
    target = Path(arguments[0] if arguments else "docs/states.md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
