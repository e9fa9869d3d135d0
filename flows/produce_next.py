"""The flow that goes on with production: what books in production owe, then the next units of the plan's queue."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from prefect import flow

from codex.snapshot import Snapshot
from codex.work import choosing
from flows.next_work import take
from flows.request import ProduceRequest


@flow(name="produce-next", flow_run_name="produce-next", persist_result=False)
async def produce_next(request: ProduceRequest) -> list[dict[str, Any]]:
    """Produce the next units, of distinct chapters; returns a reference for each. Errors as those of the book flow."""
    if request.units:
        chosen = partial(_wanted, request.units)
        return await take(request, chosen, len(request.units), choosing.NOTHING_TO_PRODUCE)
    return await take(request, _next, request.number, choosing.NOTHING_TO_PRODUCE)


def _next(snapshot: Snapshot, owner: str, number: int, without: Collection[str]) -> list[choosing.Work]:
    return choosing.production(snapshot, owner, number, without=without)


def _wanted(
    units: tuple[str, ...], snapshot: Snapshot, owner: str, number: int, without: Collection[str]
) -> list[choosing.Work]:
    """The wanted units, once: what somebody else has is not replaced by anything."""
    left = [unit for unit in units if unit not in without]
    return choosing.production(snapshot, owner, number, wanted=left) if left else []
