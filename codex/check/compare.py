"""Whether a unit has got worse: its verdicts before a change and after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from codex.check.result import UnitResult
from codex.check.rule import Verdict

#: The higher, the better.
_RANK: Mapping[Verdict, int] = {"pass": 2, "not_judged": 1, "fail": 0}


class Worse(NamedTuple):
    """A check that has a lower verdict than before, or the error that keeps a unit from being read."""

    code: str
    name: str


def worse(old: UnitResult, new: UnitResult, *, decisive: bool = True) -> list[Worse]:
    """What has a lower verdict than before; a check that was not made before must pass.

    ``decisive``: only the checks that a unit ships at, no warnings.
    """
    if new.error and not old.error:
        return [Worse(new.error.code, new.error.sentence)]
    before = {check.code: _RANK[check.verdict] for check in old.checks}
    return [
        Worse(check.code, check.name)
        for check in (new.decisive if decisive else new.checks)
        if _RANK[check.verdict] < before.get(check.code, _RANK["pass"])
    ]
