from __future__ import annotations

import json

import networkx as nx
import pytest

from codex.campaign.conditions import CONDITIONS
from codex.campaign.due import Final, NeedsPerson, Step, next_step
from codex.campaign.events import Kind
from codex.campaign.ledger import CAMPAIGN, Ledger
from codex.errors import UserError
from codex.tracks.fasttrack import TRACK
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.flows import FLOW
from codex.tracks.registry import machine_of

from .helpers import BOOK as SUBJECT
from .helpers import WAY, Book, book_at, draft, moved, overlay, registered

machines = pytest.mark.parametrize("machine", TRACK.machines, ids=lambda machine: machine.kind)


def graph(machine) -> nx.DiGraph:
    found = nx.DiGraph()
    found.add_nodes_from(state.name for state in machine.states)
    found.add_edges_from((row.source, row.target) for row in machine.transitions)
    return found


@machines
def test_the_table_names_only_its_states_and_each_way_once(machine):
    names = [state.name for state in machine.states]
    assert len(set(names)) == len(names)
    assert set(graph(machine)) == set(names)
    ways = [(row.source, row.target, row.pass_name, row.when) for row in machine.transitions]
    assert len(set(ways)) == len(ways)
    assert set(machine.aliases.values()) <= set(names) and not set(machine.aliases) & set(names)


@machines
def test_every_state_is_reached_from_the_beginning(machine):
    found = graph(machine)
    assert nx.descendants(found, machine.initial) | {machine.initial} == set(found)


@machines
def test_every_state_that_is_not_final_has_a_way_to_a_good_end(machine):
    found = graph(machine)
    ends = {state.name for state in machine.states if state.final and state.name != "deferred"}
    for state in machine.states:
        if not state.final:
            assert nx.descendants(found, state.name) & ends, state.name


@machines
def test_the_way_of_success_alone_leads_to_the_end_through_every_pass(machine):
    rows = [row for row in machine.transitions if row.outcome == "success"]
    way = nx.DiGraph((row.source, row.target) for row in rows if row.source != row.target)
    assert nx.is_directed_acyclic_graph(way)
    ends = [state for state in way if way.out_degree(state) == 0]
    assert len(ends) == 1 and machine.state(ends[0]).final
    assert {row.pass_name for row in rows} == set(machine.passes)


@machines
def test_every_working_state_has_one_next_pass_and_can_be_escalated_and_deferred(machine):
    for state in machine.states:
        rows = list(machine.leaving(state.name))
        passes = [row for row in rows if row.outcome == "success" and not row.when]
        if state.final or state.person:
            assert not passes
        else:
            assert len(passes) == 1, state.name
            assert {"escalated", "deferred"} <= {row.target for row in rows}


@machines
def test_every_condition_and_route_that_is_named_exists(machine):
    named = {name for row in machine.transitions for name in (*row.pre, *row.post)}
    assert named <= set(CONDITIONS)
    ruled = {name for row in machine.transitions if row.when for name in (row.when.verify, row.when.mend)}
    assert ruled <= set(machine.passes)


def test_no_condition_is_an_orphan():
    rows = [row for machine in TRACK.machines for row in machine.transitions]
    assert {name for row in rows for name in (*row.pre, *row.post)} == set(CONDITIONS)


def test_the_books_way_is_the_protocols():
    names = [row.target for row in BOOK.transitions if row.outcome == "success" and row.source in WAY and not row.when]
    assert ["draft", *names] == [*WAY, "equivalence-covered"]
    assert [BOOK.rank(state) for state in WAY] == list(range(8))
    assert BOOK.rank("audit-degraded") == BOOK.rank("audited") and BOOK.rank("deferred") == -1
    flow = [row.target for row in FLOW.transitions if row.outcome == "success" and not row.when]
    assert flow == ["trajectory-extracted", "bridged", "paused", "verified", "woven", "attenuation-verified"]


EXPECTED = dict(
    zip(
        WAY,
        ["P1_audit", "P2_gap", "P3_plan", "P4_production", "P4_production", "P5_verification", "PW_weaving"],
        strict=False,
    )
)


@pytest.mark.parametrize(("state", "pass_name"), [*EXPECTED.items(), ("woven", "PV_continuity")])
def test_the_next_step_at_each_state(state, pass_name):
    step = next_step(book_at(state).ledger, SUBJECT)
    assert isinstance(step, Step)
    assert (step.pass_name, step.source) == (pass_name, state)
    assert step.target == step.transition.target == [*WAY, "equivalence-covered"][WAY.index(state) + 1]


def test_continuity_that_fell_short_is_woven_again_then_verified_again():
    book = book_at("woven")

    def step():
        found = next_step(book.ledger, SUBJECT)
        return found.pass_name, found.target

    book.add(draft(Kind.PASS_FAILED, pass_name="PV_continuity"))
    assert step() == ("PW_weaving", "woven")
    book.add(draft(Kind.PASS_FAILED, pass_name="PW_weaving"))
    assert step() == ("PW_weaving", "woven")
    book.add(draft(Kind.PASS_COMPLETED, pass_name="PW_weaving"), moved("woven", "woven"))
    assert step() == ("PV_continuity", "equivalence-covered")
    book.add(draft(Kind.PASS_FAILED, pass_name="PV_continuity"), draft(Kind.ESCALATED), draft(Kind.ANSWERED))
    assert step() == ("PV_continuity", "equivalence-covered"), "a person has seen to it: verify again"


def test_a_degraded_audit_goes_on_to_the_gap_analysis():
    book = Book(registered(tier="γ"))
    book.add(moved("draft", "audit-degraded"))
    assert next_step(book.ledger, SUBJECT).target == "gap-analysed"


def test_final_states():
    book = book_at("woven")
    book.add(moved("woven", "equivalence-covered"))
    assert next_step(book.ledger, SUBJECT) == Final(SUBJECT, "equivalence-covered")
    book.add(registered("book:other"), moved("draft", "deferred", "book:other"))
    assert next_step(book.ledger, "book:other") == Final("book:other", "deferred")


def test_states_that_need_a_person_name_reason_and_choices():
    book = book_at("in-production")
    book.add(draft(Kind.ESCALATED, to_state="production-needs-rework", data={"reason": "03.01.01 failed three times"}))
    found = next_step(book.ledger, SUBJECT)
    assert isinstance(found, NeedsPerson)
    assert (found.state, found.reason) == ("production-needs-rework", "03.01.01 failed three times")
    assert set(found.choices) == {"in-production", "gap-analysed", "deferred"}
    for choice in found.choices:
        assert machine_of(SUBJECT).between("production-needs-rework", choice) is not None


def test_a_text_that_is_no_state_needs_a_person():
    old = {"books": {"b": {"status": "half done", "passes": {}}}}
    found = next_step(Ledger.load(overlay({CAMPAIGN: json.dumps(old).encode()})), "book:b")
    assert isinstance(found, NeedsPerson) and "'half done'" in found.reason and "audited" in found.choices


def test_an_unknown_book_is_a_users_error():
    with pytest.raises(UserError, match="'book:nobody' is not in the ledger"):
        next_step(Ledger.load(overlay({})), "book:nobody")


def test_the_campaign_has_no_machine():
    with pytest.raises(UserError, match="no state machine"):
        next_step(Ledger.load(overlay({})), "campaign")
