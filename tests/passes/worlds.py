"""A small book taken through its passes over the starter corpus: real snapshots, sound replies, the real integrator.

A ``World`` is a snapshot with a ledger. Each stage below is made once from the one before it, by what the pass's own
``changes`` proposes; tests take a stage, corrupt one thing in a sound reply, and look at what the gate says.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import append
from codex.integration.apply import apply_proposal
from codex.integration.proposal import Proposal
from codex.passes.audit import AUDIT
from codex.passes.base import Changes, Verdict
from codex.passes.bookcontext import BookContext as Context
from codex.passes.context import Failure
from codex.passes.gap import GAP
from codex.passes.plan import PLAN
from codex.passes.production import PRODUCTION
from codex.passes.registry import FASTTRACK as PASSES
from codex.passes.verify import VERIFY
from codex.passes.weave import WEAVE
from codex.settings import Settings
from codex.snapshot import Snapshot, TreeSnapshot
from codex.units import parse_unit, set_frontmatter_value

SEED = Path(__file__).resolve().parents[2] / "manifests" / "pilot" / "workspace"
STARTER = TreeSnapshot(SEED)
SLUG = "lawson-michelsohn-spin-geometry"
SUBJECT = f"book:{SLUG}"
BOOK = {
    "tier": "α",
    "fasttrack_entry": "3.35",
    "title": "Lawson & Michelsohn — Spin Geometry",
    "short_title": "Spin Geometry",
    "authors": "H. Blaine Lawson, Marie-Louise Michelsohn",
    "year": 1989,
    "publisher": "Princeton University Press",
    "scope": "Chapter I, §§1–2",
}
NOW = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)

CLIFFORD, ORTHOGONAL, SPIN = "03.09.02", "03.03.03", "03.09.03"
SPIN_ANCHOR = "the spin group double covers the rotation group"

#: Sentences of the starter corpus (03.09.02), by the heading they stand under.
QUOTES = {
    "Intuition": "This one wish forces a surprise. Multiply the slanted arrow",
    "Formal definition": "the Clifford algebra is the tensor algebra modulo one quadratic relation",
    "Key theorem with proof": "This property determines the pair $(\\mathrm{Cl}(V,q),\\iota)$ up to a unique",
    "Connections": "polarisation turns it into the anticommutation rule; orthogonal bases give the bases",
    "Historical & philosophical context": "Hamilton found the quaternions in 1843 and Grassmann published",
    "Synthesis": "The foundational idea of the unit is to adjoin a linear square root.",
    "Bridge": "Every prerequisite has one job here. The arrows come from",
}


class World:
    """A snapshot with a ledger; ``files`` is what differs from the starter corpus."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.snapshot: Snapshot = STARTER.with_changes(self.files, label="0" * 40)
        self._contexts: dict[tuple[str, str | None, int], Context] = {}

    def events(self, *drafts: EventDraft) -> World:
        done = append(self.snapshot, drafts, NOW)
        assert not done.refused, [r.reason for r in done.refused]
        return World({**self.files, **done.changes})

    def write(self, files: Mapping[str, bytes | str]) -> World:
        encoded = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        return World({**self.files, **encoded})

    def edit(self, path: str, change: Callable[[str], str]) -> World:
        return self.write({path: change(self.snapshot.text(path))})

    def context(
        self, pass_name: str, unit: str | None = None, attempt: int = 1, failure: Failure | None = None
    ) -> Context:
        if failure is not None:
            return Context(self.snapshot, "0" * 40, SUBJECT, pass_name, attempt, unit, None, failure)
        key = (pass_name, unit, attempt)  # contexts are pure: what one has parsed is good for the next
        if key not in self._contexts:
            self._contexts[key] = Context(self.snapshot, "0" * 40, SUBJECT, pass_name, attempt, unit)
        return self._contexts[key]

    def judge(self, pass_name: str, reply: Mapping[str, Any], **more: Any) -> Verdict:
        """What the gate of a pass says of a reply (as the JSON that an agent hands in)."""
        each = PASSES[pass_name]
        return each.gate(self.context(pass_name, **more), each.reply_model.model_validate(copy.deepcopy(dict(reply))))

    def changes(self, pass_name: str, reply: Mapping[str, Any], **more: Any) -> Changes:
        each, context = PASSES[pass_name], self.context(pass_name, **more)
        valid = each.reply_model.model_validate(dict(reply))
        return each.changes(context, valid, each.gate(context, valid))

    def take(self, pass_name: str, reply: Mapping[str, Any], source: str, target: str, **more: Any) -> World:
        """Judge a sound reply and integrate what it proposes, with the events that the engine adds."""
        verdict = self.judge(pass_name, reply, **more)
        assert not verdict.defects, [d.as_data() for d in verdict.defects]
        changes, context = self.changes(pass_name, reply, **more), self.context(pass_name, **more)
        events = []
        if context.unit is None:
            events.append(_ended(context, verdict))
            if changes.deliverables is not None:
                owed = [d.as_data() for d in changes.deliverables]
                events.append(context.event(Kind.DELIVERABLES, data={"outstanding": owed}))
            if source != target:
                events.append(context.event(Kind.TRANSITION, from_state=source, to_state=target, expect=source))
        return self.integrate(pass_name, changes, events)

    def integrate(self, pass_name: str, changes: Changes, events: list[EventDraft]) -> World:
        proposal = Proposal(
            subject=SUBJECT, pass_name=pass_name, title=changes.title[:120], base="0" * 40, units=changes.units,
            edges=changes.edges, pending=changes.pending, catalog=changes.catalog, connections=changes.connections,
            sections=changes.sections, notation=changes.notation, reports=changes.reports, events=tuple(events),
        )  # fmt: skip
        outcome = apply_proposal(self.snapshot, proposal, NOW, Settings())
        assert outcome.result.status == "committed", outcome.result
        assert not outcome.result.rejected, outcome.result.rejected
        return World({**self.files, **outcome.changes})


