"""What the races share: who integrates what, the processes that do it, and what must hold afterwards.

Each process has jobs of five kinds in turn, so that everything that can collide does: units of its own with edges to
its neighbour's, units that all of them bring in the same words, units of the same id in different words, lines that
all of them add to one shipped unit, and units of its own in a chapter that all of them fill.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from codex.campaign.ledger import Ledger
from codex.corpus.index import CorpusIndex
from codex.integration.proposal import CatalogEntry, IntegrationResult, Proposal
from codex.planning.merge import PRE_AUDIT
from codex.workspace import Workspace

from .helpers import BOOK, changed_unit, fsck, git, new_unit, path_of, proposal, slug, unit_text

ROOT = Path(__file__).resolve().parent.parent.parent
PLAN = "manifests/production/plan.json"
SHARED = "00.01.02"
KINDS = ("own", "same", "clash", "line", "chapter")
#: Tries for a line in the shared unit: each loses when somebody else's line came in between.
TRIES = 200


@dataclass(frozen=True)
class Job:
    """One integration. ``owner`` is the number of the process; ``line`` is what it adds to the shared unit."""

    kind: str
    owner: int
    unit: str
    prerequisites: tuple[str, ...] = ()
    line: str = ""


def jobs_of(owner: int, processes: int, each: int) -> list[Job]:
    return [_job(owner, number, processes) for number in range(each)]


def _job(owner: int, number: int, processes: int) -> Job:
    kind, at = KINDS[number % len(KINDS)], number // len(KINDS)
    if kind == "own":
        neighbour = [f"00.{10 + (owner + 1) % processes}.{at:02d}"] if at else []
        before = [f"00.{10 + owner}.{at:02d}"] if at else []
        return Job(kind, owner, f"00.{10 + owner}.{at + 1:02d}", tuple(sorted({*before, *neighbour})))
    if kind == "line":
        return Job(kind, owner, SHARED, line=f"Line {at} of writer {owner}.")
    if kind == "chapter":
        return Job(kind, owner, f"00.04.{1 + owner * 10 + at:02d}", ("00.01.01",))
    return Job(kind, owner, f"00.{'02' if kind == 'same' else '03'}.{at + 1:02d}")


def made(workspace: Workspace, job: Job) -> Proposal:
    """The job's proposal, made from what the workspace has now."""
    concept = CatalogEntry(slug=f"shared.concept-{job.unit[6:].lower()}", title=f"Shared, by writer {job.owner}")
    if job.kind == "line":
        change = changed_unit(workspace, SHARED, lambda text: f"{text}\n{job.line}\n")
        return proposal(workspace, change, title=job.line)
    title = f"{job.kind} {job.unit}"
    return proposal(
        workspace, new_unit(job.unit, text=_text(job)), title=title, pending=job.prerequisites, catalog=(concept,)
    )


def _text(job: Job) -> str:
    text = unit_text(job.unit, job.prerequisites).replace("chapter: integers", f"chapter: c{job.unit[3:5]}")
    return text.replace("Ten dots", f"{job.owner + 10} dots") if job.kind == "clash" else text


def see_through(workspace: Workspace, job: Job, act: Callable[[Proposal], IntegrationResult]) -> str:
    """Do a job, a line that lost to another one again; returns a line about it for the parent process."""
    begun, tries = time.monotonic(), 0
    while True:
        tries += 1
        result = act(made(workspace, job))
        if job.kind != "line" or result.accepted or tries == TRIES:
            break
    told = {"result": result.model_dump(mode="json"), "tries": tries, "s": time.monotonic() - begun}
    return json.dumps({"job": asdict(job), **told}) + "\n"


def add_plan(workspace: Workspace, ids: Iterable[str], asked_for: Collection[str] = ()) -> None:
    """Commit a production plan in which these units are queued, as a person would; audits ask for some of them."""
    queued = {unit: _queued(unit, unit in asked_for) for unit in ids}
    body = {
        "version": 1,
        "counts": {"shipped": 0, "queued": len(queued)},
        "units": queued,
        "queue_topo_order": [*queued],
    }
    place = workspace.root / PLAN
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    git(workspace.root, "add", "-A")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "The plan")


