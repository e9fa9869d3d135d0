"""What the tests of this folder share: this process's Prefect talks to the test run's server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from deployments.api import Api
from deployments.environment import prepare
from deployments.server import Server


@pytest.fixture(scope="package")
def prefect_api(prefect_server: Server) -> Iterator[Api]:
    """The API of the test run's server; this process's Prefect talks to it."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    try:
        prepare(prefect_server.url, prefect_server.home)
        _use_environment()
        yield Api(prefect_server.url)
        _drain()
    finally:
        os.environ.clear()
        os.environ.update(before)


def _use_environment() -> None:
    """A Prefect that another test has imported already has to read its settings again.

    One that is imported for the first time sets logging up and takes every handler from the root logger: that is done
    here, before a test begins. At an ``import tasks`` within a test it would take the handler of its ``caplog``.
    """
    import prefect.main  # noqa: F401 (for what it does to logging)
    from prefect.context import refresh_global_settings_context

    refresh_global_settings_context()


def _drain() -> None:
    """Let Prefect send what it still holds while the server is there; afterwards it would try for a minute."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for service in (APILogWorker, EventsWorker):
        service.drain_all(timeout=10)
