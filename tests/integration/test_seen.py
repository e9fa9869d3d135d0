"""A large file that was put in its place by this process need not be read again, unless anybody has touched it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from codex.integration.indexfile import identity
from codex.integration.integrator import integrate
from codex.integration.seen import blob_at, note
from codex.workspace import Workspace

from .helpers import NOW, git, new_unit, proposal

BLOB = "0" * 40
SIZE = 200_000


def put(folder: Path, *, wait: float = 0.02) -> tuple[Path, tuple[int, ...]]:
    """A file written aside and moved to its place ``wait`` seconds later, and its identity before that."""
    aside, place = folder / "aside", folder / "place"
    aside.write_bytes(b"a" * SIZE)
    written = identity(aside.lstat())
    time.sleep(wait)
    aside.replace(place)
    return place, written


def seen(place: Path) -> str | None:
    return blob_at(place, place.lstat())


def test_what_was_put_there_is_known(tmp_path: Path) -> None:
    place, written = put(tmp_path)
    assert seen(place) is None
    note(place, written, BLOB)
    assert seen(place) == BLOB


def test_a_small_file_is_not_remembered(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.write_bytes(b"a")
    note(place, identity(place.lstat()), BLOB)
    assert seen(place) is None


def written_in_place(place: Path) -> None:
    with place.open("r+b") as file:
        file.write(b"b")


def written_with_its_old_times(place: Path) -> None:
    before = place.stat()
    written_in_place(place)
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced_by_one_of_the_same_size_and_time(place: Path) -> None:
    before, other = place.stat(), place.with_name("other")
    other.write_bytes(b"b" * SIZE)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(place)


@pytest.mark.parametrize(
    "edit", [written_in_place, written_with_its_old_times, replaced_by_one_of_the_same_size_and_time]
)
def test_whoever_edits_it_is_noticed(tmp_path: Path, edit) -> None:
    place, written = put(tmp_path)
    note(place, written, BLOB)
    edit(place)  # at once, and with as many bytes
    assert seen(place) is None


@pytest.mark.parametrize("ahead", [0.01, 3600])
def test_a_file_whose_times_would_not_show_an_edit_is_read_again(tmp_path: Path, ahead: float) -> None:
    """It was written, says its time, no earlier than it was moved: the clock ticks slowly, or was set back."""
    place, _ = put(tmp_path)
    written = time.time_ns() + int(ahead * 1e9)
    os.utime(place, ns=(written, written))
    assert place.lstat().st_ctime_ns < written
    note(place, identity(place.lstat()), BLOB)
    assert seen(place) is None


def test_a_file_that_is_another_one_by_now_is_not_remembered(tmp_path: Path) -> None:
    place, written = put(tmp_path)
    written_in_place(place)
    note(place, written, BLOB)
    assert seen(place) is None


def test_edits_of_a_large_file_stay_after_many_integrations(workspace: Workspace) -> None:
    """The catalog made large; a person changes one letter of it, right after an integration."""
    catalog = workspace.root / "docs/catalogs/CONCEPT_CATALOG.md"
    catalog.write_text(catalog.read_text(encoding="utf-8") + "\n<!-- " + "x" * SIZE + " -->\n", encoding="utf-8")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qam", "large")
    for number in (3, 4):
        (result,) = integrate(workspace, [proposal(workspace, new_unit(f"00.01.{number:02d}"))], now=NOW)
        assert result.status == "committed" and result.warnings == ()
        assert git(workspace.root, "status", "--porcelain") == ""
    mine = catalog.read_text(encoding="utf-8").replace("xxx -->", "xxy -->")
    catalog.write_text(mine, encoding="utf-8")
    (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.05"))], now=NOW)
    assert any("CONCEPT_CATALOG.md was not checked out: it has uncommitted edits" in each for each in result.warnings)
    assert catalog.read_text(encoding="utf-8") == mine
