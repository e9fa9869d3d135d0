"""What ``codexctl doctor`` looks at: one check, one small function in ``CHECKS``, each with how to mend what it finds.

A check never raises for what it is there to find, changes nothing, and asks nobody but this machine and the Prefect
server in use. No Prefect is imported.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from codex.agents.breaker import open_breakers
from codex.campaign import clock
from codex.campaign.clock import moment_or_none
from codex.campaign.definition import load_campaign
from codex.campaign.ledger import Ledger
from codex.errors import CodexError
from codex.integration.lock import LOCK_NAME, LockHeld, integrator_lock
from codex.workspace import Workspace
from deployments.api import Api, ServerProblem
from deployments.server import FIRST_PORT, HOST, LIMIT_PREFIX, Server, find
from deployments.worker import worker_status

Verdict = Literal["well", "note", "ill"]

#: Least versions: pyproject.toml; the options of git that are used came with 2.31 (March 2021).
PYTHON, GIT = (3, 11), (2, 31)

#: Free gigabytes below which a campaign should not go on, and below which it is worth a note.
LITTLE_DISK, SOME_DISK = 1, 5

#: A lock file of git that is older than this was left by a process that died.
STALE_LOCK = timedelta(minutes=10)

#: Clocks of one team may differ by so much.
CLOCK_TOLERANCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """``ill`` stops work, ``note`` is worth knowing; ``mend`` says how, "" when all is well."""

    check: str
    verdict: Verdict
    said: str
    mend: str = ""


@dataclass(frozen=True)
class Patient:
    """The workspace, None outside of one, and the server in use, looked up once."""

    workspace: Workspace | None

    @cached_property
    def server(self) -> Server | None:
        return find(self.workspace) if self.workspace else None

    @cached_property
    def ledger(self) -> Ledger | None:
        """Raises CodexError when it cannot be read."""
        return Ledger.load(self.workspace.snapshot()) if self.workspace else None

    @property
    def backend(self) -> str | None:
        """What codex.toml chooses; None also where it cannot be read, which is a finding of its own."""
        try:
            return self.workspace.settings.agents.backend if self.workspace else None
        except CodexError:
            return None


def examine(workspace: Workspace | None) -> list[Finding]:
    """Every finding, in the order of the table; outside a workspace those that need none."""
    patient = Patient(workspace)
    return [found for check in CHECKS if (found := check(patient)) is not None]


def as_data(findings: list[Finding]) -> dict[str, Any]:
    return {"well": all(f.verdict != "ill" for f in findings), "findings": [asdict(f) for f in findings]}


def _python(patient: Patient) -> Finding:
    del patient
    running = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON:
        return Finding("python", "ill", running, f"Codex needs Python {PYTHON[0]}.{PYTHON[1]} or newer.")
    return Finding("python", "well", running)


def _git(patient: Patient) -> Finding:
    del patient
    try:
        said = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return Finding("git", "ill", "git cannot be run", "Install git; every integration is a commit.")
    numbers = [int(part) for part in said.split()[2].split(".")[:2] if part.isdigit()]
    if tuple(numbers) < GIT:
        return Finding("git", "ill", said.strip(), f"Codex needs git {GIT[0]}.{GIT[1]} or newer.")
    return Finding("git", "well", said.split()[2])


def _workspace(patient: Patient) -> Finding:
    if patient.workspace is None:
        return Finding(
            "workspace", "note", "none here", "`codexctl init DIR` makes one; `codexctl pilot` shows one at work."
        )
    problem = patient.workspace.writable_problem()
    if problem is not None:
        return Finding("workspace", "ill", problem.what, problem.remedy)
    return Finding("workspace", "well", str(patient.workspace.root))


def _settings(patient: Patient) -> Finding | None:
    if patient.workspace is None:
        return None
    try:
        changed = sum(origin != "default" for *_, origin in patient.workspace.settings.values())
    except CodexError as error:
        return Finding("settings", "ill", error.what, error.remedy)
    return Finding("settings", "well", f"codex.toml and environment: {changed} values set")


def _ledger(patient: Patient) -> Finding | None:
    """Whether it can be read and folded; the whole proof is `codexctl ledger verify`."""
    try:
        ledger = patient.ledger
        if patient.workspace is None or ledger is None:
            return None
        campaign = load_campaign(patient.workspace.snapshot())
    except CodexError as error:
        return Finding("ledger", "ill", error.what, error.remedy or "See `codexctl ledger verify`.")
    return Finding(
        "ledger", "well", f"{campaign.title}: {len(ledger.subjects('book'))} books, {len(ledger.events())} events"
    )


def _clock(patient: Patient) -> Finding | None:
    """Events are stamped by this clock and never go backwards: one that is behind stamps them all alike."""
    try:
        ledger = patient.ledger
    except CodexError:
        return None
    if ledger is None:
        return None
    events = ledger.events()
    last = moment_or_none(events[-1].at) if events else None
    ahead = last - clock.now() if last else timedelta(0)
    if ahead > CLOCK_TOLERANCE:
        said = f"this machine's clock is {ahead} behind the ledger's last event"
        return Finding(
            "clock", "ill", said, "Set the clock (timedatectl set-ntp true), here or where that event was made."
        )
    return Finding("clock", "well", f"{clock.now():%Y-%m-%d %H:%M} UTC")


def _disk(patient: Patient) -> Finding:
    place = patient.workspace.root if patient.workspace else Path.cwd()
    free = shutil.disk_usage(place).free / 1e9
    mend = f"Free some space where {place} lies."
    if free < SOME_DISK:
        return Finding("disk", "ill" if free < LITTLE_DISK else "note", f"{free:.1f} GB free", mend)
    return Finding("disk", "well", f"{free:.0f} GB free")


def _key(patient: Patient) -> Finding:
    """Whether anybody would answer; the key itself is never shown."""
    chosen = patient.backend
    if os.environ.get("ANTHROPIC_API_KEY"):
        return Finding("key", "well", "ANTHROPIC_API_KEY is set")
    if chosen and chosen != "anthropic":
        return Finding("key", "well", f"none, and codex.toml chooses the backend {chosen}")
    mend = "Set ANTHROPIC_API_KEY, or use --backend handoff: a coding agent or a person answers, through files."
    return Finding("key", "ill" if chosen == "anthropic" else "note", "ANTHROPIC_API_KEY is not set", mend)


def _breaker(patient: Patient) -> Finding | None:
    if patient.workspace is None:
        return None
    open_ones = open_breakers(patient.workspace.state_dir / "journal.sqlite3")
    if not open_ones:
        return Finding("breaker", "well", "closed: calls are sent")
    said = "; ".join(f"{name}: {state.reason}" for name, state in open_ones.items())
    return Finding(
        "breaker", "note", f"open: {said}", "It lets a probe through by itself; see that the API can be reached."
    )


def _server(patient: Patient) -> Finding | None:
    if patient.workspace is None:
        return None
    if patient.server is None:
        return Finding(
            "server", "note", "no Prefect server runs", "`codexctl up` starts one; `codexctl run` does so by itself."
        )
    worker = worker_status(patient.workspace)
    if not worker.running:
        return Finding("server", "note", f"{patient.server.ui}, without a worker", "`codexctl up` starts the worker.")
    return Finding("server", "well", f"{patient.server.ui}, with a worker (process {worker.pid})")


def _port(patient: Patient) -> Finding:
    """A port in use is no fault: the next one is taken."""
    with socket.socket() as probe:
        probe.settimeout(1)
        taken = probe.connect_ex((HOST, FIRST_PORT)) == 0
    ours = patient.server is not None and patient.server.url.endswith(f":{FIRST_PORT}/api")
    if taken and not ours:
        return Finding(
            "port", "note", f"{FIRST_PORT} is in use", "A new server takes the next free port, or name one with --port."
        )
    return Finding("port", "well", f"{FIRST_PORT} is {'ours' if ours else 'free'}")


def _slot(patient: Patient) -> Finding | None:
    """A slot that is taken while nobody integrates was left by a process that died."""
    if patient.workspace is None or patient.server is None:
        return None
    try:
        limits = Api(patient.server.url, 5).post("/v2/concurrency_limits/filter", {})
    except ServerProblem as problem:
        return Finding("slot", "note", problem.what, problem.remedy)
    held = [str(each["name"]) for each in limits if str(each["name"]).startswith(LIMIT_PREFIX) and each["active_slots"]]
    if held and not _integrating(patient.workspace):
        mend = "Nobody waits for it longer than 20 s; `codexctl down`, then `codexctl up` frees it at once."
        return Finding("slot", "note", f"{', '.join(held)} is taken and nobody integrates here", mend)
    return Finding("slot", "well", "in use" if held else "free")


def _integrating(workspace: Workspace) -> bool:
    if not (workspace.git_dir / LOCK_NAME).exists():
        return False
    try:
        with integrator_lock(workspace.git_dir, timeout=0):
            return False
    except LockHeld:
        return True


def _locks(patient: Patient) -> Finding | None:
    if patient.workspace is None or not patient.workspace.has_git:
        return None
    home, now = patient.workspace.git_dir, time.time()
    found = [*home.glob("*.lock"), *home.glob("refs/heads/**/*.lock")]
    stale = [
        path for path in found if path.name != LOCK_NAME and now - path.stat().st_mtime > STALE_LOCK.total_seconds()
    ]
    if stale:
        named = ", ".join(str(path.relative_to(home.parent)) for path in stale)
        return Finding("locks", "ill", f"left by a git that died: {named}", f"If no git is running here: rm {named}")
    return Finding("locks", "well", "none left behind")


#: Every check, in the order in which findings are shown.
CHECKS: tuple[Callable[[Patient], Finding | None], ...] = (
    _python, _git, _workspace, _settings, _ledger, _clock, _disk, _locks, _key, _breaker, _server, _port, _slot,
)  # fmt: skip