def _queued(unit: str, asked_for: bool) -> dict[str, Any]:
    why = {"priority": "P1", "source_audits": ["one"]} if asked_for else {"priority": PRE_AUDIT, "source_audits": []}
    rest = {"kind": "new_unit", **why, "prereqs": [], "successors": []}
    return {"id": unit, "title": f"Unit {unit}", "status": "queued", **rest}


def new_ids(jobs: Iterable[Job]) -> list[str]:
    return sorted({job.unit for job in jobs if job.kind != "line"})


@dataclass
class Race:
    """What came of a race: the workers' reports, and the seconds from the start to the end of the last one."""

    jobs: list[Job]
    reports: list[dict[str, Any]]
    seconds: float

    def __str__(self) -> str:
        longest = max(each["s"] for each in self.reports)
        tries = sum(each["tries"] for each in self.reports)
        return (
            f"{len(self.reports)} integrations ({tries} tries) in {self.seconds:.1f} s: "
            f"{len(self.reports) / self.seconds:.2f}/s, the longest took {longest:.1f} s"
        )


def run_race(
    module: str, places: Sequence[Path], each: int, folder: Path, env: Mapping[str, str] = os.environ, *extra: str
) -> Race:
    """One process for each place, all started at once; asserts that each ends well."""
    go, jobs = folder / "go", [jobs_of(owner, len(places), each) for owner in range(len(places))]
    workers = [
        _start(module, place, share, folder / f"worker-{n}", go, env, extra)
        for n, (place, share) in enumerate(zip(places, jobs, strict=True))
    ]
    try:
        _until(lambda: all((folder / f"worker-{n}.ready").exists() for n in range(len(places))), workers)
        begun = time.monotonic()
        go.touch()
        codes = [worker.wait() for worker in workers]
        seconds = time.monotonic() - begun
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    errors = [(folder / f"worker-{n}.err").read_text()[-3000:] for n, code in enumerate(codes) if code]
    assert not errors, "\n".join(errors)
    lines = [line for n in range(len(places)) for line in (folder / f"worker-{n}.out").read_text().splitlines()]
    return Race([job for share in jobs for job in share], [json.loads(line) for line in lines], seconds)


def _start(
    module: str, place: Path, jobs: list[Job], name: Path, go: Path, env: Mapping[str, str], extra: Sequence[str]
) -> subprocess.Popen[bytes]:
    spec = name.with_suffix(".json")
    spec.write_text(json.dumps([asdict(job) for job in jobs]))
    command = [sys.executable, "-m", module, str(place), str(spec), str(go), *extra]
    with name.with_suffix(".out").open("wb") as out, name.with_suffix(".err").open("wb") as err:
        return subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT, env=dict(env))


