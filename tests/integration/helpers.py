"""A small workspace of sound units, and proposals for it."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from codex.check.samples import SAMPLE
from codex.integration.init import init_workspace
from codex.integration.proposal import Proposal, UnitChange
from codex.workspace import Workspace

NOW = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)
FOLDER = "content/00-numbers/01-integers"
BOOK = "book:one"
SHIPPED = ("00.01.01", "00.01.02")


def unit_text(unit_id: str, prerequisites: tuple[str, ...] = (), *, extra: str = "", **replaced: str) -> str:
    """A unit that passes all checks; ``extra`` is put at the end of its front matter, ``replaced`` maps old to new."""
    text = SAMPLE.replace("id: 00.01.02\n", f"id: {unit_id}\n").replace("slug: even-numbers", f"slug: {slug(unit_id)}")
    text = text.replace("title: Even numbers", f"title: Unit {unit_id}")
    text = text.replace("concept_catalog_id: numbers.parity", f"concept_catalog_id: numbers.{slug(unit_id)}")
    listed = "".join(f"\n  - {p}" for p in prerequisites) or " []"
    text = text.replace("prerequisites:\n  - 00.01.01", f"prerequisites:{listed}")
    text = text.replace("status: shipped\n---", f"status: shipped\n{extra}---")
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text


def slug(unit_id: str) -> str:
    return "unit-" + unit_id.lower().replace(".", "-")


def path_of(unit_id: str) -> str:
    return f"{FOLDER}/{unit_id}-{slug(unit_id)}.md"


def make_seed(folder: Path) -> Path:
    for unit_id in SHIPPED:
        place = folder / path_of(unit_id)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(unit_text(unit_id), encoding="utf-8")
    catalog = folder / "docs/catalogs/CONCEPT_CATALOG.md"
    catalog.parent.mkdir(parents=True)
    entries = (f"### numbers.{slug(u)}\n\n- **title**: Unit {u}\n- **unit**: `{u}`\n" for u in SHIPPED)
    catalog.write_text("# Concepts\n\n## Numbers\n\n" + "\n".join(entries), encoding="utf-8")
    return folder


def make_workspace(folder: Path) -> Workspace:
    """A workspace with two shipped units and one registered book."""
    seed = make_seed(folder / "seed")
    return init_workspace(folder / "ws", seed, books={"one": {"title": "One", "tier": "α"}}, now=NOW)


def new_unit(unit_id: str, *prerequisites: str, **more: Any) -> UnitChange:
    text = more.pop("text", None) or unit_text(unit_id, prerequisites)
    return UnitChange(action="new", id=unit_id, slug=slug(unit_id), text=text, **more)


def changed_unit(workspace: Workspace, unit_id: str, change: Callable[[str], str], **more: Any) -> UnitChange:
    """A deepening of a shipped unit, based on its present version."""
    snapshot, path = workspace.snapshot(), path_of(unit_id)
    more.setdefault("expected_blob", snapshot.blobs()[path])
    more.setdefault("action", "deepen")
    return UnitChange(id=unit_id, slug=slug(unit_id), text=change(snapshot.text(path)), **more)


def proposal(workspace: Workspace, *units: UnitChange, **more: Any) -> Proposal:
    values = {"subject": BOOK, "pass_name": "P4_production", "title": "Test", "base": workspace.snapshot().label}
    return Proposal(**(values | {"units": units} | more))


def git(folder: Path, *arguments: str, check: bool = True, **more: Any) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=check, **more)
    return done.stdout.rstrip("\n")


def fsck(folder: Path) -> str:
    """What git objects to; unreachable objects are no fault."""
    done = subprocess.run(
        ["git", "-C", str(folder), "fsck", "--strict", "--no-dangling"], capture_output=True, check=False, text=True
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def commits(folder: Path) -> int:
    return int(git(folder, "rev-list", "--count", "HEAD"))


def in_child(act: Callable[[], None], fault: str = "") -> int:
    """Run ``act`` in a forked process, to be killed at a fault point; returns its wait status."""
    child = os.fork()
    if child == 0:
        os.environ["CODEX_FAULT"] = fault
        status = 70
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """In this process and those it starts no file may grow beyond ``limit`` bytes. It ends with the block: what
    measures the tests has something to write afterwards."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
