"""Keep the repository small and quick between turns: loose objects are packed before there are too many.

Each integration leaves some twenty loose objects, and new versions of the large shared files among them: megabytes
that delta compression brings down to what was changed. So the writer packs, under its lock and after its turn, once
there is enough of it (settings, ``[git]``). Packs are rolled up in geometric progression: few of them at any time, and
an object is packed again only a few times in its life.

Nothing is ever pruned, reachable or not: an object is removed only where a finished pack holds it too. A kill leaves at
most a temporary file, which is cleared a day later.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from codex.errors import StorageError
from codex.gitio import Git
from codex.integration.faults import point
from codex.integration.gitstore import safe_environment
from codex.settings import GitSettings

log = logging.getLogger(__name__)

#: Of the 256 folders of loose objects those that are looked at.
_SAMPLE = [f"{number:02x}" for number in range(0, 256, 8)]
#: Versions of a file stand next to each other when git looks for deltas: a few of them are enough to compare.
_WINDOW = 3
_DEPTH = 50
_A_DAY = 86_400


def keep_up(git: Git, settings: GitSettings) -> bool:
    """Pack what is loose if there is too much of it; True when that was done. Never raises: it can be done later."""
    try:
        objects = git.objects_dir()
        if not is_due(objects, settings):
            return False
        point("upkeep.begin")
        _clear_abandoned(objects / "pack")
        _pack(git)
        point("upkeep.done")
    except (StorageError, OSError) as exc:
        log.warning("The repository could not be packed: %s", exc)
        return False
    return True


def is_due(objects: Path, settings: GitSettings) -> bool:
    """True when there are more loose objects, by number or by size, than the settings allow (estimated)."""
    sizes = list(_sizes(objects))
    scale = 256 // len(_SAMPLE)
    many = 0 < settings.loose_objects < len(sizes) * scale
    large = 0 < settings.loose_megabytes * 1_000_000 < sum(sizes) * scale
    return many or large


def _sizes(objects: Path) -> Iterator[int]:
    for name in _SAMPLE:
        with suppress(FileNotFoundError, NotADirectoryError):
            yield from (each.lstat().st_size for each in (objects / name).iterdir())


def _pack(git: Git) -> None:
    limits = (f"--window={_WINDOW}", f"--depth={_DEPTH}")
    git.run("repack", "--quiet", "-d", "-l", "--geometric=2", *limits, env=safe_environment())


def _clear_abandoned(packs: Path) -> None:
    for pattern in ("tmp_*", ".tmp-*"):
        for path in packs.glob(pattern):
            with suppress(OSError):
                if time.time() - path.lstat().st_mtime > _A_DAY:
                    path.unlink()
