"""Books: the state machine of the protocol (§3.1-3.4 and §6) as a table."""

from __future__ import annotations

from codex.tracks.fasttrack.names import (
    AUDIT,
    BOOK_PASSES,
    CONTINUITY,
    COVERED,
    GAP,
    IN_PRODUCTION,
    NEEDS_REWORK,
    PLAN,
    PRODUCTION,
    PRODUCTION_COMPLETE,
    PRODUCTION_READY,
    VERIFICATION,
    VERIFIED,
    WEAVING,
)
from codex.tracks.machine import BESIDE_THE_WAY, ESCALATED, FellShort, Machine, State, Transition, by_persons

_WAY = (
    Transition(
        "draft",
        "audited",
        "the book is part of an active batch",
        AUDIT,
        pre=("audit_pending",),
        post=("audit_filled", "three_sources"),
    ),
    Transition(
        "audited",
        "gap-analysed",
        "the book is audited",
        GAP,
        pre=("audit_filled", "corpus_readable"),
        post=("coverage_filled", "scorecard_filled"),
    ),
    Transition(
        "audit-degraded",
        "gap-analysed",
        "the book goes on with reduced expectations",
        GAP,
        pre=("corpus_readable",),
        post=("coverage_filled", "scorecard_filled"),
    ),
    Transition(
        "gap-analysed",
        PRODUCTION_READY,
        "the book is gap-analysed",
        PLAN,
        pre=("coverage_filled",),
        post=("plan_filled", "decomposition_filled"),
    ),
    Transition(
        PRODUCTION_READY,
        IN_PRODUCTION,
        "a production batch is dispatched",
        PRODUCTION,
        pre=("plan_lists_units", "budget_left"),
    ),
    Transition(
        IN_PRODUCTION,
        PRODUCTION_COMPLETE,
        "every unit of the batch has been integrated",
        PRODUCTION,
        pre=("plan_lists_units",),
        post=("units_shipped",),
    ),
    Transition(
        PRODUCTION_COMPLETE,
        VERIFIED,
        "production is complete",
        VERIFICATION,
        pre=("units_shipped",),
        post=("verification_filled", "layers_met"),
    ),
    Transition(
        VERIFIED,
        "woven",
        "the book and the related books of its batch are verified",
        WEAVING,
        pre=("batch_verified",),
        post=("weaving_reported",),
    ),
    Transition(
        "woven",
        "woven",
        "continuity fell short: weave again, naming the metrics",
        WEAVING,
        pre=("batch_verified",),
        post=("weaving_reported",),
        when=FellShort(CONTINUITY, WEAVING),
    ),
    Transition(
        "woven",
        COVERED,
        "continuity is verified",
        CONTINUITY,
        pre=("weaving_reported",),
        post=("continuity_met", "nothing_outstanding"),
    ),
)

_FAILURES = (
    Transition("draft", "audit-degraded", "tier γ: a second audit failed", AUDIT, outcome="failure"),
    Transition(
        IN_PRODUCTION,
        NEEDS_REWORK,
        "a unit failed its third attempt",
        PRODUCTION,
        outcome="failure",
    ),
    Transition(
        PRODUCTION_COMPLETE,
        PRODUCTION_READY,
        "a layer is below its threshold: back with the gap list",
        VERIFICATION,
        outcome="failure",
    ),
)

_WORKING = (
    "draft",
    "audited",
    "audit-degraded",
    "gap-analysed",
    PRODUCTION_READY,
    IN_PRODUCTION,
    PRODUCTION_COMPLETE,
    VERIFIED,
    "woven",
)
#: A book that goes on with a degraded audit reproduces nothing (protocol §6, pass 1: topic-equivalent only).
_STATES = {"audit-degraded": State("audit-degraded", sets={"expectations": "topic-equivalent"})}

BOOK = Machine(
    kind="book",
    shelf="books",
    initial="draft",
    states=(
        *(_STATES.get(name, State(name)) for name in _WORKING),
        State(NEEDS_REWORK, person=True),
        State(COVERED, final=True),
        *BESIDE_THE_WAY,
    ),
    passes=BOOK_PASSES,
    transitions=(
        *_WAY,
        *_FAILURES,
        *by_persons(_WORKING, (NEEDS_REWORK, ESCALATED)),
        Transition(NEEDS_REWORK, IN_PRODUCTION, "a person gives a hint or a draft", outcome="person"),
        Transition(NEEDS_REWORK, "gap-analysed", "a person asks for another plan", outcome="person"),
        Transition(COVERED, "draft", "a person has the book made anew", outcome="person"),
        *(
            Transition(source, PRODUCTION_READY, "a person withdraws a unit", outcome="person")
            for source in (VERIFIED, "woven", COVERED)
        ),
    ),
    aliases={"equivalence-covered-and-continuity-verified": COVERED},
    blank=(("tier", None), ("fasttrack_entry", None), ("title", None)),
    document="plans/fasttrack/{}.md",
)
