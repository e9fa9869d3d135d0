"""Whatever is offered, in any order, at any time: the ledger stays whole."""

from __future__ import annotations

import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from codex.campaign import log
from codex.campaign.canonical import GENESIS, digest
from codex.campaign.due import Final, NeedsPerson, Step, next_step
from codex.campaign.events import Kind
from codex.campaign.ledger import CAMPAIGN
from codex.campaign.ownership import claim_draft, release_draft
from codex.campaign.projection import fold, render
from codex.campaign.verify import verify
from codex.tracks.fasttrack.books import BOOK as MACHINE

from .helpers import Book, draft, later, moved, registered

subjects = st.sampled_from(["book:one", "book:two"])
states = st.sampled_from([state.name for state in MACHINE.states])
owners = st.sampled_from(["anna", "boris"])
passes = st.sampled_from(MACHINE.passes)
SEGMENT = 7


class LedgerStates(RuleBasedStateMachine):
    @initialize()
    def start(self):
        self.size, log.SEGMENT_SIZE = log.SEGMENT_SIZE, SEGMENT
        self.book = Book(registered("book:one"), registered("book:two"))
        self.minute = 0

    def teardown(self):
        log.SEGMENT_SIZE = getattr(self, "size", log.SEGMENT_SIZE)

    @property
    def now(self):
        return later(self.minute)

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes):
        self.minute += minutes

    @rule(subject=subjects, source=states, to=states, owner=st.none() | owners)
    def any_transition(self, subject, source, to, owner):
        before = self.book.ledger
        result = self.book.offer([moved(source, to, subject, owner=owner)], self.now)
        legal = before.status(subject) == source and MACHINE.between(source, to) is not None
        free = owner is None or before.owner(subject, self.now) in (None, owner)
        assert bool(result.appended) == (legal and free)
        assert self.book.ledger.status(subject) == (to if legal and free else before.status(subject))

    @rule(subject=subjects, data=st.data())
    def a_legal_transition(self, subject, data):
        status = self.book.ledger.status(subject)
        row = data.draw(st.sampled_from(list(MACHINE.leaving(status)) or [None]))
        if row is not None:
            self.book.add(moved(row.source, row.target, subject, expect=status), at=self.now)

    @rule(subject=subjects, owner=owners, minutes=st.integers(1, 120))
    def a_claim(self, subject, owner, minutes):
        before = self.book.ledger.owner(subject, self.now)
        self.book.offer([claim_draft(subject, owner, self.now, minutes)], self.now)
        assert self.book.ledger.owner(subject, self.now) == (before or owner)

    @rule(subject=subjects, owner=owners)
    def a_release(self, subject, owner):
        before = self.book.ledger.owner(subject, self.now)
        self.book.offer([release_draft(subject, owner)], self.now)
        held = self.book.ledger.owner(subject, self.now)
        assert held == before if before not in (None, owner) else held in (None, before)

    @rule(subject=subjects, name=passes, good=st.booleans(), unit=st.none() | st.just("01.01.01"))
    def a_pass_ends(self, subject, name, good, unit):
        before = self.book.ledger
        kind = Kind.PASS_COMPLETED if good else Kind.PASS_FAILED
        self.book.add(draft(kind, subject, pass_name=name, unit=unit, cost_usd="0.10"), at=self.now)
        now = self.book.ledger
        assert now.attempts(subject, name, unit) == before.attempts(subject, name, unit) + 1
        assert now.failures(subject, name, unit) == (0 if good else before.failures(subject, name, unit) + 1)

    @rule(subject=subjects)
    def an_escalation(self, subject):
        self.book.offer([draft(Kind.ESCALATED, subject, data={"reason": "r"})], self.now)

    @rule(subject=subjects, to=st.none() | states)
    def an_answer(self, subject, to):
        self.book.offer([draft(Kind.ANSWERED, subject, to_state=to, data={"choice": "go on"})], self.now)

    @rule(again=st.integers(0, 30))
    def something_is_delivered_twice(self, again):
        events = self.book.ledger.events()
        old = events[again % len(events)]
        result = self.book.offer([draft(Kind.NOTED, "campaign", id=old.id)], self.now)
        assert result.ignored == (old.id,) and not result.changes

    @invariant()
    def the_chain_is_whole(self):
        if not hasattr(self, "book"):
            return
        lines = [line.raw for line in log.lines(self.book.snapshot)]
        assert [json.loads(line)["prev"] for line in lines] == [GENESIS, *map(digest, lines)][:-1]
        assert all(self.book.files[path].count(b"\n") == SEGMENT for path in log.files(self.book.snapshot)[:-1])
        assert verify(self.book.snapshot) == []

    @invariant()
    def the_projection_is_the_fold(self):
        if not hasattr(self, "book"):
            return
        ledger = self.book.ledger
        assert self.book.files[CAMPAIGN] == render(fold(ledger.events()))
        assert self.book.last.ledger.document() == ledger.document()
        assert float(ledger.spent()) == ledger.document()["totals"]["cost_usd_total"]

    @invariant()
    def there_is_always_an_answer_to_what_comes_next(self):
        if not hasattr(self, "book"):
            return
        for subject in ("book:one", "book:two"):
            step = next_step(self.book.ledger, subject)
            state = MACHINE.state(self.book.ledger.status(subject))
            expected = Final if state.final else NeedsPerson if state.person else Step
            assert isinstance(step, expected)


LedgerStates.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestLedgerStates = LedgerStates.TestCase