def _ended(context: Context, verdict: Verdict) -> EventDraft:
    if not verdict.shortfall:
        return context.event(Kind.PASS_COMPLETED, data=dict(verdict.figures))
    defects = [d.as_data() for d in verdict.shortfall]
    return context.event(Kind.PASS_FAILED, data={"kind": "shortfall", "defects": defects, **verdict.figures})


def defects(verdict: Verdict) -> list[str]:
    """Each defect as "where: what"."""
    return [f"{d.where}: {d.what}" for d in verdict.defects]


def only(verdict: Verdict) -> str:
    """The one defect of a verdict."""
    found = defects(verdict)
    assert len(found) == 1, found
    return found[0]


# --- the starter corpus with a registered book ------------------


@lru_cache
def registered() -> World:
    return World({}).events(EventDraft(subject=SUBJECT, kind=Kind.REGISTERED, data=dict(BOOK)))


# --- P1 ------------------


def item(row: str, place: str, label: str, statement: str = "") -> dict[str, Any]:
    return {"id": row, "place": place, "label": label, "statement": statement or f"what {row} says", "sources": [1]}


def audit(**changed: Any) -> dict[str, Any]:
    """A sound audit of two sections."""
    reply: dict[str, Any] = {
        "contents": [
            {"ref": "§1", "title": "Clifford algebras", "summary": "Definition, universal property, examples."},
            {"ref": "§2", "title": "The groups Pin and Spin", "summary": "Twisted adjoint action, the covering."},
        ],
        "theorems": [
            item("T1", "§1", "Definition 1.1 (Clifford algebra)"),
            item("T2", "§1", "Proposition 1.1 (universal property)"),
            item("T3", "§2", "Theorem 2.9 (the covering)", r"$\|x\|=1$ and |x| = 1 give the covering \ of $SO_n$"),
        ],
        "exercises": [item(f"E{n}", "§1" if n < 6 else "§2", "load-bearing") for n in range(1, 7)],
        "examples": [item("X1", "§1", "the algebras of dimension two and four")],
        "notation": [item("N1", "§1", r"$\mathrm{Cl}_n$"), item("N2", "§1", "$q$"), item("N3", "§2", "Pin")],
        "sequencing": [item("S1", "§2", "§1", "the groups live in the algebra")],
        "applications": [item("A1", "§2", "physics", "the spin of a particle")],
        "perspective": "The authors put the algebra first and let geometry follow from it. " * 4,
        "none_stated": [],
        "sources": [
            {"number": 1, "title": "The book", "kind": "isbn", "locator": "978-0-691-08542-5"},
            {"number": 2, "title": "A review", "kind": "doi", "locator": "10.1090/S0273-0979-1990-15969-9"},
            {"number": 3, "title": "Course notes", "kind": "url", "locator": "https://math.example.org/spin/notes"},
        ],
    }
    return reply | changed


@lru_cache
def audited() -> World:
    return registered().take(AUDIT.name, audit(), "draft", "audited")


# --- P2 ------------------

EXERCISE = "Use $e_1e_1 = e_2e_2 = -1$ and $e_2e_1 = -e_1e_2$. What number is"


