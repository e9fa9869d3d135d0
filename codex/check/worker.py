"""The second process of a large check: an order as JSON on standard input, pickled results on standard output."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

from codex.check.registry import RULE_BY_CODE
from codex.check.runner import check_paths
from codex.snapshot import CommitSnapshot, Snapshot, TreeSnapshot


def main() -> None:
    order = json.load(sys.stdin)
    place = order["snapshot"]
    root = Path(place["root"])
    snapshot: Snapshot = CommitSnapshot(root, place["commit"]) if "commit" in place else TreeSnapshot(root)
    results = check_paths(snapshot, order["paths"], [RULE_BY_CODE[code] for code in order["rules"]])
    pickle.dump(results, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
