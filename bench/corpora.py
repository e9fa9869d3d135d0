"""Corpora to integrate into, and the clock: for the benchmark of integrations (integrate.py)."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.corpus import ROOT
from bench.generator import fresh_unit, make_corpus, write_repository
from bench.table import say
from codex.gitio import Git
from codex.integration.integrator import integrate
from codex.integration.proposal import CostLine, Proposal, UnitChange
from codex.workspace import Workspace

_GENERATED_ID = re.compile(r"\b60\.\d\d\.\d\d\b(?!-)")


@dataclass
class Timed:
    """Wall and processor seconds (children included) of some runs of one thing."""

    walls: list[float] = field(default_factory=list)
    processors: list[float] = field(default_factory=list)

    def run(self, act: Callable[[], object]) -> None:
        wall, processor = time.perf_counter(), _processor()
        act()
        self.walls.append(time.perf_counter() - wall)
        self.processors.append(_processor() - processor)

    @property
    def wall(self) -> float:
        return median(self.walls)

    @property
    def processor(self) -> float:
        return median(self.processors)


def _processor() -> float:
    """Processor seconds that this process and its ended children have taken."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@dataclass
class Corpus:
    """A workspace to integrate into; ``units`` as the generator counts them, to know which ids are free."""

    name: str
    workspace: Workspace
    units: int
    used: int = 0

    def proposal(self, units: int = 1) -> Proposal:
        made = [fresh_unit(self.units, self.used + number) for number in range(units)]
        self.used += units
        changes = [UnitChange(action="new", id=plan.id, slug=plan.slug, text=text) for plan, text in made]
        costs = [_cost(f"bench-{plan.id}", plan.id) for plan, _ in made]
        return Proposal(
            subject=self.subject, pass_name="P4_production", title=f"Units {changes[0].id} …", base=self.head(),
            units=tuple(changes), costs=tuple(costs),
        )  # fmt: skip

    @property
    def subject(self) -> str:
        return "book:book-001"

    def head(self) -> str:
        return self.workspace.git.out("rev-parse", "HEAD")

    def integrate(self, units: int = 1) -> None:
        (result,) = integrate(self.workspace, [self.proposal(units)])
        if len(result.accepted) != units:
            raise SystemExit(f"not accepted: {result}")


@dataclass
class PublishedCorpus(Corpus):
    """The same with units that need units of the published corpus, in a section that it does not have."""

    shipped: list[str] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return "campaign"

    def proposal(self, units: int = 1) -> Proposal:
        made = super().proposal(units)
        return made.model_copy(update={"units": tuple(map(self._needing, made.units))})

    def _needing(self, unit: UnitChange) -> UnitChange:
        def there(found: re.Match[str]) -> str:
            return found[0] if found[0] == unit.id else self.shipped[int(found[0].replace(".", "")) % len(self.shipped)]

        return unit.model_copy(update={"text": _GENERATED_ID.sub(there, unit.text)})


def generated(folder: Path, units: int) -> Corpus:
    """A corpus of this project's own text, committed."""
    start = time.perf_counter()
    write_repository(make_corpus(units), folder)
    say(f"  {units:,} units generated and committed in {time.perf_counter() - start:.1f} s")
    return Corpus(f"{units:,} units", Workspace.open(folder), units)


def in_published(root: Path) -> PublishedCorpus:
    """The published corpus, a repository at ``root``."""
    shipped = [path.name[:8] for path in sorted((root / "content").rglob("0[0-8].*.md"))[:400]]
    return PublishedCorpus("published", Workspace.open(root), 100, shipped=shipped)


def _cost(call: str, unit: str) -> CostLine:
    return CostLine(
        call=call, timestamp="2026-01-05T12:00:00Z", book="book-001", pass_name="P4_production", unit=unit,
        agent_id="bench", backend="replay", model="none", input_tokens=9000, output_tokens=4000, cost_usd="0.12",
        duration_s=40.0, outcome="ok",
    )  # fmt: skip


def plumbing(root: Path) -> None:
    """The last commit's files made into a commit once more by git alone; the branch does not move."""
    git, index = Git(root), root / ".git" / "bench-index"
    env = {"GIT_INDEX_FILE": str(index), "GIT_LITERAL_PATHSPECS": "1"}
    paths = git.out("diff-tree", "-r", "--name-only", "--no-renames", "HEAD~1", "HEAD").splitlines()
    oids = git.out("hash-object", "-w", "--no-filters", "--stdin-paths", stdin="\n".join(paths).encode()).split()
    git.run("read-tree", "HEAD", env=env)
    lines = "".join(f"100644 {oid}\t{path}\n" for path, oid in zip(paths, oids, strict=True))
    git.run("update-index", "--index-info", stdin=lines.encode(), env=env)
    tree = git.out("write-tree", env=env)
    who = {f"GIT_{role}_{part}": "bench" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    commit = git.out("commit-tree", tree, "-p", "HEAD", "-m", "floor", env=who)
    git.run("update-ref", "refs/bench/floor", commit)
    index.unlink()


def command(corpus: Corpus) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (unit,) = corpus.proposal().units
        file = Path(folder) / f"{unit.id}-{unit.slug}.md"
        file.write_text(unit.text, encoding="utf-8")
        command = [sys.executable, "-m", "codex.cli", "integrate", str(file), "-w", str(corpus.workspace.root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")
