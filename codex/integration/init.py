"""Make a workspace: a git repository with a campaign's manifests and a starting corpus.

It is made in a folder beside the wanted one and renamed when it is complete, so that a kill leaves either no workspace
or a whole one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from codex.campaign import clock
from codex.corpus import booklist, catalog, connections, deps, proposals
from codex.corpus.jsonfile import loads_object
from codex.errors import UserError
from codex.gitio import Git
from codex.integration.ahead import Ahead
from codex.integration.checkout import bring_to
from codex.integration.commands import slash_commands
from codex.integration.durable import cannot_write
from codex.integration.gitstore import build_commit, publish, safe_environment
from codex.integration.integrator import integrate
from codex.integration.joining import joining
from codex.workspace import Workspace

_BRANCH = "refs/heads/main"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_REGISTRY = {
    "version": 1,
    "connection_types": list(connections.TYPES),
    "strength_levels": list(connections.STRENGTHS),
    "connections": [],
    "stats": {"total_connections": 0, "by_type": {}, "by_strength": {}},
}

#: What a workspace has when neither seed nor campaign brings it: path → text.
_BLANK: Mapping[str, str] = {
    ".gitignore": ".codex/\n",
    ".gitattributes": "* -text\n",  # bytes stay as they are: the ledger's hashes cover them
    "OVERVIEW.md": "# Curriculum\n\nUnits are in `content/`, the state of the campaign in `manifests/`.\n",
    catalog.PATH: catalog.EMPTY,
    booklist.PATH: "# Booklist\n\n| # | Title | Author | Topic | Status |\n|---|-------|--------|-------|--------|\n",
    deps.PATH: deps.EMPTY,
    connections.PATH: json.dumps(_REGISTRY, indent=2) + "\n",
    proposals.PATH: proposals.EMPTY,
}


def init_workspace(
    path: Path,
    seed: Traversable | Path | None = None,
    campaign: str = "fasttrack",
    *,
    books: Mapping[str, Mapping[str, Any]] | None = None,
    now: datetime | None = None,
) -> Workspace:
    """Make a workspace at ``path``, which must not exist or be an empty folder, and return it opened.

    ``campaign`` names a folder of the packaged manifests: its ``campaign.toml`` comes along, and its ``booklist.json``
    with the table that is made from it; the slash commands of coding agents are added; its ``workspace/`` is the
    corpus to start from unless ``seed`` (a tree laid out as a workspace) is given, and the books of its ``books.json``
    are registered in the ledger unless ``books`` (slug → ledger entry) says which. Raises UserError for a folder that
    is in use and for a campaign that does not exist, StorageError when the disk or git refuses.
    """
    home = _campaign(campaign)
    target = path.absolute()
    _require_free(target)
    registered = _books(home) if books is None else books
    files = _files(home, seed)
    making = target.with_name(f".{target.name}.codex-init-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(target)
        making.mkdir()
        _build(making, files, registered, now or clock.now())
        making.replace(target)
    except OSError as exc:
        raise cannot_write(target, exc) from exc
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Workspace.open(target)


def _build(folder: Path, files: Mapping[str, bytes], books: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    git = Git(folder)
    git.run("init", "--quiet", "--template=", "--initial-branch=main", env=safe_environment())
    blobs = Ahead().blobs(files)
    commit = build_commit(git, None, blobs, "Make the workspace\n", now)
    publish(git, _BRANCH, commit, None, reason="codex: make the workspace")
    known = {name: (None, blob.oid) for name, blob in blobs.items() if blob}
    workspace = Workspace(folder)
    bring_to(git, commit, known, workspace.state_dir)
    if books:
        integrate(workspace, [joining(commit, {f"book:{slug}": data for slug, data in books.items()})], now=now)


def _campaign(name: str) -> Traversable:
    packaged = resources.files("manifests")
    home = packaged.joinpath(name) if _NAME.fullmatch(name) else None
    if home is None or not home.is_dir():
        choices = sorted(each.name for each in packaged.iterdir() if each.is_dir() and _NAME.fullmatch(each.name))
        raise UserError(f"There is no campaign {name!r}.", remedy=f"Choose one of: {', '.join(choices)}.")
    return home


def _require_free(target: Path) -> None:
    if target.is_dir() and any(target.iterdir()):
        raise UserError(f"{target} is not empty.", remedy="Name a new folder, or look at it with `codexctl adopt`.")
    if target.exists() and not target.is_dir():
        raise UserError(f"{target} is a file.", remedy="Name a new folder.")


def _files(home: Traversable, seed: Traversable | Path | None) -> dict[str, bytes]:
    """Every file of the first commit, by path."""
    files = {name: text.encode() for name, text in _BLANK.items()}
    settings = home.joinpath("campaign.toml")
    if settings.is_file():
        files[f"manifests/{home.name}/campaign.toml"] = settings.read_bytes()
    files |= slash_commands() | _booklist(home)
    start = seed if seed is not None else home.joinpath("workspace")
    if seed is not None or start.is_dir():
        files |= dict(_walk(start, ""))
    if not any(name.startswith("content/") for name in files):
        files["content/.gitkeep"] = b""
    return files


def _booklist(home: Traversable) -> dict[str, bytes]:
    """The campaign's list of books as data, and the table that is made from it; nothing for a campaign without one."""
    listed = home.joinpath("booklist.json")
    if not listed.is_file():
        return {}
    data, where = listed.read_bytes(), f"manifests/{home.name}/booklist.json"
    table = booklist.render(booklist.parse_listing(data.decode("utf-8"), where))
    return {where: data, booklist.PATH: table.encode("utf-8")}


def _walk(folder: Traversable | Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.name in {".git", ".codex", "__pycache__"}:
            continue
        if each.is_dir():
            yield from _walk(each, f"{prefix}{each.name}/")
        else:
            yield prefix + each.name, each.read_bytes()


def _books(home: Traversable) -> dict[str, dict[str, Any]]:
    listed = home.joinpath("books.json")
    if not listed.is_file():
        return {}
    books = loads_object(listed.read_text(encoding="utf-8"), f"{home.name}/books.json").get("books", {})
    return {slug: entry for slug, entry in books.items() if isinstance(entry, dict)}


def _clear_abandoned(target: Path) -> None:
    """Remove what a killed ``init`` of the same folder left beside it."""
    for left in target.parent.glob(f".{target.name}.codex-init-*"):
        process = left.name.rpartition("-")[2]
        if process.isdecimal() and not _alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
