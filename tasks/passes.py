"""Every pass as a Prefect task: it runs one pass of the engine and returns a reference to what came of it.

Nothing is retried or cached by Prefect: what a call has cost, and whether it is made again, is the journal's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from codex.passes.engine import run_pass
from codex.passes.outcomes import PassResult
from codex.tracks.naming import read_aloud
from tasks.runtime import current

#: (subject, pass, attempt, unit) → what came of it.
PassTask = Callable[..., Coroutine[Any, Any, PassResult]]


@task(cache_policy=NO_CACHE, persist_result=False)
async def _run(subject: str, pass_name: str, attempt: int, unit: str | None = None) -> PassResult:
    """Run one pass of a subject, or one unit of its production.

    ``attempt`` is there for the task run's name; the engine counts by itself. Raises what ``run_pass`` raises.
    """
    run = current()
    what = read_aloud(pass_name, unit)
    return await run_pass(
        run.workspace,
        run.services,
        subject,
        pass_name,
        unit=unit,
        owner=run.owner,
        progress=lambda line: run.tell(what, line),
    )


@cache
def pass_task(pass_name: str) -> PassTask:
    """The task of a pass as a whole."""
    return _named(pass_name, "(attempt {attempt})")


@cache
def unit_task(pass_name: str) -> PassTask:
    """The task of one unit of a pass that is asked for each."""
    return _named(pass_name, "{unit} (attempt {attempt})")


@cache
def batch_task(pass_name: str) -> PassTask:
    """The task that dispatches or closes the batch of such a pass."""
    return _named(pass_name, ": batch (attempt {attempt})")


def _named(pass_name: str, rest: str) -> PassTask:
    name = read_aloud(pass_name)
    return _run.with_options(name=name, task_run_name=f"{name} {rest}".replace(" :", ":"))
