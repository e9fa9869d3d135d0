"""The global concurrency limit under which a campaign's integrations queue: one at a time, seen in Prefect's UI.

It gives order and something to look at. It is never trusted for safety: a killed holder keeps its slot until its
lease ends, and a restarted server forgets leases but not slots.
"""

from __future__ import annotations

import re

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.exceptions import ObjectAlreadyExists


def limit_name(campaign: str) -> str:
    """``codex-integrate-<campaign>``; deployments/server.py frees what starts so when it starts a server."""
    return "codex-integrate-" + re.sub(r"[^a-z0-9]+", "-", campaign.lower()).strip("-")


async def ensure_limit(name: str) -> None:
    """Create the limit of that name unless it is there."""
    async with get_client() as client:
        try:
            await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
        except ObjectAlreadyExists:
            return
