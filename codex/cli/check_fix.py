"""``codexctl check --fix``: repairs in a person's working tree."""

from __future__ import annotations

import difflib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from codex.errors import StorageError

if TYPE_CHECKING:
    from codex.check.fix import Repaired
    from codex.cli.check import Call


def fix_files(call: Call, *, show_only: bool) -> bool:
    """Repair the chosen files, or only show how (on standard output); returns whether there was anything to repair.

    What was done is said on standard error. Raises StorageError for a file that cannot be written.
    """
    from codex.check.facts import Facts
    from codex.check.fix import repair_files
    from codex.check.runner import find_files

    tree = call.tree()
    any_repairs = False
    wanted = call.wanted(tree)
    paths = find_files(tree, ["content"] if wanted is None else wanted)
    for repaired in repair_files(tree, paths, Facts(tree.store)):
        any_repairs = True
        if show_only:
            sys.stdout.write("".join(diff_lines(repaired)))
        elif write_if_unchanged(call.root / repaired.path, repaired):
            typer.echo(f"repaired {repaired.path}: {', '.join(repaired.repairs)}", err=True)
        else:
            typer.echo(f"left alone {repaired.path}: it was changed at this moment", err=True)
    return any_repairs


def diff_lines(repaired: Repaired) -> Iterator[str]:
    """The repairs of one file as a unified diff."""
    before, after = (list(_lines(data.decode("utf-8"))) for data in (repaired.before, repaired.after))
    yield from difflib.unified_diff(before, after, f"a/{repaired.path}", f"b/{repaired.path}")


def _lines(text: str) -> Iterator[str]:
    """The lines with their line ends; a last one without is marked as ``diff`` does."""
    *lines, rest = text.split("\n")
    yield from (f"{line}\n" for line in lines)
    if rest:
        yield f"{rest}\n\\ No newline at end of file\n"


def write_if_unchanged(path: Path, repaired: Repaired) -> bool:
    """Replace the file whole, keeping its permissions, if it still is what was repaired; False if it is not."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(repaired.after)
            shutil.copymode(path, temporary)
            unchanged = path.read_bytes() == repaired.before
            if unchanged:
                temporary.replace(path)
            return unchanged
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as exc:
        raise StorageError(f"{path} cannot be written: {exc.strerror}.", remedy="Check its permissions.") from exc
