"""The published corpus, untouched: what is found there, and that all of it can be mended."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.check.policy import Policy
from codex.cli.app import run
from codex.corpus import deps
from codex.integration.adoption.mend import mend
from codex.integration.adoption.registry import KINDS, REPAIRS
from codex.integration.adoption.survey import findings, survey
from codex.integration.adoption.view import View
from codex.snapshot import Snapshot, TreeSnapshot
from codex.units import is_id
from codex.workspace import Workspace
from tests.integration.helpers import fsck, git

from .helpers import NOW
from .test_command import fingerprint

#: Counts made by other means (a few lines of Python over the JSON files, grep over the units).
COUNTED = {
    "broken-edges": 2687,
    "quoted-ids": 6 + 24,
    "stale-graph": 11 + 28 + 235,
    "doubled-edges": 22,
    "doubled-keys": 6 + 8,
    "shipped-without-file": 770,
    "other-slugs": 34,
    "connections-of-unknown-concepts": 6,
    "unregistered-connections": 3,
    "audits-without-book": 83,
    "missing-commands": 3,
    "missing-figures": 917,
}


def corpus_of(fasttrack: Path) -> list[str]:
    """The files of the corpus itself: other tests lay mutants beside them."""
    return [name for name in os.listdir(fasttrack) if not name.startswith(("mutants", "."))]


@pytest.fixture(scope="module")
def tree(fasttrack: Path) -> Snapshot:
    return TreeSnapshot(fasttrack)


def test_what_is_off_by_count(fasttrack, tree):
    before = fingerprint(fasttrack)
    told = {each.kind.name: each.count for each in findings(View(tree))}
    assert {name: told.get(name) for name in COUNTED} == COUNTED
    assert {"unreadable-units", "ids-taken-twice", "unreadable-files"}.isdisjoint(told)
    assert told["stale-plan"] > 1000 and told["missing-edges"] > 900
    assert fingerprint(fasttrack) == before


@pytest.mark.soak
def test_looking_leaves_every_file_as_it_is_and_is_quick(capsys, fasttrack):
    before = fingerprint(fasttrack)
    started = time.perf_counter()
    assert run(["adopt", str(fasttrack), "--format", "json"]) == 0
    seconds = time.perf_counter() - started
    told = json.loads(capsys.readouterr().out)
    assert fingerprint(fasttrack) == before
    assert told["units"]["units"] == 953 and told["units"]["failing"] == 50
    assert told["books"]["by_state"] == {"equivalence-covered": 2}
    assert {"broken-edges", "quoted-ids", "stale-graph", "stale-plan"} <= {each["kind"] for each in told["findings"]}
    with capsys.disabled():
        sys.stderr.write(f"\nadopt, published corpus, nothing cached: {seconds:.1f} s (bar: 20 s)\n")


@pytest.mark.soak
def test_every_repair_in_memory_leaves_nothing_of_its_kind_and_no_unit_worse(tree):
    """All repairs one after another, without git: what adopt --write does, in a tenth of its time."""
    policy = Policy.of("core")
    snapshot = tree
    for kind in REPAIRS.values():
        repair = kind.repair
        assert repair is not None
        done = repair(View(snapshot), NOW)
        snapshot = tree.with_changes(getattr(snapshot, "changes", {}) | dict(done.changes))
    after = survey(snapshot, policy)
    assert [each.kind.name for each in after.repairable] == []
    was = survey(tree, policy, only=()).verdicts
    assert {p: (was[p], state) for p, state in after.verdicts.items() if was[p] != state} == {}
    graph = deps.parse(snapshot.text(deps.PATH))
    assert all(is_id(edge.before) and is_id(edge.after) for edge in graph.edges)
    named = {(p, u.id) for u in View(snapshot).shipped.values() for p in u.prerequisites}
    closing = next(kind for kind in KINDS if kind.name == "contradicting-edges")
    unknown = next(kind for kind in KINDS if kind.name == "unknown-prerequisites")
    left = {
        each.text.partition(",")[0].partition(" would")[0]
        for kind in (closing, unknown)
        for each in kind.find(View(snapshot))
    }
    missing = {f"{before} → {after}" for before, after in named - {(e.before, e.after) for e in graph.edges}}
    assert missing <= left, "every prerequisite of the front matter is in the graph, or told"


@pytest.mark.soak
def test_write_on_a_copy_that_is_a_repository(capsys, fasttrack, tmp_path):
    root = tmp_path / "corpus"
    root.mkdir()
    for name in corpus_of(fasttrack):
        copy = shutil.copytree if (fasttrack / name).is_dir() else shutil.copy
        copy(fasttrack / name, root / name)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "The corpus")
    assert run(["adopt", str(root), "--write", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["broken"] == [] and not any(each["repairable"] for each in told["findings"])
    assert all(each["status"] == "committed" for each in told["written"])
    assert fsck(root) == "" and git(root, "status", "--porcelain") == ""
    workspace = Workspace(root)
    assert verify(workspace.snapshot()) == []
    spin = Ledger.load(workspace.snapshot()).book("lawson-michelsohn-spin-geometry")
    assert spin["status"] == "equivalence-covered" and spin["tier"] == "α"
    assert spin["passes"]["P4_production"]["parts"]["P6_rework"]["rows_closed"] == 14
    assert mend(workspace, now=NOW) == []
