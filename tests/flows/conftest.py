"""A real Prefect server for the tests of this folder, started once."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from codex.workspace import Workspace
from deployments.api import Api
from deployments.environment import prepare
from deployments.server import find_or_start, stop_server
from tests.flows.helpers import make_workspace


@pytest.fixture(scope="package")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The API of a server of our own; this process's Prefect talks to it."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    home = tmp_path_factory.mktemp("prefect")
    for folder in ("content", "manifests"):
        (home / folder).mkdir()
    place = Workspace.open(home)
    try:
        server = find_or_start(place, lambda line: None, unused_port())
        prepare(server.url, server.home)
        yield Api(server.url)
    finally:
        stop_server(place)
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "pilot")


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
