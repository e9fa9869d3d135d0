"""Random proposals, edits and kills, one after the other: what must always hold is checked after each step."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.check import check_corpus
from codex.corpus.index import CorpusIndex
from codex.integration import spool
from codex.integration.faults import POINTS
from codex.integration.integrator import drain, integrate
from codex.integration.proposal import UnitChange
from codex.workspace import Workspace

from .helpers import BOOK, NOW, changed_unit, fsck, git, in_child, path_of, proposal, slug, unit_text

IDS = [f"00.01.{n:02d}" for n in range(1, 7)]
UNITS = st.sampled_from(IDS)
DEFECTS = st.sampled_from(["", "", "", "\nThis is obviously so.\n", "\n<script>\n"])


class Integrations(RuleBasedStateMachine):
    template: Path

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="codex-stateful-"))
        shutil.copytree(self.template, self.folder / "ws")
        self.workspace = Workspace.open(self.folder / "ws")
        self.accepted = {"00.01.01", "00.01.02"}

    def teardown(self) -> None:
        if hasattr(self, "workspace"):
            assert fsck(self.workspace.root) == ""
            assert verify(self.workspace.snapshot()) == []
            shutil.rmtree(self.folder)

    def take(self, made) -> None:
        (result,) = integrate(self.workspace, [made], now=NOW)
        if result.status == "refused":
            assert result.reason and not result.accepted
        else:
            assert {*result.accepted, *(r.id for r in result.rejected)} == {u.id for u in made.units}
        self.accepted |= set(result.accepted)

    @rule(unit_id=UNITS, prerequisites=st.sets(UNITS, max_size=2), defect=DEFECTS, announce=st.booleans())
    def new(self, unit_id: str, prerequisites: set[str], defect: str, announce: bool) -> None:
        text = unit_text(unit_id, tuple(sorted(prerequisites - {unit_id}))) + defect
        unit = UnitChange(action="new", id=unit_id, slug=slug(unit_id), text=text)
        in_flight = tuple(sorted(prerequisites)) if announce else ()
        self.take(proposal(self.workspace, unit, pending=in_flight))

    @rule(unit_id=UNITS, defect=DEFECTS, stale=st.booleans(), line=st.integers(0, 99))
    def deepen(self, unit_id: str, defect: str, stale: bool, line: int) -> None:
        if unit_id in self.accepted:
            more = {"expected_blob": "0" * 40} if stale else {}
            change = changed_unit(self.workspace, unit_id, lambda text: f"{text}\nLine {line}.\n{defect}", **more)
            self.take(proposal(self.workspace, change))

    @rule(unit_id=UNITS, point=st.sampled_from([p for p in POINTS if p != "checkout.removed"]))
    def killed(self, unit_id: str, point: str) -> None:
        unit = UnitChange(action="new", id=unit_id, slug=slug(unit_id), text=unit_text(unit_id))
        made = proposal(self.workspace, unit)
        in_child(lambda: integrate(self.workspace, [made], now=NOW), point)
        self.workspace = Workspace.open(self.workspace.root)
        for result in drain(self.workspace, now=NOW):
            assert result.accepted or result.rejected
        result = spool.result(self.workspace, made.id)
        self.accepted |= set(result.accepted) if result else set()

    @rule(line=st.integers(0, 99))
    def commit_by_hand(self, line: int) -> None:
        (self.workspace.root / "hand.txt").write_text(f"{line}\n", encoding="utf-8")
        git(self.workspace.root, "add", "hand.txt")
        identity = ("-c", "user.name=p", "-c", "user.email=p@x")
        git(self.workspace.root, *identity, "commit", "-qm", "by hand", "--allow-empty", "--", "hand.txt")

    @invariant()
    def everything_is_registered_once(self) -> None:
        if not hasattr(self, "workspace"):
            return
        snapshot = self.workspace.snapshot()
        index, ledger = CorpusIndex(snapshot), Ledger.load(snapshot)
        assert set(index.paths_by_id) == self.accepted
        assert all(len(paths) == 1 for paths in index.paths_by_id.values())
        catalog = [index.catalog.text.count(f"### numbers.{slug(unit_id)}\n") for unit_id in self.accepted]
        assert catalog == [1] * len(self.accepted)
        shipped = [e.unit for e in ledger.events(BOOK) if e.kind == "unit_shipped" and e.data["action"] == "new"]
        assert sorted(shipped) == sorted(self.accepted - {"00.01.01", "00.01.02"})
        assert set(index.deps.pending) & self.accepted == set()
        assert json.loads(snapshot.text("manifests/campaign.json")) == ledger.document()

    @invariant()
    def every_unit_passes(self) -> None:
        if hasattr(self, "workspace"):
            report = check_corpus(self.workspace.snapshot())
            assert report.count("passing") == len(self.accepted), [r.failures for r in report.results if not r.passed]

    @invariant()
    def the_work_tree_is_the_commit(self) -> None:
        if hasattr(self, "workspace"):
            assert git(self.workspace.root, "status", "--porcelain") == ""
            for unit_id in self.accepted:
                place = self.workspace.root / path_of(unit_id)
                assert place.read_bytes() == self.workspace.snapshot().read(path_of(unit_id))


def _run(template: Path, examples: int, steps: int) -> None:
    machine = type("Machine", (Integrations,), {"template": template})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_random_integrations(template: Path) -> None:
    _run(template, examples=3, steps=7)


@pytest.mark.soak
def test_random_integrations_at_length(template: Path) -> None:
    _run(template, examples=20, steps=30)