def _until(true: Any, workers: Sequence[subprocess.Popen[bytes]], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true() and all(worker.poll() is None for worker in workers):
        assert time.monotonic() < deadline, "the workers did not start"
        time.sleep(0.02)


def read_jobs(spec: Path) -> list[Job]:
    """The worker's side of ``_start``."""
    return [Job(**{**each, "prerequisites": tuple(each["prerequisites"])}) for each in json.loads(spec.read_text())]


def wait_for(go: Path, spec: Path) -> None:
    """Say that this process is ready, and wait for the others."""
    spec.with_suffix(".ready").touch()
    while not go.exists():
        time.sleep(0.005)


def assert_race_whole(workspace: Workspace, race: Race) -> None:
    """Nothing lost, nothing twice, nothing half: in commits, files, catalog, graph, plan and ledger."""
    assert len(race.reports) == len(race.jobs)
    _assert_answers(race)
    _assert_registered_once(workspace, race)
    _assert_lines(workspace, race)
    root = workspace.root
    assert git(root, "rev-list", "--merges", "HEAD") == ""
    assert fsck(root) == ""
    verified = subprocess.run(
        [sys.executable, "-m", "codex.cli", "ledger", "verify", "-w", str(root)],
        capture_output=True,
        check=False,
        text=True,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _assert_answers(race: Race) -> None:
    """Everybody was told the truth: who shares a unit is told that it is in, who clashes that the id is taken."""
    told: Counter[tuple[str, str]] = Counter()
    for each in race.reports:
        kind, result = each["job"]["kind"], each["result"]
        if result["accepted"]:
            told[each["job"]["unit"], "accepted"] += 1
        else:
            assert kind == "clash", each
            assert [r["reason"] for r in result["rejected"]] == ["id-taken"], each
    for job in race.jobs:
        if job.kind == "clash":
            assert told[job.unit, "accepted"] == 1, job


def _assert_registered_once(workspace: Workspace, race: Race) -> None:
    snapshot, ids = workspace.snapshot(), new_ids(race.jobs)
    index, events = CorpusIndex(snapshot), Ledger.load(snapshot).events(BOOK)
    shipped = Counter(e.unit for e in events if e.kind == "unit_shipped" and e.data["action"] == "new")
    assert shipped == Counter(ids)
    assert {unit: len(index.paths_by_id.get(unit, ())) for unit in ids} == dict.fromkeys(ids, 1)
    assert [unit for unit in ids if index.catalog.text.count(f"- **unit**: `{unit}`") != 1] == []
    assert [unit for unit in ids if index.catalog.text.count(f"### numbers.{slug(unit)}\n") != 1] == []
    deps = index.deps
    assert [unit for unit in ids if list(deps.shipped).count(unit) != 1] == []
    assert set(deps.pending_ids) & set(ids) == set(), "what was announced has arrived"
    edges = Counter((edge.before, edge.after) for edge in deps.edges)
    wanted = {(before, job.unit) for job in race.jobs for before in job.prerequisites}
    assert {edge: edges[edge] for edge in wanted} == dict.fromkeys(wanted, 1)
    assert {edge.state for edge in deps.edges if (edge.before, edge.after) in wanted} == {"shipped"}
    assert not [
        path for unit in ids for path in index.paths_by_id[unit] if "pending_prereqs: true" in snapshot.text(path)
    ]
    _assert_planned_once(snapshot.text(PLAN), ids)


def _assert_planned_once(text: str, ids: Sequence[str]) -> None:
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.extend(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return dict(pairs)

    plan = json.loads(text, object_pairs_hook=once)
    assert twice == [] and plan["queue_topo_order"] == []
    assert {unit: plan["units"][unit]["status"] for unit in ids} == dict.fromkeys(ids, "shipped")
    shared = SHARED in plan["units"]  # a deepened unit that no plan knew is entered when it ships again
    assert plan["counts"] == {"shipped": len(ids) + shared, "queued": 0}


def _assert_lines(workspace: Workspace, race: Race) -> None:
    text = workspace.snapshot().text(path_of(SHARED))
    lines = [job.line for job in race.jobs if job.kind == "line"]
    assert [line for line in lines if text.count(line) != 1] == [], "a line of the shared unit was lost"


def assert_nothing_dropped(workspace: Workspace, race: Race) -> None:
    """What somebody was told is committed is in the history once; so is every commit the branch has ever been at."""
    history = set(git(workspace.root, "rev-list", "HEAD").split())
    named = Counter(
        git(workspace.root, "log", "--format=%(trailers:key=Codex-Proposal,valueonly,separator=%x20)").split()
    )
    for each in race.reports:
        result = each["result"]
        if result["status"] == "committed":
            assert named[result["proposal"]] == 1, each
            assert result["commit"] in history or _outstanding(result), each
    assert set(git(workspace.root, "reflog", "--format=%H", "HEAD").split()) <= history


def _outstanding(result: Mapping[str, Any]) -> bool:
    """Whether its commit was said not to be on the remote yet: then it may have been made anew since."""
    return any("is not on origin yet" in warning for warning in result["warnings"])
