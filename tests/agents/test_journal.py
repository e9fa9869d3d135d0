"""The journal: states, budgets held under contention, lost turns, and what the cost ledger gets."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.agents.accounts import BudgetExceeded, TurnUnderWay
from codex.agents.call import AgentCall, CallAddress
from codex.agents.journal import Journal
from codex.agents.journal_schema import STEPS
from codex.agents.messages import turn_key
from codex.errors import Conflict, StorageError
from codex.integration.proposal import CostLine

from .helpers import ADDRESS, SUBPROCESS, Answer, a_call, a_reply, a_request, pay, request_no

CENT = Decimal("0.01")


def states(journal: Journal) -> dict[str, str]:
    with sqlite3.connect(journal.path) as db:
        return dict(db.execute("SELECT id, state FROM calls"))


def test_a_turn_goes_through_its_states(journal: Journal) -> None:
    request = a_request()
    key = turn_key(request, "replay")
    call = journal.reserve(request, "replay", Decimal("0.10"))
    assert (states(journal)[call], journal.counted("book:demo")) == ("intent", Decimal("0.10"))
    journal.submitted(call)
    assert (states(journal)[call], journal.answered(key)) == ("submitted", None)
    journal.result(call, a_reply(), Decimal("0.02"), 1.5)
    assert (states(journal)[call], journal.counted("book:demo")) == ("result", Decimal("0.10"))
    journal.settle(call)
    journal.settle(call)
    assert (states(journal)[call], journal.counted("book:demo")) == ("settled", Decimal("0.02"))
    answered = journal.answered(key)
    assert answered is not None
    assert answered.reply == a_reply()


def test_no_state_is_left_or_entered_out_of_turn(journal: Journal) -> None:
    call = journal.reserve(a_request(), "replay", CENT)
    with pytest.raises(Conflict):
        journal.result(call, a_reply(), CENT, 1.0)
    journal.submitted(call)
    with pytest.raises(Conflict):
        journal.submitted(call)
    journal.result(call, a_reply(), CENT, 1.0)
    with pytest.raises(Conflict):
        journal.fail(call, "cut", "", 1.0, free=True)


def test_one_turn_is_reserved_once(journal: Journal) -> None:
    call = journal.reserve(a_request(), "replay", CENT)
    with pytest.raises(TurnUnderWay):
        journal.reserve(a_request(), "replay", CENT)
    journal.submitted(call)
    journal.result(call, a_reply(), CENT, 1.0)
    with pytest.raises(TurnUnderWay):
        journal.reserve(a_request(), "replay", CENT)


def test_a_ceiling_holds_to_the_micro_dollar(journal: Journal) -> None:
    pay(journal, request_no(1), Decimal("0.6"), Decimal("0.4"))
    with pytest.raises(BudgetExceeded, match=r"book:demo \(\$1.00\).*\$0.40 is spent.*may cost \$0.60") as caught:
        journal.reserve(request_no(2), "replay", Decimal("0.600001"))
    assert caught.value.exit_status == 4
    journal.reserve(request_no(2), "replay", Decimal("0.6"))
    assert journal.counted("book:demo") == 1


def test_every_scope_is_held(journal: Journal) -> None:
    ceilings = {"book:demo": Decimal(5), "tier:α": Decimal("0.05")}
    pay(journal, request_no(1, ceilings), Decimal("0.05"), Decimal("0.03"))
    with pytest.raises(BudgetExceeded, match="tier:α"):
        journal.reserve(request_no(2, ceilings), "replay", Decimal("0.03"))
    assert journal.counted("book:demo") == Decimal("0.03")


def test_a_refused_reservation_leaves_nothing(journal: Journal) -> None:
    with pytest.raises(BudgetExceeded):
        journal.reserve(request_no(1), "replay", Decimal(2))
    assert states(journal) == {}
    assert journal.counted("book:demo") == 0


@pytest.mark.parametrize(("free", "counted"), [(True, "0"), (False, "0.10")])
def test_a_failed_turn_is_free_or_keeps_its_reservation(journal: Journal, free: bool, counted: str) -> None:
    call = journal.reserve(a_request(), "replay", Decimal("0.10"))
    journal.submitted(call)
    journal.fail(call, "cut", "it broke", 2.0, free=free)
    assert journal.counted("book:demo") == Decimal(counted)
    assert journal.reserve(a_request(), "replay", Decimal("0.10")) == call[:-1] + "2"


def test_leaving_the_block_without_an_answer_loses_the_turn(journal: Journal) -> None:
    call = journal.reserve(a_request(), "replay", Decimal("0.10"))
    with pytest.raises(KeyboardInterrupt), journal.under_way(call):
        journal.submitted(call)
        raise KeyboardInterrupt
    assert states(journal) == {call: "lost"}
    assert journal.counted("book:demo") == Decimal("0.10")


def test_an_intent_that_was_never_sent_costs_nothing(journal: Journal) -> None:
    call = journal.reserve(a_request(), "replay", Decimal("0.10"))
    with journal.under_way(call):
        pass
    assert (states(journal)[call], journal.counted("book:demo")) == ("lost", 0)


DIE_AT = """
    import os, signal, sys
    from decimal import Decimal
    from pathlib import Path
    from codex.agents.journal import Journal
    from agents.helpers import a_reply, a_request
    journal = Journal(Path(sys.argv[1]))
    call = journal.reserve(a_request(), "replay", Decimal("0.10"))
    if sys.argv[2] != "intent":
        journal.submitted(call)
    if sys.argv[2] == "result":
        journal.result(call, a_reply(), Decimal("0.02"), 1.0)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("at", "state", "counted"), [("intent", "lost", "0"), ("submitted", "lost", "0.10"), ("result", "settled", "0.02")]
)
def test_what_a_killed_process_left_is_cleared_at_the_next_opening(
    tmp_path: Path, at: str, state: str, counted: str
) -> None:
    path = tmp_path / "journal.sqlite3"
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(DIE_AT), str(path), at], check=False, env=SUBPROCESS)
    assert done.returncode == -signal.SIGKILL
    journal = Journal(path)
    assert list(states(journal).values()) == [state]
    assert journal.counted("book:demo") == Decimal(counted)
    journal.close()


