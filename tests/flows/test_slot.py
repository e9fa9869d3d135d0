"""The slot: given back when it leaks, never trusted for safety, one turn for many who wait."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from codex.integration import spool
from codex.workspace import Workspace
from deployments.api import Api
from deployments.server import Server
from tests.flows.slots import (
    ALONE,
    GIVEN_BACK,
    LIMITS,
    Workers,
    assert_whole,
    fresh_limit,
    hold,
    in_a_run,
    insist,
    integrate_now,
    note,
    notes_of,
    release,
    set_taken,
    taken,
)

LIMIT = "codex-integrate-slot-tests"


@pytest.fixture
def limit(prefect_api: Api) -> str:
    return fresh_limit(prefect_api, LIMIT)


class Patience:
    """Seconds for which the slot is waited for; ``short`` instead of the twenty of every day."""

    short, long = 1.0, 60.0

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def be(self, seconds: float) -> None:
        import tasks.integrate

        self._patch.setattr(tasks.integrate, "PATIENCE", seconds)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Patience:
    made = Patience(monkeypatch)
    made.be(made.short)
    return made


def kill_a_holder(server: Server, workspace: Workspace, limit: str, folder: Path) -> None:
    """A process dies while it holds the slot, just before its commit is published."""
    with Workers(server, folder) as workers:
        workers.add(workspace, limit, [note(workspace, "of the killed")], CODEX_FAULT="ref.before")
        workers.start()
        assert workers.processes[0].wait(60) == -signal.SIGKILL


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_a_killed_holder_costs_less_than_half_a_minute(
    prefect_server: Server,
    prefect_api: Api,
    limit: str,
    workspace: Workspace,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kill_a_holder(prefect_server, workspace, limit, tmp_path)
    killed = time.monotonic()
    _, seconds = integrate_now(workspace, limit, note(workspace, "of the next"))
    assert taken(prefect_api, limit) == 1
    while taken(prefect_api, limit) and time.monotonic() < killed + 120:
        time.sleep(1)
    freed = time.monotonic() - killed
    results, afterwards = integrate_now(workspace, limit, note(workspace, "after the lease"))
    with capsys.disabled():
        sys.stdout.write(
            f"\nholder killed: the next integration after {seconds:.1f} s; "
            f"its slot was free after {freed:.0f} s, and the one after that took {afterwards:.1f} s\n"
        )
    assert results[0].status == "committed" and seconds < 30 and freed < 90 and afterwards < 10
    assert_whole(workspace, ["of the killed", "of the next", "after the lease"])


def test_a_slot_without_a_lease_is_given_back(
    prefect_api: Api, limit: str, workspace: Workspace, patience: Patience, caplog: pytest.LogCaptureFixture
) -> None:
    set_taken(prefect_api, limit, 1)
    _, seconds = integrate_now(workspace, limit, note(workspace, "first"))
    assert seconds >= patience.short and caplog.text.count(ALONE) == 1
    patience.be(patience.long)
    _, seconds = integrate_now(workspace, limit, note(workspace, "second"))
    assert seconds < patience.long and caplog.text.count(ALONE) == 2, "another run does not wait for it again"
    _a_lease_later(workspace)
    patience.be(patience.short)
    integrate_now(workspace, limit, note(workspace, "third"))
    assert (caplog.text.count(ALONE), caplog.text.count(GIVEN_BACK)) == (2, 1)
    assert taken(prefect_api, limit) == 0
    integrate_now(workspace, limit, note(workspace, "fourth"))
    assert (caplog.text.count(ALONE), caplog.text.count(GIVEN_BACK)) == (2, 1)
    assert_whole(workspace, ["first", "second", "third", "fourth"])


def _a_lease_later(workspace: Workspace) -> None:
    """As if the time in which a server frees the slot of a killed holder had passed."""
    from tasks.integrate import FORGIVEN

    then = time.time() - FORGIVEN - 1
    os.utime(workspace.state_dir / "slot-missed", (then, then))


def test_a_slot_that_was_had_in_between_is_not_given_back(
    prefect_api: Api, limit: str, workspace: Workspace, patience: Patience, caplog: pytest.LogCaptureFixture
) -> None:
    lease = hold(prefect_api, limit)
    integrate_now(workspace, limit, note(workspace, "first"))
    release(prefect_api, lease)
    integrate_now(workspace, limit, note(workspace, "second"))
    lease = hold(prefect_api, limit)
    integrate_now(workspace, limit, note(workspace, "third"))
    assert caplog.text.count(ALONE) == 2 and GIVEN_BACK not in caplog.text
    assert taken(prefect_api, limit) == 1, "the living holder has it still"
    release(prefect_api, lease)


@contextmanager
def a_limit_that_holds_nobody_back(api: Api, limit: str) -> Iterator[None]:
    """Every lease is lost at once, so that all have the slot at the same time."""
    over = threading.Event()

    def lose() -> None:
        while not over.wait(0.02):
            set_taken(api, limit, 0)

    losing = threading.Thread(target=lose)
    losing.start()
    try:
        yield
    finally:
        over.set()
        losing.join()


def test_two_holders_at_once(
    prefect_api: Api, limit: str, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    """Lock and compare-and-swap decide."""
    lines = [f"line {n}" for n in range(6)]
    ids = [note(workspace, line) for line in lines]
    threads = [threading.Thread(target=integrate_now, args=(workspace, limit, *ids[n::3])) for n in range(3)]
    with a_limit_that_holds_nobody_back(prefect_api, limit):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert ALONE not in caplog.text, "each of them had the slot"
    assert_whole(workspace, lines)


@pytest.mark.soak
def test_many_processes_hold_the_slot_at_once(
    prefect_server: Server, prefect_api: Api, limit: str, workspace: Workspace, tmp_path: Path
) -> None:
    lines = [[f"{writer}.{n}" for n in range(10)] for writer in range(4)]
    with Workers(prefect_server, tmp_path) as workers, a_limit_that_holds_nobody_back(prefect_api, limit):
        for share in lines:
            workers.add(workspace, limit, [note(workspace, line) for line in share])
        workers.start()
        told = workers.wait()
    assert not any(ALONE in line for each in told for line in each["warned"]), "each of them had the slot"
    assert_whole(workspace, [line for share in lines for line in share])


def test_the_lease_is_lost_while_the_holder_works(
    prefect_api: Api, limit: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tasks.integrate

    entered, leave, drain = threading.Event(), threading.Event(), tasks.integrate.drain

    def slow(given: Workspace) -> object:
        if not entered.is_set():
            entered.set()
            assert leave.wait(30)
        return drain(given)

    monkeypatch.setattr(tasks.integrate, "drain", slow)
    first, second = note(workspace, "first"), note(workspace, "second")
    stalled = threading.Thread(target=integrate_now, args=(workspace, limit, first))
    stalled.start()
    assert entered.wait(30) and taken(prefect_api, limit) == 1
    set_taken(prefect_api, limit, 0)  # the lease ended; the server has freed the slot
    results, seconds = integrate_now(workspace, limit, second)
    assert results[0].status == "committed" and seconds < 10
    leave.set()
    stalled.join()
    assert taken(prefect_api, limit) == 0
    assert_whole(workspace, ["first", "second"])


def test_what_waits_is_integrated_in_one_turn_and_in_order(
    prefect_api: Api, limit: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tasks.integrate

    turns, drain = [], tasks.integrate.drain

    def counted(given: Workspace) -> object:
        results = drain(given)
        turns.append([each.proposal for each in results])
        return results

    monkeypatch.setattr(tasks.integrate, "drain", counted)
    lines = [f"line {n}" for n in range(6)]
    ids = [note(workspace, line) for line in lines]
    lease = hold(prefect_api, limit)
    runs = [threading.Thread(target=integrate_now, args=(workspace, limit, *ids[::-1][n::3])) for n in range(3)]
    for run in runs:
        run.start()  # the youngest asks first
    time.sleep(1.0)
    assert len(spool.pending(workspace)) == len(ids), "they wait while somebody else has the slot"
    release(prefect_api, lease)
    for run in runs:
        run.join()
    assert [turn for turn in turns if turn] == [ids], "one turn for six who waited"
    assert notes_of(workspace) == lines, "oldest first"


@pytest.mark.soak
def test_waiting_processes_share_a_turn(
    prefect_server: Server, prefect_api: Api, limit: str, workspace: Workspace, tmp_path: Path
) -> None:
    lines = [f"line {n}" for n in range(12)]
    ids = [note(workspace, line) for line in lines]
    lease = hold(prefect_api, limit)
    with Workers(prefect_server, tmp_path) as workers:
        for number in range(4):
            workers.add(workspace, limit, ids[::-1][number::4])
        workers.start()
        time.sleep(2.0)
        assert len(spool.pending(workspace)) == len(ids), "they wait while somebody else has the slot"
        release(prefect_api, lease)
        told = workers.wait()
    turns = [turn for each in told for turn in each["turns"]]
    assert turns == [ids] and notes_of(workspace) == lines
    assert_whole(workspace, lines)


def test_nobody_is_passed_over(prefect_api: Api, limit: str, workspace: Workspace) -> None:
    """One that asks once beside one that asks all the time is in the next turn but one at the latest."""
    from tasks.integrate import integrate
    from tasks.runtime import Runtime, current, using
    from tasks.slot import slot_client

    async def busy() -> None:
        for number in range(12):
            each = note(workspace, f"busy {number}")
            await integrate("busy", each)

    async def once() -> None:
        await asyncio.sleep(0.3)
        async with slot_client() as client:
            with using(Runtime(workspace, current().services, "other", limit, client)):
                at.append(len(notes_of(workspace)))
                await integrate("once", note(workspace, "once"))

    async def together() -> None:
        await asyncio.gather(busy(), asyncio.create_task(once()))

    at: list[int] = []
    in_a_run(workspace, limit, together)
    assert notes_of(workspace).index("once") <= at[0] + 2


def test_the_limit_is_made_and_mended(prefect_api: Api) -> None:
    from tasks.limits import ensure_limit, limit_name

    name = limit_name("Mended  Tests: 1")
    assert name == "codex-integrate-mended-tests-1"
    asyncio.run(ensure_limit(name))
    made = insist(lambda: prefect_api.get(f"{LIMITS}/{name}"))
    assert (made["limit"], made["active_slots"], made["slot_decay_per_second"], made["active"]) == (1, 0, 0.0, True)
    hold(prefect_api, name)
    changed = {"limit": 5, "slot_decay_per_second": 2.0, "active": False}
    insist(lambda: prefect_api.patch(f"{LIMITS}/{name}", changed))
    asyncio.run(ensure_limit(name))
    mended = insist(lambda: prefect_api.get(f"{LIMITS}/{name}"))
    assert (mended["limit"], mended["slot_decay_per_second"], mended["active"]) == (1, 0.0, False)
    assert mended["id"] == made["id"]


def test_a_holder_is_seen_on_the_page_and_gone_afterwards(
    prefect_api: Api, limit: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Concurrency page shows what this call returns: name, limit, slots in use."""
    import tasks.integrate

    seen, drain = [], tasks.integrate.drain

    def looked_at(given: Workspace) -> object:
        (row,) = [r for r in insist(lambda: prefect_api.post(f"{LIMITS}/filter", {})) if r["name"] == limit]
        seen.append((row["limit"], row["active_slots"], row["active"]))
        return drain(given)

    monkeypatch.setattr(tasks.integrate, "drain", looked_at)
    integrate_now(workspace, limit, note(workspace, "a line"))
    assert seen == [(1, 1, True)] and taken(prefect_api, limit) == 0
