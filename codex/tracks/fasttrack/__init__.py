"""The book track: books, the teaching flows over them, and units of the queue that no book asked for."""

from __future__ import annotations

from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.flows import FLOW
from codex.tracks.fasttrack.ladders import LADDERS, SHORTFALLS, TIER_LADDERS
from codex.tracks.fasttrack.units import UNIT
from codex.tracks.track import Track

TRACK = Track(
    name="fasttrack",
    machines=(BOOK, FLOW, UNIT),
    ladders=LADDERS,
    tier_ladders=TIER_LADDERS,
    shortfalls=SHORTFALLS,
    conditions="codex.campaign.conditions:CONDITIONS",
    passes="codex.passes.registry:FASTTRACK",
)
