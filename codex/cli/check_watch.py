"""``codexctl check --watch``: check again whenever a file of the workspace is saved."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from codex.errors import CodexError

if TYPE_CHECKING:
    from codex.check import CheckReport, UnitResult
    from codex.cli.check import Call

#: Seconds between two looks at the folder; a look takes some hundredths of a second for thousands of files.
INTERVAL = 0.5


def watch_and_check(call: Call) -> NoReturn:
    """Print a report, then after each change what has become different; until interrupted."""
    from codex.cache.store import Store
    from codex.cache.tree import CachedTree

    shown: Mapping[str, UnitResult] = {}
    seen: object = None
    while True:
        stamps = dict(CachedTree(call.root, Store()).stamps())
        if stamps != seen:
            seen = stamps
            shown = _round(call, shown)
        time.sleep(INTERVAL)


def _round(call: Call, shown: Mapping[str, UnitResult]) -> Mapping[str, UnitResult]:
    """Check once and print; returns the results by path. A fault in a file, or a file that vanished, is no end."""
    from codex.check.formats.as_text import report_text

    try:
        report = call.run()
    except CodexError as error:
        sys.stdout.write(f"{error}\n")
        sys.stdout.flush()
        return shown
    found = {result.path: result for result in (*report.results, *report.workspace)}
    new = _differing(report, shown) if shown else report
    sys.stdout.write(report_text(new, total=report))
    sys.stdout.flush()
    return found


def _differing(report: CheckReport, shown: Mapping[str, UnitResult]) -> CheckReport:
    from codex.check import CheckReport

    def is_new(result: UnitResult) -> bool:
        return shown.get(result.path) != result

    return CheckReport(tuple(filter(is_new, report.results)), tuple(filter(is_new, report.workspace)))
