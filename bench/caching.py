"""What prompt caching saves: ``python -m bench.caching``.

First a batch of eight units of production, with caching and without, at the prices of manifests/prices.json; then the
whole embedded pilot, with the share of each pass's input that is read from the cache. The local server counts tokens
and accounts for cache writes and reads as the provider does (codex/agents/cache_meter.py): marks, longest earlier
prefix, the model's shortest cached prefix, life of entries, and nothing to be read before the answer that wrote it
has begun. The conversations are the pilot's recorded ones, so their lengths and tool results are real; token counts
are estimates (a quarter of the characters) with and without caching alike, so ratios are what counts.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.table import Bar, Found, Row, against, alone, say
from codex.agents.anthropic_backend import replay_backend
from codex.agents.backends import REPLAY_URL
from codex.agents.cache_meter import CacheMeter
from codex.agents.call import AgentCall
from codex.agents.conversation import converse
from codex.agents.journal import Journal
from codex.agents.prices import builtin_prices
from codex.agents.recording import Recordings
from codex.agents.replay_server import ReplayServer
from codex.agents.tools import Toolbox
from codex.agents.usage import Usage
from codex.campaign.due import Step, next_step
from codex.campaign.ledger import Ledger
from codex.campaign.owed import owed_ids
from codex.integration.init import init_workspace
from codex.integration.integrator import drain
from codex.passes.calls import agent_call, make_context
from codex.passes.engine import run_pass
from codex.passes.registry import get_pass
from codex.passes.services import Services
from codex.snapshot import Snapshot
from codex.workspace import Workspace

PILOT = Path(__file__).resolve().parent.parent / "manifests" / "pilot" / "recordings"
SUBJECT = "book:lawson-michelsohn-spin-geometry"
PRODUCTION = "P4_production"
BATCH = 8
AT_ONCE = 6
#: Input cost with caching, as a multiple of without.
ALLOWED = Bar(0.35, of="ratio")


def rows() -> Iterator[Found]:
    with tempfile.TemporaryDirectory(prefix="codex-bench-") as folder:
        home = Path(folder)
        workspace = init_workspace(home / "pilot", campaign="pilot")
        with _metered(PILOT) as url, _replaying(url), Services.open(workspace, "replay") as services:
            asyncio.run(_until_production(workspace, services))
            yield from _batch(workspace, services, home)
            asyncio.run(_to_the_end(workspace, services))
            yield from _shares(services.journal)


# --- a batch of eight -----------------------------------------------------------------------------------------------


def _batch(workspace: Workspace, services: Services, home: Path) -> Iterator[Row]:
    calls, snapshot = _calls(_as_shipped(workspace), services, home / "recordings")
    say(f"  a batch of {BATCH} units of production, {calls[0].model}, {AT_ONCE} at once, recorded conversations")
    costs: dict[str, float] = {}
    for cache in ("off", "5m", "1h"):
        used = asyncio.run(_held([replace(call, cache=cache) for call in calls], home / cache, home, snapshot))
        costs[cache] = float(builtin_prices().of(calls[0].model).input_cost(used)) / BATCH
        share = used.cache_read_tokens / used.total_input
        say(f"  cache {cache:<4}{used.total_input / BATCH:>9,.0f} input tokens a unit, {share:4.0%} read from cache")
    for cache in ("5m", "1h"):
        what, bar = f"input of {BATCH} units, cache {cache}", ALLOWED if cache == "5m" else None
        yield against(what, costs[cache], "$ a unit", "without a cache", costs["off"], bar)


def _as_shipped(workspace: Workspace) -> Workspace:
    """The workspace with production's settings as they are by default: the pilot's withhold rules and a tool, to see
    what a first draft is worth without them.
    """
    (workspace.root / "codex.toml").write_text("", "utf-8")
    return Workspace.open(workspace.root)


def _owed(workspace: Workspace) -> list[str]:
    return owed_ids(Ledger.load(workspace.snapshot()).entry(SUBJECT))


def _calls(workspace: Workspace, services: Services, folder: Path) -> tuple[list[AgentCall[Any]], Snapshot]:
    """Eight production calls: the pilot's units in turn, each under a name of its own and with a recording."""
    each = get_pass(PRODUCTION)
    calls, snapshot = [], workspace.snapshot()
    units = _owed(workspace)
    for number in range(BATCH):
        context = make_context(workspace, services, workspace.snapshot(), SUBJECT, each, units[number % len(units)])
        call = agent_call(workspace, context, each)
        named = replace(call.address, unit=f"unit-{number}")
        (folder / named.subject_slug).mkdir(parents=True, exist_ok=True)
        shutil.copy(Recordings(PILOT).path(call.address), Recordings(folder).path(named))
        calls.append(replace(call, address=named, prompt=f"Unit {number}.\n{call.prompt}", ceilings={}))
        snapshot = context.snapshot
    return calls, snapshot


