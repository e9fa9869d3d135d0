"""The journal of the checkout: what was about to be published, so that a killed writer's work is finished exactly.

Written before the branch moves, removed when work tree and index have followed and the results are kept. An entry
whose commit is not in the branch's history never happened and is dropped; any other is carried out again, which does
no harm where it was done already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from codex.errors import DataError
from codex.integration.durable import write_durably
from codex.integration.faults import point
from codex.integration.opening import UNFINISHED
from codex.integration.proposal import IntegrationResult


class Entry(BaseModel):
    """One commit about to be published. ``known``: the blobs that its paths may have had before (None: no file)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ref: str
    commit: str
    known: dict[str, tuple[str | None, ...]]
    result: IntegrationResult | None = None


class Journal(BaseModel):
    """All unfinished entries, oldest first: one, or two when an earlier checkout could not be completed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entries: tuple[Entry, ...] = ()


def load(state_dir: Path) -> Journal:
    """The journal; empty when there is none. Raises DataError when it cannot be read."""
    path = _path(state_dir)
    try:
        return Journal.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Journal()
    except ValidationError as exc:
        raise DataError(
            f"{path} is damaged, so an interrupted checkout cannot be finished.",
            remedy="Compare `git status` with what you expect, restore what is stale, and delete that file.",
        ) from exc


def save(state_dir: Path, journal: Journal) -> None:
    """Keep the journal durably; an empty one is removed."""
    if journal.entries:
        write_durably(_path(state_dir), journal.model_dump_json().encode() + b"\n", name="journal")
    else:
        _path(state_dir).unlink(missing_ok=True)
        point("journal.removed")


def add(state_dir: Path, *entries: Entry) -> None:
    """Keep more entries, after those that are unfinished; errors as of ``load``."""
    save(state_dir, Journal(entries=(*load(state_dir).entries, *entries)))


def merged(entries: Iterable[Entry]) -> dict[str, tuple[str | None, ...]]:
    """Every path of the entries with all the blobs that it may have had."""
    known: dict[str, tuple[str | None, ...]] = {}
    for entry in entries:
        for path, blobs in entry.known.items():
            known[path] = tuple(dict.fromkeys((*known.get(path, ()), *blobs)))
    return known


def known_before(
    changes: Mapping[str, str | None], offered: Mapping[str, str], before: Mapping[str, str]
) -> dict[str, tuple[str | None, ...]]:
    """What may stand at each changed path: its blob before, its blob after, and the one that was handed in.

    ``changes``: path → new blob id; ``offered``: path → blob id of the text as proposed; ``before``: the old commit.
    """
    known: dict[str, tuple[str | None, ...]] = {}
    for path, new in changes.items():
        handed_in = (offered[path],) if path in offered else ()
        known[path] = tuple(dict.fromkeys((before.get(path), new, *handed_in)))
    return known


def _path(state_dir: Path) -> Path:
    return state_dir / UNFINISHED
