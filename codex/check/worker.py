"""The second process of a large check: an order as JSON on standard input, pickled judgements on standard output."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

from codex.cache.store import Store
from codex.check.corpus import SnapshotAnswers
from codex.check.facts import Facts
from codex.check.parallel import Helped
from codex.check.policy import Chosen, choose
from codex.check.registry import RULE_BY_CODE
from codex.check.runner import judge_paths
from codex.snapshot import CommitSnapshot, Snapshot, TreeSnapshot


def main() -> None:
    order = json.load(sys.stdin)
    place, cache = order["snapshot"], order["store"]
    root = Path(place["root"])
    snapshot: Snapshot = CommitSnapshot(root, place["commit"]) if "commit" in place else TreeSnapshot(root)
    chosen: dict[str, list[Chosen]] = {}
    for codes, paths in order["work"]:
        rules = [choose(RULE_BY_CODE[code]) for code in codes]
        chosen |= dict.fromkeys(paths, rules)
    facts = Facts(Store(Path(cache)) if cache else None)  # read here, written by the parent alone
    answers = SnapshotAnswers(snapshot, facts)
    judged = judge_paths(snapshot, list(chosen), chosen.__getitem__, answers, recording=cache is not None)
    pickle.dump(Helped(judged, facts.learnt), sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
