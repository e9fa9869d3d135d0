"""The second process of a large check (codex/check/parallel.py).

The order comes as JSON through the file descriptor that the first argument names; facts are exchanged and judgements
handed back as pickles, on standard input and output.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codex.cache.store import Store
from codex.check.corpus import SnapshotAnswers
from codex.check.facts import Facts
from codex.check.parallel import FactsByBlob, Helped
from codex.check.policy import Chosen, choose
from codex.check.registry import RULE_BY_CODE
from codex.check.runner import judge_paths
from codex.snapshot import CommitSnapshot, Snapshot, TreeSnapshot


class _SameTree(TreeSnapshot):
    """A working tree whose blob ids the first process has computed, those of the units at least."""

    def __init__(self, root: Path, known: Mapping[str, str]) -> None:
        super().__init__(root)
        self._all = ChainMap(dict(known), super().blobs())  # type: ignore[arg-type]

    def blobs(self) -> Mapping[str, str]:
        return self._all


def main() -> None:
    with os.fdopen(int(sys.argv[1])) as file:
        order = json.load(file)
    facts = Facts(Store(Path(order["store"])) if order["store"] else None)  # read here, written by the parent alone
    answers = SnapshotAnswers(_snapshot(order), facts)
    chosen: dict[str, list[Chosen]] = {}
    for codes, paths in order["work"]:
        rules = [choose(RULE_BY_CODE[code]) for code in codes]
        chosen |= dict.fromkeys(paths, rules)

    def exchange(mine: FactsByBlob) -> FactsByBlob:
        _tell(mine)
        theirs: FactsByBlob = pickle.load(sys.stdin.buffer)  # written by our own parent
        return theirs

    judged = judge_paths(answers, list(chosen), chosen.__getitem__, recording=bool(order["store"]), exchange=exchange)
    _tell(Helped(judged, facts.learnt))


def _snapshot(order: Mapping[str, Any]) -> Snapshot:
    place = order["snapshot"]
    root = Path(place["root"])
    return CommitSnapshot(root, place["commit"]) if "commit" in place else _SameTree(root, order["blobs"])


def _tell(value: object) -> None:
    pickle.dump(value, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
