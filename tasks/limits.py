"""The global concurrency limit under which a campaign's integrations queue: one at a time, seen in Prefect's UI.

It gives order and something to look at. It is never trusted for safety: a killed holder keeps its slot until its
lease ends, and a restarted server forgets leases but not slots.
"""

from __future__ import annotations

import re

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.exceptions import ObjectAlreadyExists

#: One integration at a time, and a slot that is taken stays so until it is given back.
SLOTS, DECAY = 1, 0.0


def limit_name(campaign: str) -> str:
    """``codex-integrate-<campaign>``; deployments/server.py frees what starts so when it starts a server."""
    return "codex-integrate-" + re.sub(r"[^a-z0-9]+", "-", campaign.lower()).strip("-")


async def ensure_limit(name: str) -> None:
    """Create the limit of that name, or set its size and decay right if somebody has changed them.

    Whether it is switched on and who holds it is left as it is: switched off it lets everybody in, which is safe.
    """
    async with get_client() as client:
        try:
            await client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(name=name, limit=SLOTS, slot_decay_per_second=DECAY)
            )
        except ObjectAlreadyExists:
            await _repair(client, name)


async def _repair(client: PrefectClient, name: str) -> None:
    there = await client.read_global_concurrency_limit_by_name(name)
    if (there.limit, there.slot_decay_per_second) != (SLOTS, DECAY):
        wanted = GlobalConcurrencyLimitUpdate(limit=SLOTS, slot_decay_per_second=DECAY)
        await client.update_global_concurrency_limit(name, wanted)