def covered(row: str, heading: str, unit: str = CLIFFORD, quote: str = "", **more: Any) -> dict[str, Any]:
    return {
        "row": row,
        "status": "covered",
        "unit": unit,
        "heading": heading,
        "quote": quote or QUOTES[heading],
    } | more


def gap_row(row: str) -> dict[str, Any]:
    return {"row": row, "status": "gap", "reason": "no unit teaches it"}


def exercises() -> list[dict[str, Any]]:
    return [covered(f"E{n}", "Check your understanding", quote=EXERCISE) for n in range(1, 6)]


def gap(**changed: Any) -> dict[str, Any]:
    """A sound gap analysis: what §2 needs is missing."""
    answers = [
        covered("T1", "Formal definition"),
        covered("T2", "Key theorem with proof"),
        gap_row("T3"),
        *exercises(),
        gap_row("E6"),
        covered("X1", "Formal definition"),
        gap_row("N1"),
        gap_row("N2"),
        gap_row("N3"),
        gap_row("S1"),
        covered("I1", "Intuition"),
        gap_row("I2"),
        gap_row("A1"),
    ]
    summary = "The corpus has the algebra and lacks the groups inside it, with their covering of the rotation group."
    return {"answers": answers, "summary": summary} | changed


def answered(reply: Mapping[str, Any], row: str, **changed: Any) -> dict[str, Any]:
    """The reply with one answer changed."""
    answers = [a | changed if a["row"] == row else a for a in reply["answers"]]
    return {**reply, "answers": answers}


@lru_cache
def gap_analysed() -> World:
    return audited().take(GAP.name, gap(), "audited", "gap-analysed")


# --- P3 ------------------


def new_unit(**changed: Any) -> dict[str, Any]:
    unit = {
        "id": SPIN,
        "slug": "pin-and-spin",
        "title": "The groups Pin and Spin",
        "concept": "spin-geometry.spin-group",
        "priority": 1,
        "prerequisites": [CLIFFORD, ORTHOGONAL],
        "originator": "R. Lipschitz, Bonn, 1886",
        "modern_anchor": "Lawson and Michelsohn, Chapter I, §2",
        "must_contain": "The Clifford group, the spinor norm, the covering with its proof, examples in low dimension.",
        "rows": ["T3", "E6", "I2"],
    }
    return unit | changed


def deepening(**changed: Any) -> dict[str, Any]:
    text = "Under Connections: what the covering is used for in physics, with the two-valuedness of spinors named."
    return {"id": ORTHOGONAL, "priority": 2, "additions": text, "rows": ["A1"]} | changed


def plan(**changed: Any) -> dict[str, Any]:
    """A sound plan: one new unit, one deepening, one job."""
    return {
        "new_units": [new_unit()],
        "deepenings": [deepening()],
        "notation": [{"row": f"N{n}", "book": "$x$", "ours": "the same"} for n in (1, 2, 3)],
        "edges": [],
        "jobs": [{"name": "spin", "units": [SPIN, ORTHOGONAL]}],
    } | changed


@lru_cache
def planned() -> World:
    ready = gap_analysed().take(PLAN.name, plan(), "gap-analysed", "production-ready")
    go = ready.context(PRODUCTION.name)
    return ready.events(
        go.event(Kind.PASS_STARTED, data={"units": [SPIN, ORTHOGONAL]}),
        go.event(Kind.TRANSITION, from_state="production-ready", to_state="in-production"),
    )


# --- P4 ------------------


def path_of(unit_id: str, world: World | None = None) -> str:
    snapshot = (world or registered()).snapshot
    return next(p for p in snapshot.under("content", ".md") if p.rsplit("/", 1)[1].startswith(f"{unit_id}-"))


@lru_cache
def spin_unit() -> str:
    """A whole unit: the text of 03.09.02 under another name. Mathematics is not what gates look at."""
    text = registered().snapshot.text(path_of(CLIFFORD))
    values: dict[str, Any] = {
        "id": SPIN, "title": "The groups Pin and Spin", "slug": "pin-and-spin",
        "concept_catalog_id": "spin-geometry.spin-group", "prerequisites": [CLIFFORD, ORTHOGONAL, "01.01.15"],
    }  # fmt: skip
    for key, value in values.items():
        text = set_frontmatter_value(text, key, value)
    return text


def production(**changed: Any) -> dict[str, Any]:
    """A sound new unit with its evidence."""
    evidence = [
        {"row": "T3", "heading": "Key theorem with proof", "quote": QUOTES["Key theorem with proof"]},
        {"row": "E6", "heading": "Check your understanding", "quote": EXERCISE},
        {"row": "I2", "heading": "Intuition", "quote": QUOTES["Intuition"]},
    ]
    return {"unit": spin_unit(), "evidence": evidence} | changed


