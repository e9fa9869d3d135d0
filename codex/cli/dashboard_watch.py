"""``codexctl dashboard --watch``: the screen again whenever something has changed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from codex.errors import CodexError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Seconds between two looks at the folder; a look takes some hundredths of a second for thousands of files.
INTERVAL = 2.0
#: Ages and claims change without any file: after so many seconds the screen is made anew in any case.
AT_LEAST = 60.0


def watch_screen(root: Path) -> NoReturn:
    """Keep a screen of the dashboard up to date until interrupted; where there is no terminal, print each one."""
    from codex.cli.common import screen

    shown = screen()
    if not shown.is_terminal:
        _loop(root, shown)
    with shown.screen(hide_cursor=True):
        _loop(root, shown)


def _loop(root: Path, shown: Console) -> NoReturn:
    seen: object = None
    made = 0.0
    while True:
        state = (_state(root), shown.size)
        if state != seen or time.monotonic() - made >= AT_LEAST:
            seen, made = state, time.monotonic()
            content = _content(root, shown.width)
            if shown.is_terminal:
                shown.clear()
            shown.print(content)
        time.sleep(INTERVAL)


def _content(root: Path, width: int) -> RenderableType:
    """The dashboard; a fault in a file is told in its place, and is no end."""
    from rich.text import Text

    from codex.cli.dashboard import heading, view_of
    from codex.oversight.panels import all_panels
    from codex.oversight.render.terminal import screen

    try:
        view = view_of(root)
        panels = all_panels(view)
    except CodexError as error:
        return Text(str(error), style="red")
    return screen(panels, heading(view, panels), width)


def _state(root: Path) -> object:
    """What tells a changed workspace from an unchanged one without reading a file: stamps, HEAD, journal, spool."""
    from codex.cache.store import Store
    from codex.cache.tree import CachedTree

    private = root / ".codex" / "state"
    watched = [root / ".git" / "logs" / "HEAD", *private.glob("journal.sqlite3*"), *private.glob("spool/*.json")]
    return tuple(CachedTree(root, Store()).stamps().items()), tuple((path, _changed(path)) for path in watched)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