def test_turns_of_a_living_process_are_left_alone(journal: Journal) -> None:
    call = journal.reserve(a_request(), "replay", CENT)
    other = Journal(journal.path)
    assert states(other) == {call: "intent"}
    other.close()


def test_a_long_lived_process_finds_the_death_of_another(journal: Journal) -> None:
    call = journal.reserve(a_request(), "replay", Decimal("0.10"))
    journal.submitted(call)
    with sqlite3.connect(journal.path) as db:
        host, boot, *_ = journal.owner.split("|")
        db.execute("UPDATE calls SET owner = ?", (f"{host}|{boot}|{os.getpid()}|1",))  # the id was given again
    assert not journal.attended(turn_key(a_request(), "replay"))
    assert journal.reserve(a_request(), "replay", Decimal("0.10")).endswith("-2")
    assert states(journal)[call] == "lost"


def test_another_machine_has_time_to_answer(journal: Journal) -> None:
    call = journal.reserve(a_request(), "replay", CENT)
    with sqlite3.connect(journal.path) as db:
        db.execute("UPDATE calls SET owner = 'elsewhere|b|1|1'")
    assert journal.mark_lost() == 0
    with sqlite3.connect(journal.path) as db:
        db.execute("UPDATE calls SET created_at = '2020-01-01T00:00:00.000Z'")
    assert journal.mark_lost() == 1
    assert states(journal) == {call: "lost"}


Step = tuple[int, int, str, int]

steps = st.lists(
    st.tuples(
        st.integers(1, 400_000),
        st.integers(0, 100),
        st.sampled_from(["pay", "pay", "fail", "free", "lose", "batch"]),
        st.integers(0, 2),
    ),
    min_size=8,
    max_size=40,
)


@settings(max_examples=12, deadline=None)
@given(steps)
def test_ceilings_hold_under_eight_agents(tmp_path_factory: pytest.TempPathFactory, schedule: list[Step]) -> None:
    hold_the_ceilings(tmp_path_factory.mktemp("budget") / "journal.sqlite3", schedule)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ceilings_hold_under_a_thousand_schedules(tmp_path: Path) -> None:
    for seed in range(1000):
        chance = random.Random(seed)
        ends = ["pay", "pay", "fail", "free", "lose", "batch"]
        schedule = [
            (chance.randint(1, 400_000), chance.randint(0, 100), chance.choice(ends), chance.randint(0, 2))
            for _ in range(chance.randint(8, 24))
        ]
        path = tmp_path / f"{seed}.sqlite3"
        hold_the_ceilings(path, schedule)
        path.unlink()


