"""What the tasks of one run share within their process: the open workspace, who answers, who claims, who is told.

A task's parameters are what the Prefect UI shows of it: short texts. What cannot be written down so stands here, in
a context variable that the flow sets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

    from codex.passes.services import Services
    from codex.workspace import Workspace


@dataclass
class Runtime:
    """``tell`` takes what is under way (a pass or unit) and one line about it.

    ``limit`` and ``client`` are for the integrations' slot (slot.py), ``integrating`` orders the integrations of this
    process.
    """

    workspace: Workspace
    services: Services
    owner: str
    limit: str
    client: PrefectClient
    tell: Callable[[str, str], None] = lambda *_: None
    integrating: asyncio.Lock = field(default_factory=asyncio.Lock)


_current: ContextVar[Runtime] = ContextVar("codex_runtime")


def current() -> Runtime:
    """The runtime of the run that this task belongs to; raises LookupError outside of one."""
    return _current.get()


@contextmanager
def using(runtime: Runtime) -> Iterator[Runtime]:
    """Make it the runtime of everything that is called within."""
    token = _current.set(runtime)
    try:
        yield runtime
    finally:
        _current.reset(token)
