"""Random proposals, edits, kills and withdrawals, one after the other: what must always hold is checked after each."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from functools import wraps
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.check import check_corpus
from codex.corpus import proposals
from codex.corpus.index import CorpusIndex
from codex.integration import spool
from codex.integration.faults import POINTS
from codex.integration.integrator import drain, integrate
from codex.integration.opening import open_workspace
from codex.integration.proposal import (
    CatalogEntry,
    ConnectionDecision,
    ConnectionProposal,
    EdgeChange,
    IntegrationResult,
    PlanSection,
    Proposal,
    UnitChange,
)
from codex.integration.withdrawal import withdrawal

from .helpers import NOW, SHIPPED, changed_unit, fsck, git, in_child, path_of, proposal, slug, unit_text
from .race import PLAN, add_plan

IDS = [f"00.01.{n:02d}" for n in range(1, 7)]
UNITS = st.sampled_from(IDS)
DEFECTS = st.sampled_from(["", "", "", "\nThis is obviously so.\n", "\n<script>\n"])
CATALOG = "docs/catalogs/CONCEPT_CATALOG.md"
#: Files that a person edits now and then.
EDITED = st.sampled_from([CATALOG, "manifests/deps.json", "OVERVIEW.md", *map(path_of, IDS[:4])])
PERSON = ("-c", "user.name=p", "-c", "user.email=p@x")
#: Every point that one integration passes (a file is removed by a withdrawal alone).
KILLS = [p for p in POINTS if p != "checkout.removed"]

#: What a hostile agent hands in, as the parts of a proposal beside or in place of a unit.
HOSTILE = {
    "script": {"text": "\n<script>alert(1)</script>\n"},
    "handler": {"text": '\n<img src="x" onerror="alert(1)">\n'},
    "nul": {"text": "\na NUL \0 here\n"},
    "large": {"text": "x" * 3_000_000},
    "yaml tag": {"front": "a: !!python/object/apply:os.system [x]\n"},
    "yaml bomb": {"front": "a: &a [x]\nb: [*a, *a]\n"},
    "section": {"old": "section: numbers", "new": "section: ../../.git"},
    "other id": {"old": "id: {id}\n", "new": "id: 00.01.01\n"},
    "subject": {"subject": "book:../../etc"},
    "plan": {"sections": (PlanSection(number=1, markdown="<iframe>"),)},
    "catalog": {"catalog": (CatalogEntry(slug="a.b", title="t", notes="<img onerror=x>"),)},
}


def counted(function):
    """A rule that is counted as a step."""

    @wraps(function)
    def step(self, **drawn):
        self.steps[function.__name__] += 1
        return function(self, **drawn)

    return step


class Integrations(RuleBasedStateMachine):
    template: Path
    steps: Counter[str]

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="codex-stateful-"))
        shutil.copytree(self.template, self.folder / "ws")
        self.workspace = open_workspace(self.folder / "ws")
        self.root = self.workspace.root
        self.accepted = set(SHIPPED)
        self.edits: dict[str, str | None] = {}  # a person's uncommitted edits; None: deleted
        self.made: list[Proposal] = []
        self.lines = 0

    def teardown(self) -> None:
        if hasattr(self, "workspace"):
            assert fsck(self.root) == ""
            shutil.rmtree(self.folder)

    # what is done

    @rule(unit_id=UNITS, prerequisites=st.sets(UNITS, max_size=2), defect=DEFECTS, announce=st.booleans())
    @counted
    def new(self, unit_id: str, prerequisites: set[str], defect: str, announce: bool) -> None:
        unit = self.unit(unit_id, tuple(sorted(prerequisites - {unit_id})), defect)
        self.take(proposal(self.workspace, unit, pending=tuple(sorted(prerequisites)) if announce else ()))

    @rule(ids=st.lists(UNITS, min_size=2, max_size=4, unique=True), circle=st.booleans(), defect=DEFECTS)
    @counted
    def batch(self, ids: list[str], circle: bool, defect: str) -> None:
        """Each needs the one before it; in a circle the first needs the last."""
        needs = zip(ids, [ids[-1] if circle else None, *ids], strict=False)
        units = [self.unit(each, (other,) if other else (), defect * (each == ids[-1])) for each, other in needs]
        self.take(proposal(self.workspace, *units))

    @rule(unit_id=UNITS, defect=DEFECTS, stale=st.booleans())
    @counted
    def deepen(self, unit_id: str, defect: str, stale: bool) -> None:
        if unit_id in self.accepted:
            self.lines += 1
            line, more = f"\nLine {self.lines}.\n{defect}", {"expected_blob": "0" * 40} if stale else {}
            self.take(proposal(self.workspace, changed_unit(self.workspace, unit_id, lambda t: t + line, **more)))

    @rule(unit_id=UNITS, kind=st.sampled_from(sorted(HOSTILE)))
    @counted
    def hostile(self, unit_id: str, kind: str) -> None:
        bad = dict(HOSTILE[kind])
        text = unit_text(unit_id).replace("status: shipped\n", "status: shipped\n" + bad.pop("front", ""), 1)
        text = text.replace(bad.pop("old", "").format(id=unit_id) or "\0", bad.pop("new", "")) + bad.pop("text", "")
        whole = bool(bad)
        unit = UnitChange(action="new", id=unit_id, slug=slug(unit_id), text=text)
        before = set(self.workspace.snapshot().blobs())
        result = self.take(proposal(self.workspace, *(() if whole else (unit,)), **bad))
        if kind != "section":  # which is a name made harmless (unit-rubric), not a refusal
            assert not result.accepted and (result.status == "refused" if whole else result.rejected), kind
        added = set(self.workspace.snapshot().blobs()) - before
        assert all(path.startswith(("manifests/", "content/00-", "plans/")) for path in added), added

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    @counted
    def hand_in_again(self, data: st.DataObject) -> None:
        """The same proposal once more: nothing changes, however long ago it was and whatever came after it."""
        again, head = data.draw(st.sampled_from(self.made)), git(self.root, "rev-parse", "HEAD")
        (result,) = integrate(self.workspace, [again], now=NOW)
        assert result.status in {"unchanged", "refused"} or not spool.last_result(self.workspace, again.id)
        assert git(self.root, "rev-parse", "HEAD") == head

    @rule(unit_id=UNITS)
    @counted
    def withdraw(self, unit_id: str) -> None:
        if unit_id not in self.accepted:
            return
        made = withdrawal(self.workspace, [unit_id])
        result = self.take(made)
        needed = [u for u in self.accepted if unit_id in CorpusIndex(self.workspace.snapshot()).unit(u).prerequisites]
        if result.status == "refused":
            assert "is needed" in result.reason or "would fail" in result.reason, result.reason
        else:
            assert needed == [] and result.withdrawn == (unit_id,)

    @rule(before=UNITS, after=UNITS)
    @counted
    def edge(self, before: str, after: str) -> None:
        """An edge of the plan; one that closes a circle is refused."""
        self.take(proposal(self.workspace, edges=(EdgeChange(before=before, after=after),)))

    @rule(one=UNITS, other=UNITS)
    @counted
    def propose_a_connection(self, one: str, other: str) -> None:
        connection = ConnectionProposal(
            from_concept=f"numbers.{slug(one)}",
            to_concept=f"numbers.{slug(other)}",
            type="analogy",
            strength="lateral",
            anchor_phrase="a phrase to anchor",
            appears_in_units=(one,),
        )
        self.take(proposal(self.workspace, connections=(connection,)))

    @rule(data=st.data(), status=st.sampled_from(["approved", "rejected"]))
    @counted
    def decide_on_a_connection(self, data: st.DataObject, status: str) -> None:
        known = proposals.parse(self.workspace.snapshot().text(proposals.PATH))
        if not known:
            return
        chosen = data.draw(st.sampled_from(known))
        decision = ConnectionDecision(id=chosen.id, status=status)
        result = self.take(proposal(self.workspace, subject="campaign", pass_name="decision", decisions=(decision,)))
        if result.status == "refused":
            assert chosen.status not in {"pending", status} or "cannot be registered" in result.reason, result
        else:
            assert (result.status == "unchanged") == (chosen.status == status)

    @rule(unit_id=UNITS, point=st.sampled_from(KILLS))
    @counted
    def killed(self, unit_id: str, point: str) -> None:
        made = proposal(self.workspace, self.unit(unit_id))
        self.kill(made, point)

    @rule(unit_id=UNITS, point=st.sampled_from(POINTS))
    @counted
    def killed_in_a_withdrawal(self, unit_id: str, point: str) -> None:
        if unit_id in self.accepted:
            self.kill(withdrawal(self.workspace, [unit_id]), point)

    # what a person does

    @rule()
    @counted
    def commit_by_hand(self) -> None:
        self.lines += 1
        (self.root / "hand.txt").write_text(f"{self.lines}\n", encoding="utf-8")
        git(self.root, "add", "hand.txt")
        git(self.root, *PERSON, "commit", "-qm", "by hand", "--", "hand.txt")

    @rule(unit_id=UNITS)
    @counted
    def commit_a_unit_by_hand(self, unit_id: str) -> None:
        path = path_of(unit_id)
        if unit_id in self.accepted and path not in self.edits:
            self.lines += 1
            with (self.root / path).open("a", encoding="utf-8") as file:
                file.write(f"\nBy hand {self.lines}.\n")
            git(self.root, *PERSON, "commit", "-qm", "by hand", "--", path)

    @rule(path=EDITED, kind=st.sampled_from(["write", "write", "delete", "give up"]))
    @counted
    def edit(self, path: str, kind: str) -> None:
        place = self.root / path
        if kind == "give up":
            self.edits.pop(path, None)
            if path in self.workspace.snapshot().blobs():
                git(self.root, "checkout", "-q", "--", path)
            else:
                place.unlink(missing_ok=True)
            return
        self.lines += 1
        self.edits[path] = f"edit {self.lines}\n" if kind == "write" else None
        if kind == "write":
            place.write_text(f"edit {self.lines}\n", encoding="utf-8")
        else:
            place.unlink(missing_ok=True)

    # how it is done

    def unit(self, unit_id: str, prerequisites: tuple[str, ...] = (), defect: str = "") -> UnitChange:
        text = unit_text(unit_id, prerequisites) + defect
        return UnitChange(action="new", id=unit_id, slug=slug(unit_id), text=text)

    def take(self, made: Proposal) -> IntegrationResult:
        (result,) = integrate(self.workspace, [made], now=NOW)
        if result.status == "refused":
            assert result.reason and not result.accepted
        else:
            assert {*result.accepted, *(r.id for r in result.rejected)} == {u.id for u in made.units}
        if result.status == "committed":
            self.made.append(made)
            self.assert_named(result)
        self.settle(result)
        return result

    def settle(self, result: IntegrationResult) -> None:
        self.accepted |= set(result.accepted)
        self.accepted -= set(result.withdrawn)

    def assert_named(self, result: IntegrationResult) -> None:
        """The result names exactly those paths that the commit changed and a person had edited."""
        changed = git(self.root, "diff-tree", "-r", "--name-only", "--no-commit-id", result.commit).splitlines()
        left = [warning.split(" was not checked out")[0] for warning in result.warnings if "checked out" in warning]
        assert sorted(left) == sorted(path for path in changed if path in self.edits), (left, self.edits)

    def kill(self, made: Proposal, point: str) -> None:
        in_child(lambda: integrate(self.workspace, [made], now=NOW), point)
        self.workspace = open_workspace(self.root)
        drain(self.workspace, now=NOW)
        result = spool.result(self.workspace, made.id)
        if result:
            self.settle(result)

    # what must hold

    @invariant()
    def everything_is_registered_once(self) -> None:
        if not hasattr(self, "workspace"):
            return
        snapshot = self.workspace.snapshot()
        index, ledger = CorpusIndex(snapshot), Ledger.load(snapshot)
        assert set(index.paths_by_id) == self.accepted
        assert all(len(paths) == 1 for paths in index.paths_by_id.values())
        catalog = Counter(entry.slug for entry in index.catalog.entries)
        assert {unit: catalog[f"numbers.{slug(unit)}"] for unit in self.accepted} == dict.fromkeys(self.accepted, 1)
        assert not catalog or max(catalog.values()) == 1
        deps = index.deps
        assert all(list(deps.shipped).count(unit) == (unit in self.shipped_here()) for unit in IDS), deps.shipped
        assert set(deps.pending) & self.accepted == set()
        assert max(Counter((e.before, e.after) for e in deps.edges).values(), default=1) == 1
        tuple(TopologicalSorter(deps.prerequisites).static_order())  # raises CycleError
        self.assert_planned(json.loads(snapshot.text(PLAN)))
        self.assert_connections(index)
        self.assert_events_balance(ledger)
        assert verify(snapshot) == []
        assert json.loads(snapshot.text("manifests/campaign.json")) == ledger.document()

    def assert_events_balance(self, ledger: Ledger) -> None:
        """As often as a unit came it went, but for those that are there."""
        balance = Counter(dict.fromkeys(SHIPPED, 1))
        for event in ledger.events():
            if event.kind == "unit_shipped" and event.data["action"] == "new":
                balance[event.data["id"]] += 1
            elif event.kind == "unit_withdrawn":
                balance[event.data["id"]] -= 1
        assert {unit: balance[unit] for unit in IDS} == {unit: int(unit in self.accepted) for unit in IDS}

    def shipped_here(self) -> set[str]:
        """Units that an integration has entered as shipped; the seed's own stand in no graph until they are touched."""
        shipped = set(CorpusIndex(self.workspace.snapshot()).deps.shipped)
        assert shipped <= self.accepted and self.accepted - shipped <= set(SHIPPED)
        return shipped

    def assert_planned(self, plan: dict) -> None:
        shipped = {unit for unit, entry in plan["units"].items() if entry["status"] == "shipped"}
        queue = plan["queue_topo_order"]
        assert self.accepted - shipped <= set(SHIPPED) and shipped <= self.accepted
        assert len(set(queue)) == len(queue) and not set(queue) & shipped
        assert plan["counts"] == {"shipped": len(shipped), "queued": len(queue)}

    def assert_connections(self, index: CorpusIndex) -> None:
        """Each pair of concepts is proposed once, and the registry has what was approved."""
        said = Counter(frozenset({each.source, each.target}) for each in index.proposals)
        assert max(said.values(), default=1) == 1
        approved = sorted(each.id for each in index.proposals if each.status == "approved")
        assert sorted(each.id for each in index.connections.connections) == approved

    @invariant()
    def every_unit_passes(self) -> None:
        if hasattr(self, "workspace"):
            report = check_corpus(self.workspace.snapshot())
            assert report.count("passing") == len(self.accepted), [r.failures for r in report.results if not r.passed]

    @invariant()
    def the_work_tree_is_the_commit_and_the_persons_edits(self) -> None:
        if not hasattr(self, "workspace"):
            return
        snapshot = self.workspace.snapshot()
        blobs = snapshot.blobs()
        self.edits = {p: text for p, text in self.edits.items() if text != (snapshot.text(p) if p in blobs else None)}
        status = git(self.root, "status", "--porcelain", "-uall").splitlines()
        assert {line[3:] for line in status} == set(self.edits), (status, self.edits)
        for path, text in self.edits.items():
            place = self.root / path
            assert (place.read_text(encoding="utf-8") if place.exists() else None) == text, path
        found = subprocess.run(
            ["git", "-C", str(self.root), "fsck", "--connectivity-only", "--no-dangling"],
            capture_output=True,
            check=False,
            text=True,
        )
        assert found.returncode == 0, found.stderr


@pytest.fixture(scope="module")
def planned(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace with a production plan: an audit asks for some of the units, nobody for the others."""
    copy = tmp_path_factory.mktemp("planned") / "ws"
    shutil.copytree(template, copy)
    add_plan(open_workspace(copy), IDS[2:5], IDS[2:4])
    return copy


def _run(planned: Path, examples: int, steps: int) -> Counter[str]:
    counted: Counter[str] = Counter()
    machine = type("Machine", (Integrations,), {"template": planned, "steps": counted})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate,),  # shrinking a state machine of this weight takes longer than reading the steps
            suppress_health_check=list(HealthCheck),
        ),
    )
    return counted


def test_random_integrations(planned: Path) -> None:
    _run(planned, examples=3, steps=7)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_random_integrations_at_length(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = _run(planned, examples=22, steps=30)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{done.total()} random steps: {', '.join(f'{n} {name}' for name, n in done.most_common())}\n"
        )
    assert done.total() >= 500 and len(done) == 14, done
