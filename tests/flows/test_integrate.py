"""The integrate task: in turn under the limit, and never waiting for ever for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from codex.errors import StorageError, WorkspaceError
from codex.integration import spool
from codex.integration.integrator import drain
from codex.integration.proposal import IntegrationResult
from codex.workspace import Workspace
from deployments.api import Api
from tests.flows.slots import ALONE, in_a_run, note

LIMIT = "codex-integrate-tests"


def integrate_all(ids: list[str]) -> Callable[[], Awaitable[list[IntegrationResult]]]:
    from tasks.integrate import integrate

    async def together() -> list[IntegrationResult]:
        return list(await asyncio.gather(*(integrate(f"note {n}", each) for n, each in enumerate(ids))))

    return together


@pytest.fixture
def limit(prefect_api: Api) -> str:
    """The id of a limit of 1, its slot free."""
    from tasks.limits import ensure_limit

    asyncio.run(ensure_limit(LIMIT))
    found = prefect_api.get(f"/v2/concurrency_limits/{LIMIT}")
    assert found["limit"] == 1
    prefect_api.patch(f"/v2/concurrency_limits/{found['id']}", {"active_slots": 0})
    return str(found["id"])


def hold(api: Api) -> str:
    """Take the slot as a run on another machine would; the lease."""
    asked = {"names": [LIMIT], "slots": 1, "mode": "concurrency", "lease_duration": 60}
    return str(api.post("/v2/concurrency_limits/increment-with-lease", asked)["lease_id"])


def test_many_at_once_become_one_commit_each_under_the_limit(
    prefect_api: Api, limit: str, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [note(workspace, f"line {n}") for n in range(5)]
    results = in_a_run(workspace, LIMIT, integrate_all(ids))
    assert [r.proposal for r in results] == ids
    assert len({r.commit for r in results}) == 5
    assert ALONE not in caplog.text
    assert prefect_api.get(f"/v2/concurrency_limits/{limit}")["active_slots"] == 0


def test_a_slot_that_is_never_free_is_not_waited_for(
    prefect_api: Api,
    limit: str,
    workspace: Workspace,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import time

    import tasks.integrate

    monkeypatch.setattr(tasks.integrate, "PATIENCE", 1.0)
    hold(prefect_api)
    first, second = note(workspace, "first"), note(workspace, "second")

    async def one_after_the_other() -> list[float]:
        times = []
        for each in (first, second):
            begun = time.monotonic()
            assert (await integrate_all([each])())[0].status == "committed"
            times.append(time.monotonic() - begun)
            third = note(workspace, "third")
        assert (await integrate_all([third])())[0].status == "committed"
        return times

    waited, _ = in_a_run(workspace, LIMIT, one_after_the_other)
    assert waited >= 1.0
    assert caplog.text.count(ALONE) == 2, "the second was integrated with the first; the third did not wait again"


def test_a_slot_that_becomes_free_is_taken(
    prefect_api: Api, limit: str, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    lease = hold(prefect_api)
    waiting = note(workspace, "waiting")

    async def freed_meanwhile() -> list[IntegrationResult]:
        asked = asyncio.create_task(integrate_all([waiting])())
        await asyncio.sleep(0.5)
        assert spool.result(workspace, waiting) is None, "it waits while somebody else has the slot"
        await asyncio.to_thread(
            prefect_api.post, "/v2/concurrency_limits/decrement-with-lease", {"lease_id": lease, "slots": 1}
        )
        return await asked

    assert in_a_run(workspace, LIMIT, freed_meanwhile)[0].status == "committed"
    assert ALONE not in caplog.text


@pytest.mark.usefixtures("prefect_api")
def test_without_a_limit_it_goes_on_at_once(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    results = in_a_run(workspace, "there-is-none", integrate_all([note(workspace, "a line")]))
    assert results[0].status == "committed"
    assert "There is no limit there-is-none" in caplog.text


@pytest.mark.usefixtures("prefect_api")
def test_what_somebody_else_has_integrated_needs_no_slot(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    done = note(workspace, "a line")
    drain(workspace)
    caplog.set_level(logging.WARNING)
    assert in_a_run(workspace, "there-is-none", integrate_all([done]))[0].status == "committed"
    assert "limit" not in caplog.text


def test_an_unknown_proposal_is_said(limit: str, workspace: Workspace) -> None:
    with pytest.raises(StorageError, match="neither waiting nor done"):
        in_a_run(workspace, LIMIT, integrate_all(["p-0000"]))


def test_what_cannot_be_written_now_stays_in_the_spool(prefect_api: Api, limit: str, workspace: Workspace) -> None:
    waiting = note(workspace, "a line")
    workspace.git.run("checkout", "--quiet", "--detach")
    with pytest.raises(WorkspaceError, match="HEAD is detached"):
        in_a_run(workspace, LIMIT, integrate_all([waiting]))
    assert [each.id for each in spool.pending(workspace)] == [waiting]
    assert prefect_api.get(f"/v2/concurrency_limits/{limit}")["active_slots"] == 0