async def _held(calls: list[AgentCall[Any]], state: Path, home: Path, snapshot: Snapshot) -> Usage:
    """Hold all conversations against a server with a cold cache; returns what they used together."""
    places, journal = asyncio.Semaphore(AT_ONCE), Journal(state / "journal.sqlite3")
    with _metered(home / "recordings") as url:
        backend, toolbox = replay_backend(url), Toolbox(snapshot)

        async def one(call: AgentCall[Any]) -> Usage:
            async with places:
                return (await converse(call, backend, journal, toolbox)).usage

        used = await asyncio.gather(*map(one, calls))
    journal.close()
    return sum(used, Usage())


# --- the whole pilot ------------------------------------------------------------------------------------------------


async def _until_production(workspace: Workspace, services: Services) -> None:
    while not _owed(workspace) or _step(workspace).source != "in-production":
        await _advance(workspace, services)


async def _to_the_end(workspace: Workspace, services: Services) -> None:
    while isinstance(next_step(Ledger.load(workspace.snapshot()), SUBJECT), Step):
        await _advance(workspace, services)


def _step(workspace: Workspace) -> Step:
    step = next_step(Ledger.load(workspace.snapshot()), SUBJECT)
    if not isinstance(step, Step):
        raise SystemExit(f"the book does not go on: {step}")
    return step


async def _advance(workspace: Workspace, services: Services) -> None:
    step = _step(workspace)
    units: list[str | None] = []
    if step.source == "in-production":
        units += _owed(workspace)
    await asyncio.gather(
        *(run_pass(workspace, services, SUBJECT, step.pass_name, unit=unit) for unit in units or [None])
    )
    drain(workspace)


def _shares(journal: Journal) -> Iterator[Row]:
    used: dict[str, Usage] = defaultdict(Usage)
    models = {}
    for row in journal.rows("SELECT * FROM calls WHERE state = 'settled'"):
        fresh, read, written = row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"]
        used[row["pass"]] += Usage(fresh, row["output_tokens"], read, written, row["cache_write_1h_tokens"])
        models[row["pass"]] = row["model"]
    for pass_name, usage in used.items():
        price = builtin_prices().of(models[pass_name])
        without = float(price.input_cost(Usage(usage.total_input)))
        share = usage.cache_read_tokens / usage.total_input
        what = f"input of {pass_name} in the pilot, {share:.0%} read"
        yield against(what, float(price.input_cost(usage)), "$", "without a cache", without)


# --- around it ------------------------------------------------------------------------------------------------------


@contextmanager
def _metered(recordings: Path) -> Iterator[str]:
    with ReplayServer(recordings, meter=CacheMeter()) as server:
        yield server.url


@contextmanager
def _replaying(url: str) -> Iterator[None]:
    os.environ[REPLAY_URL] = url
    try:
        yield
    finally:
        del os.environ[REPLAY_URL]


if __name__ == "__main__":
    sys.exit(alone(rows))