def hold_the_ceilings(path: Path, schedule: list[Step]) -> None:
    """Eight agents, three books of one tier, two connections: at no moment is more reserved and spent than a book's or
    the tier's ceiling, and the end is the exact sum of what was charged."""
    journals = [Journal(path), Journal(path)]  # two processes' worth of connections
    tier = ("tier:β", Decimal("0.900001"))
    books = {f"book:b{n}": Decimal("0.5") for n in range(3)}
    charged: Counter[str] = Counter()
    excess: list[Decimal] = []
    lock = threading.Lock()

    def agent(item: tuple[int, Step]) -> None:
        number, (micro, percent, end, book) = item
        journal, worst, scope = journals[number % 2], Decimal(micro) / 1_000_000, f"book:b{book}"
        ceilings = {scope: books[scope], tier[0]: tier[1]}
        call = a_call(CallAddress(scope, "P4_production", f"u{number}"), ceilings=ceilings, batch=end == "batch")
        try:
            identity = journal.reserve(a_request(call), "replay", worst)
        except BudgetExceeded:
            return
        excess.extend(journal.counted(each) - ceiling for each, ceiling in ceilings.items())
        cost = worst * percent / 100
        with journal.under_way(identity):
            journal.submitted(identity)
            if end == "pay":
                journal.result(identity, a_reply(), cost, 0.1)
            elif end in {"fail", "free"}:
                journal.fail(identity, "cut", "", 0.1, free=end == "free")
        journal.settle(identity)
        with lock:
            charged[scope] += {"pay": -(-micro * percent // 100), "free": 0}.get(end, micro)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(agent, enumerate(schedule)))
    assert max(excess, default=Decimal(0)) <= 0
    for scope, ceiling in books.items():
        assert journals[0].counted(scope) == Decimal(charged[scope]) / 1_000_000 <= ceiling
    assert journals[1].counted(tier[0]) == Decimal(charged.total()) / 1_000_000 <= tier[1]
    still_out = sum(row["charged"] for row in journals[0].rows("SELECT charged FROM calls WHERE state = 'submitted'"))
    in_lines = sum(line["cost_usd"] for line in journals[0].cost_lines())
    assert in_lines + Decimal(still_out) / 1_000_000 == Decimal(charged.total()) / 1_000_000
    for journal in journals:
        journal.close()


def test_the_first_pinned_base_is_kept(journal: Journal) -> None:
    assert journal.pin(ADDRESS, "aaa") == "aaa"
    other = Journal(journal.path)
    assert other.pin(ADDRESS, "bbb") == "aaa"
    assert other.pin(CallAddress("book:demo", "P1_audit"), "bbb") == "bbb"
    other.close()


def test_cost_lines_are_those_of_the_cost_ledger(journal: Journal) -> None:
    pay(journal, request_no(1), CENT, CENT)
    lost = journal.reserve(request_no(2), "replay", CENT)
    journal.submitted(lost)
    with journal.under_way(lost):
        pass
    failed = journal.reserve(request_no(3), "replay", CENT)
    journal.submitted(failed)
    journal.fail(failed, "status_5xx", "no", 1.0, free=True)
    under_way = journal.reserve(request_no(4), "replay", CENT)
    lines = journal.cost_lines()
    assert [line["outcome"] for line in lines] == ["ok", "lost", "status_5xx"]
    assert under_way not in {line["call"] for line in lines}
    for line in lines:
        assert set(line) == set(CostLine.model_fields)
        assert CostLine(**line).cost_usd == line["cost_usd"]
    assert lines == journal.cost_lines("book:demo")
    assert journal.cost_lines("book:other") == []


def test_totals_count_every_try(journal: Journal) -> None:
    call = journal.reserve(a_request(), "replay", CENT)
    journal.submitted(call)
    journal.fail(call, "cut", "", 1.0, free=False)
    again = pay(journal, a_request(), CENT, Decimal("0.002"))
    totals = journal.totals(ADDRESS, "replay")
    assert totals.calls == (call, again)
    assert totals.cost == Decimal("0.012")
    assert (totals.usage.input_tokens, totals.seconds) == (100, 1.5)
    assert journal.totals(ADDRESS, "handoff").calls == ()


def test_the_journal_is_durable_and_migrated_by_name(journal: Journal) -> None:
    with sqlite3.connect(journal.path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert [name for (name,) in db.execute("SELECT name FROM migrations")] == [step.__name__ for step in STEPS]
    assert journal._db.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_journal_of_a_newer_version_is_refused(journal: Journal) -> None:
    with sqlite3.connect(journal.path) as db:
        db.execute("INSERT INTO migrations VALUES ('_999_future', '')")
    with pytest.raises(StorageError, match="newer version"):
        Journal(journal.path)


@pytest.mark.parametrize("spoil", ["not a database at all, but long enough to be read as one" * 20, None])
def test_an_unusable_journal_is_said_in_one_sentence(tmp_path: Path, spoil: str | None) -> None:
    path = tmp_path / "journal.sqlite3"
    if spoil is None:
        path.mkdir()
    else:
        path.write_text(spoil)
    with pytest.raises(StorageError, match="cannot be used"):
        Journal(path)
    assert path.exists()


def test_many_processes_share_one_journal(tmp_path: Path) -> None:
    """Eight processes want to spend ten cents each, three times, under a ceiling of a dollar."""
    script = """
        import sys
        from decimal import Decimal
        from pathlib import Path
        from codex.agents.accounts import BudgetExceeded
        from codex.agents.journal import Journal
        from agents.helpers import pay, request_no
        journal, paid = Journal(Path(sys.argv[1])), 0
        for n in range(3):
            try:
                pay(journal, request_no(int(sys.argv[2]) * 10 + n), Decimal("0.10"), Decimal("0.10"))
                paid += 1
            except BudgetExceeded:
                pass
        sys.stdout.write(str(paid))
    """
    path = tmp_path / "journal.sqlite3"
    asked = [[sys.executable, "-c", textwrap.dedent(script), str(path), str(n)] for n in range(6)]
    running = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=SUBPROCESS) for line in asked]
    assert sum(int(process.communicate()[0]) for process in running) == 10
    journal = Journal(path)
    assert journal.counted("book:demo") == 1
    assert len(journal.cost_lines()) == 10
    journal.close()


def test_a_reply_of_any_text_is_kept_as_it_was(journal: Journal) -> None:
    reply = a_reply()
    odd = {**reply.message, "content": [{"type": "text", "text": "\ud800 ∂ \0 " + "x" * 10}]}
    request = a_request()
    call = journal.reserve(request, "replay", CENT)
    journal.submitted(call)
    journal.result(call, type(reply)(odd, "replay"), CENT, 0.0)
    answered = journal.answered(turn_key(request, "replay"))
    assert answered is not None
    assert answered.reply.message == json.loads(json.dumps(odd))


def test_calls_are_generic_over_their_reply() -> None:
    call: AgentCall[Answer] = a_call()
    assert call.reply_model is Answer


def test_what_was_handed_in_last_is_found_again(journal: Journal) -> None:
    assert journal.submission(ADDRESS, "replay") is None
    pay(journal, a_request(), CENT, CENT)
    assert journal.submission(ADDRESS, "replay") == {"title": "A title", "rows": [1, 2]}
    assert journal.submission(ADDRESS, "handoff") is None


def test_an_older_journal_is_brought_up_to_date_and_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
        for step in STEPS[:2]:
            step(db)
            db.execute("INSERT INTO migrations VALUES (?, 'then')", (step.__name__,))
        db.execute("INSERT INTO pins VALUES (?, 'aaa', 'then')", (str(ADDRESS),))
    db.close()
    journal = Journal(path)
    assert journal.pin(ADDRESS, "bbb") == "aaa"
    pay(journal, a_request(), Decimal("0.2"), Decimal("0.1"))
    assert [(line["batch"], line["pattern"]) for line in journal.cost_lines()] == [(False, "")]
    assert {row["name"] for row in journal.rows("SELECT name FROM migrations")} == {step.__name__ for step in STEPS}
    journal.close()
