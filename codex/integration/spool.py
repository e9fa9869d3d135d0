"""The spool: proposals wait here, durably, until the integrator has dealt with them.

``.codex/state/spool/<id>.json`` is a waiting proposal, ``spool/done/<id>.json`` what became of it, ``spool/bad/`` what
could not be read. A proposal's file goes only after its result is on disk, so a kill in between makes the
integrator look at it again, recognise it, and answer the same.

``spool/kept/`` holds proposals whose commits a configured remote has not got yet: when it has gone on meanwhile, they
are integrated again on its state (again.py). What is then no longer accepted is kept for good in ``spool/late/``.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from codex.errors import DataError, UserError
from codex.integration.durable import cannot_write, sync_folder, write_durably
from codex.integration.faults import point
from codex.integration.proposal import IntegrationResult, Proposal
from codex.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Spooled:
    """A waiting proposal; ``queued_ns`` is when it was put (Unix time in nanoseconds)."""

    id: str
    queued_ns: int
    proposal: Proposal


def put(workspace: Workspace, proposal: Proposal) -> str:
    """Spool a proposal durably and return its id. Putting one that waits already changes nothing.

    Raises StorageError when it cannot be written, UserError when it holds half a surrogate pair (which no file can
    hold as UTF-8); then nothing was spooled.
    """
    try:
        name = proposal.id
    except UnicodeEncodeError as exc:
        raise UserError(
            f"A proposal for {proposal.subject!a} holds text that is not valid Unicode.",
            remedy="Have the reply written again.",
        ) from exc
    path = _folder(workspace) / f"{name}.json"
    if not path.exists():
        body = {"queued_ns": time.time_ns(), "proposal": proposal.model_dump(mode="json")}
        write_durably(path, _encode(body), name="spool")
    return name


def pending(workspace: Workspace) -> list[Spooled]:
    """Waiting proposals, oldest first. A file that is no proposal is moved to ``spool/bad/`` and logged."""
    found = []
    for path in _folder(workspace).glob("*.json"):
        try:
            found.append(_load(path))
        except FileNotFoundError:  # another integrator has just finished it
            continue
        except DataError as exc:
            _set_aside(path, exc)
    return sorted(found, key=lambda s: (s.queued_ns, s.id))


def waits(workspace: Workspace) -> bool:
    """True when anything is in the spool, readable or not."""
    return any(_folder(workspace).glob("*.json"))


def done(workspace: Workspace, proposal_id: str, result: IntegrationResult) -> None:
    """Keep what became of a proposal and take it off the spool; one that was committed is kept until ``forget``."""
    folder = _folder(workspace)
    write_durably(folder / "done" / f"{proposal_id}.json", _encode(result.model_dump(mode="json")), name="done")
    waiting = folder / f"{proposal_id}.json"
    if result.status == "committed" and waiting.exists():
        waiting.replace(folder / "kept" / waiting.name)
    waiting.unlink(missing_ok=True)
    point("spool.removed")


def kept(workspace: Workspace) -> dict[str, str]:
    """Proposals that are kept, by id, with the commits that carried them out."""
    ids = (path.stem for path in (_folder(workspace) / "kept").glob("*.json"))
    results = ((name, last_result(workspace, name)) for name in ids)
    return {name: result.commit or "" for name, result in results if result}


def kept_proposal(workspace: Workspace, proposal_id: str) -> Proposal | None:
    """A kept proposal; None when it is not there or cannot be read any more."""
    try:
        return _load(_folder(workspace) / "kept" / f"{proposal_id}.json").proposal
    except (FileNotFoundError, DataError):
        return None


def forget(workspace: Workspace, proposal_ids: Iterable[str] | None = None) -> None:
    """Keep these proposals (None: all) no longer: their commits are where they should be."""
    folder = _folder(workspace) / "kept"
    names = [path.stem for path in folder.glob("*.json")] if proposal_ids is None else proposal_ids
    for name in names:
        (folder / f"{name}.json").unlink(missing_ok=True)


def set_late(workspace: Workspace, proposal_id: str) -> Path:
    """Copy a kept proposal to where nothing is ever deleted; returns its new path."""
    late = _folder(workspace) / "late"
    late.mkdir(exist_ok=True)
    source = late.parent / "kept" / f"{proposal_id}.json"
    if source.exists():
        shutil.copyfile(source, late / source.name)
        sync_folder(late)
    return late / source.name


def result(workspace: Workspace, proposal_id: str) -> IntegrationResult | None:
    """What became of a proposal; None while it waits or when it was never spooled here."""
    if (_folder(workspace) / f"{proposal_id}.json").exists():
        return None
    return last_result(workspace, proposal_id)


def last_result(workspace: Workspace, proposal_id: str) -> IntegrationResult | None:
    """The newest result kept for this id, also while the proposal waits to be integrated once more."""
    try:
        return IntegrationResult.model_validate_json((_folder(workspace) / "done" / f"{proposal_id}.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def waiting(workspace: Workspace, proposal_id: str) -> Proposal:
    """A proposal that waits; raises UserError when none of this id does."""
    found = next((each.proposal for each in pending(workspace) if each.id == proposal_id), None)
    if found is None:
        raise UserError(f"No proposal {proposal_id} waits in the spool.", remedy=f"See {_folder(workspace)}.")
    return found


def set_aside(workspace: Workspace, proposal_id: str, why: Exception) -> None:
    """Move a proposal that cannot be dealt with out of the way of the others, with the reason beside it."""
    _set_aside(_folder(workspace) / f"{proposal_id}.json", why)


def _folder(workspace: Workspace) -> Path:
    folder = workspace.state_dir / "spool"
    try:
        (folder / "done").mkdir(parents=True, exist_ok=True)
        (folder / "kept").mkdir(exist_ok=True)
    except OSError as exc:
        raise cannot_write(folder, exc) from exc
    return folder


def _encode(body: dict[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def _load(path: Path) -> Spooled:
    try:
        body = json.loads(path.read_bytes())
        spooled = Spooled(path.stem, int(body["queued_ns"]), Proposal.model_validate(body["proposal"]))
    except (ValueError, KeyError, TypeError) as exc:  # a ValidationError is a ValueError
        raise DataError(f"{path} is not a spooled proposal: {exc}.") from exc
    if spooled.proposal.id != spooled.id:
        raise DataError(f"{path} holds proposal {spooled.proposal.id}: its content does not match its name.")
    return spooled


def _set_aside(path: Path, why: Exception) -> None:
    bad = path.parent / "bad"
    bad.mkdir(exist_ok=True)
    path.replace(bad / path.name)
    (bad / f"{path.stem}.txt").write_text(f"{type(why).__name__}: {why}\n", encoding="utf-8")
    sync_folder(bad)
    log.warning("%s It was moved to %s; the rest of the spool goes on.", why, bad)