ADDED = (
    "- **Two-valued spinors** [03.01.05]: recurrence. Physics needs the covering because a rotation by a full turn "
    "changes the sign of a spinor; this is an instance of the half angles of Rodrigues."
)


def edit(op: str, heading: str, text: str, find: str = "") -> dict[str, Any]:
    return {"op": op, "heading": heading, "find": find, "text": text, "reason": "asked for by the plan"}


def deepened(**changed: Any) -> dict[str, Any]:
    """A sound deepening of 03.03.03 by an edit, with its evidence."""
    evidence = [{"row": "A1", "heading": "Connections", "quote": "Physics needs the covering because a rotation by"}]
    return {"edits": [edit("append", "Connections", ADDED)], "evidence": evidence} | changed


@lru_cache
def produced() -> World:
    """Both units shipped, production complete."""
    world = planned().take(PRODUCTION.name, production(), "", "", unit=SPIN)
    world = world.take(PRODUCTION.name, deepened(), "", "", unit=ORTHOGONAL)
    done = world.context(PRODUCTION.name)
    return world.events(
        done.event(Kind.PASS_COMPLETED, data={}),
        done.event(Kind.TRANSITION, from_state="in-production", to_state="production-complete"),
    )


# --- P5 ------------------


def verification(**changed: Any) -> dict[str, Any]:
    """A sound verification: every row covered."""
    answers = [
        covered("T1", "Formal definition"),
        covered("T2", "Key theorem with proof"),
        covered("T3", "Key theorem with proof", SPIN),
        *exercises(),
        covered("E6", "Check your understanding", SPIN, EXERCISE),
        covered("X1", "Formal definition"),
        {"row": "N1", "status": "covered"},
        {"row": "N2", "status": "covered"},
        {"row": "N3", "status": "covered"},
        {"row": "S1", "status": "covered", "unit": CLIFFORD, "other_unit": SPIN},
        covered("I1", "Intuition"),
        covered("I2", "Intuition", SPIN),
        covered("A1", "Connections", ORTHOGONAL, "Physics needs the covering because a rotation by"),
    ]
    sample = [
        {"row": f"E{n}", "unit": CLIFFORD, "heading": "Check your understanding", "quote": EXERCISE}
        for n in range(1, 6)
    ]
    passages = [
        {"row": f"N{n}", "unit": CLIFFORD, "heading": "Formal definition", "quote": QUOTES["Formal definition"]}
        for n in range(1, 4)
    ]
    reply = {
        "answers": answers,
        "exercise_sample": sample,
        "notation_passages": passages,
        "deficits": [],
        "statement": "Every row of the inventory is covered by a shipped unit, and the samples hold.",
    }
    return reply | changed


def falling_short(**changed: Any) -> dict[str, Any]:
    """A sound verification of a book that falls short: T3 is a gap, with what is to be done about it."""
    deficit = {
        "rows": ["T3"],
        "action": "deepen",
        "unit": SPIN,
        "specification": "State and prove that the twisted adjoint action maps onto the orthogonal group, with kernel.",
    }
    return answered(verification(), "T3", status="gap", reason="it is not proved") | {"deficits": [deficit]} | changed


@lru_cache
def verified() -> World:
    return produced().take(VERIFY.name, verification(), "production-complete", "verified")


# --- PW ------------------


def weaving(**changed: Any) -> dict[str, Any]:
    """A sound weaving: the one registered connection of the new unit is said on both sides."""
    here = f"- **Rotations below** [{ORTHOGONAL}]: conn:008, bridging-theorem. By Theorem 3 {SPIN_ANCHOR}."
    there = f"- **The covering group** [{SPIN}]: conn:008, bridging-theorem. In low dimensions {SPIN_ANCHOR}."
    reply = {
        "units": [
            {"unit": SPIN, "edits": [edit("append", "Connections", here)]},
            {"unit": ORTHOGONAL, "edits": [edit("append", "Connections", there)]},
        ],
        "connections": [],
        "summary": "The covering of the rotation group is now said in both units with its registered wording.",
    }
    return reply | changed


@lru_cache
def woven() -> World:
    return verified().take(WEAVE.name, weaving(), "verified", "woven")


def same_file(text: str, other: str) -> bool:
    """Whether two texts are the same unit in all that a reader sees."""
    return parse_unit(text.encode(), "a.md").body == parse_unit(other.encode(), "a.md").body
