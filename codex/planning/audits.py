"""The audits of a workspace, ``plans/fasttrack/*.md``, read in one of two modes (unit-rubric §4.1)."""

from __future__ import annotations

from collections.abc import Callable

from codex.corpus.bookplan import FOLDER
from codex.planning import compat, extended
from codex.planning.bullets import Audit, Bullet, LeftOut, Mode
from codex.snapshot import Snapshot

READERS: dict[Mode, Callable[[str, str], tuple[Bullet, ...]]] = {
    "compat": compat.read_bullets,
    "extended": extended.read_bullets,
}


def read_audits(snapshot: Snapshot, mode: Mode = "extended") -> tuple[Audit, ...]:
    """Every audit, by file name; folders below (``_deepen``) are not read. Bytes that are no UTF-8 are replaced."""
    paths = [path for path in snapshot.under(FOLDER, ".md") if path.count("/") == FOLDER.count("/") + 1]
    return tuple(_audit(path, snapshot.any_text(path), mode) for path in paths)


def _audit(path: str, raw: str, mode: Mode) -> Audit:
    slug, text = path.rpartition("/")[2].removesuffix(".md"), _with_lf(raw)
    if mode == "compat":
        return Audit(slug, path, compat.read_bullets(text, path), text=text)
    entries = extended.read_entries(text, path)
    bullets = tuple(entry for entry in entries if isinstance(entry, Bullet))
    return Audit(slug, path, bullets, tuple(entry for entry in entries if isinstance(entry, LeftOut)), text)


def read_bullets(text: str, path: str, mode: Mode = "extended") -> tuple[Bullet, ...]:
    """The punch-list bullets of one audit, in order, each with ``path`` and line. Never raises, whatever the text."""
    return READERS[mode](_with_lf(text), path)


def _with_lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
