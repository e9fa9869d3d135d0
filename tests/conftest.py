"""Fixtures that the whole test suite shares."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from codex.integration.init import init_workspace
from codex.workspace import Workspace
from deployments.server import Server, find_or_start, stop_server

# A shell that starts the tests in the background has SIGINT ignored, and every child would inherit that: the tests that
# interrupt a command would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
SHARED_CORPUS = ROOT.parent / "shared" / "corpus"


# How long an example takes depends on what else runs on the machine; what hangs is ended by pytest-timeout.
settings.register_profile("here", deadline=None)
settings.load_profile("here")

#: Where the files of the tests lie when they run in parallel (`make test`): in memory, where there is room for them.
#: Git and SQLite wait for a disk at every turn; that is a third of what the tests of the integrator take.
_MEMORY = Path("/dev/shm")
#: What has to be free there, in bytes. A run leaves some hundred megabytes.
_ROOM = 4 * 2**30
#: Seconds that what a failed run has left is kept there.
_KEPT = 6 * 3600.0
_NAMED = f"codex-tests-{os.getuid()}-"
_CHOSEN = pytest.StashKey[str]()

#: Folder of tests that use a Prefect server → the group that shares one. They come first: they take the longest.
_WITH_SERVER = {"pilot": "pilot", "flows": "flows", "deployments": "flows", "tracks": "flows"}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the folder for the tests' files, unless the call did; pytest-xdist hands it to its processes."""
    if config.getoption("numprocesses", None) and config.option.basetemp is None and _has_room(_MEMORY):
        _forget_old_ones(_MEMORY)
        config.option.basetemp = config.stash[_CHOSEN] = tempfile.mkdtemp(prefix=_NAMED, dir=_MEMORY)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Give the memory back; what a failed test has left stays for some hours to be looked at."""
    chosen = session.config.stash.get(_CHOSEN, None)
    if chosen is not None and exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(chosen, ignore_errors=True)


def _has_room(folder: Path) -> bool:
    """Whether programs can be run and large files kept there."""
    try:
        about = os.statvfs(folder)
    except OSError:
        return False
    free, runs = about.f_bavail * about.f_frsize, not about.f_flag & os.ST_NOEXEC
    return free >= _ROOM and runs and os.access(folder, os.W_OK)


def _forget_old_ones(folder: Path) -> None:
    for each in folder.glob(f"{_NAMED}*"):
        if time.time() - each.stat().st_mtime > _KEPT:
            shutil.rmtree(each, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes the longest: the tests with a server."""
    here = Path(__file__).resolve().parent
    items.sort(key=lambda item: item.path.relative_to(here).parts[0] not in _WITH_SERVER)


class _Together(LoadScopeScheduling):
    """Which tests go to one process of pytest-xdist: those that share a server, the others by file.

    Marks with ``xdist_group`` would do, but for pytest 9.2: with it they part what belongs together, and say nothing
    (pytest-xdist#1386). Every module's fixtures are then made in every process.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        folder = path.partition("tests/")[2].partition("/")[0]
        return _WITH_SERVER.get(folder, path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _Together(config, log)


@pytest.fixture(scope="session")
def shared_corpus() -> Path:
    """The folder of the published corpus and its golden results; skips where it is absent."""
    if not (SHARED_CORPUS / "fasttrack.tar.zst").exists():
        pytest.skip("the published test corpus is not on this machine (../shared/corpus)")
    if shutil.which("zstd") is None:
        pytest.skip("zstd, which unpacks the published test corpus, is not installed")
    return SHARED_CORPUS


@pytest.fixture(scope="session")
def fasttrack(shared_corpus: Path) -> Path:
    """The published corpus unpacked once per machine, with the mutants beside ``content/``. Read-only by agreement."""
    archives = [shared_corpus / "fasttrack.tar.zst", shared_corpus / "mutants-dev.tar.zst"]
    stamp = hashlib.sha256(b"".join(a.read_bytes() for a in archives)).hexdigest()[:16]
    home = Path(tempfile.gettempdir()) / f"codex-test-corpus-{os.getuid()}-{stamp}"
    if not home.exists():
        unpacking = Path(tempfile.mkdtemp(prefix="codex-test-corpus-"))
        for archive, into in zip(archives, (unpacking, unpacking / "fasttrack"), strict=True):
            subprocess.run(f"zstd -dc '{archive}' | tar x -C '{into}'", shell=True, check=True)
        try:
            unpacking.rename(home)
        except OSError:  # another process was quicker
            shutil.rmtree(unpacking, ignore_errors=True)
    return home / "fasttrack"


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The pilot's workspace before its run; nobody changes it."""
    return init_workspace(tmp_path_factory.mktemp("seed") / "pilot", campaign="pilot")


@pytest.fixture
def workspace(seed: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the test's own: the pilot's before its run. Some folders have one of another kind."""
    return Workspace.open(shutil.copytree(seed.root, tmp_path / "pilot"))


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one real Prefect server of the whole test run: its first start takes many seconds (a new database).

    Nothing of this process's environment is changed: who wants Prefect to use it says so (``prefect_api`` of
    tests/flows for this process, PREFECT_API_URL for others).
    """
    home = tmp_path_factory.mktemp("prefect")
    for folder in ("content", "manifests"):
        (home / folder).mkdir()
    place = Workspace.open(home)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PREFECT_")]:
            patch.delenv(name)
        server = find_or_start(place, lambda line: None, unused_port())
    yield server
    stop_server(place)


def unused_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
