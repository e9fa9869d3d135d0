"""A track of somebody else's: notes, which one pass writes and another one checks. Three states, two passes."""

from __future__ import annotations

from decimal import Decimal

from codex.tracks.ladder import ESCALATE, Rung
from codex.tracks.machine import BESIDE_THE_WAY, Machine, State, Transition, by_persons
from codex.tracks.track import Track

NOTE = Machine(
    kind="note",
    shelf="notes",
    initial="draft",
    states=(State("draft"), State("written"), State("checked", final=True), *BESIDE_THE_WAY),
    passes=("N1_write", "N2_check"),
    transitions=(
        Transition("draft", "written", "the note is wanted", "N1_write", post=("note_filled",)),
        Transition("written", "checked", "the note is written", "N2_check", pre=("note_filled",)),
        Transition("written", "draft", "a claim does not stand in the note", "N2_check", outcome="failure"),
        *by_persons(("draft", "written")),
    ),
    document="plans/notes/{}.md",
    ceiling_usd=Decimal(1),
)

TRACK = Track(
    name="notebook",
    machines=(NOTE,),
    passes="notebook_track.passes:PASSES",
    conditions="notebook_track.passes:CONDITIONS",
    ladders={"N1_write": (Rung("retry", "Write whole sentences."), ESCALATE)},
)
