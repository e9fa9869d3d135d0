"""How fast integrations are, and what they leave behind: ``make bench``, or ``python bench/integrate.py [--full]``.

On the published test corpus, where it is there, and on generated corpora of 100 to 10,000 units: one unit integrated
(validated, registered, committed, continuity measured before and after), warm, in a process that has integrated before
and as a whole command; eight units in one proposal; proposals of one unit drained from the spool; what the repository
weighs. Each is a multiple of the floor, measured in the same minutes: git's own plumbing committing the same files.

Other work on the machine adds to wall-clock times, and least to processor times, so both are given.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from generator import fresh_unit, make_corpus, write_repository

import codex.integration.apply as applying
import codex.integration.finish as finishing
import codex.integration.steps.units as unit_steps
from codex.gitio import Git
from codex.integration import integrator, spool
from codex.integration.integrator import drain, integrate
from codex.integration.proposal import CostLine, Proposal, UnitChange
from codex.integration.upkeep import keep_up
from codex.settings import GitSettings
from codex.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "corpus" / "fasttrack.tar.zst"
SIZES = (100, 1_000, 3_000, 10_000)
_GENERATED_ID = re.compile(r"\b60\.\d\d\.\d\d\b(?!-)")
SINGLES, BATCHES, DRAINED = 9, 3, 40
#: What the table of steps shows: a label, the module that calls, the name it calls.
STEPS: tuple[tuple[str, Any, str], ...] = (
    ("checks of the unit", unit_steps, "judge_new"),
    ("checks of other units", unit_steps, "judge_others"),
    ("catalog, graph, connections, plan", unit_steps, "register"),
    ("continuity before and after", applying, "regressions"),
    ("ledger", applying, "record_events"),
    ("costs", applying, "record_costs"),
    ("report", applying, "write_report"),
    ("all of the proposal, in memory", integrator, "apply_proposal"),
    ("objects and commit", integrator, "build_commit"),
    ("branch", integrator, "publish"),
    ("work tree and index", finishing, "bring_to"),
)


@dataclass
class Timed:
    """Wall and processor seconds (children included) of some runs of one thing."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def run(self, act: Callable[[], Any]) -> None:
        wall, processor = time.perf_counter(), _processor()
        act()
        self.wall.append(time.perf_counter() - wall)
        self.processor.append(_processor() - processor)

    def __str__(self) -> str:
        return f"{median(self.wall):7.3f} s {median(self.processor):7.3f} s"


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


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmark of integrations.")
    parser.add_argument("--full", action="store_true", help="really make 1,000 integrations for the repository's size")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="sizes of the generated corpora")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codex-bench-") as folder:
        say(f"{'':<34}{'wall':>9} {'processor':>9}   × floor")
        medians = {}
        for corpus in _corpora(Path(folder), given.sizes):
            medians[corpus.name] = _measure(corpus)
        _compare(medians)
        _size(Path(folder), 1_000 if given.full else 60)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _corpora(folder: Path, sizes: list[int]) -> Iterator[Corpus]:
    if SHARED.exists() and shutil.which("zstd"):
        yield _shared(folder)
    else:
        say("the published test corpus (../shared/corpus) or zstd is not on this machine: only generated ones")
    for units in sizes:
        yield _generated(folder, units)


def _shared(folder: Path) -> Corpus:
    subprocess.run(["tar", "--zstd", "-xf", SHARED, "-C", folder], check=True)
    root = folder / "fasttrack"
    git = Git(root)
    git.run("init", "--quiet", "--template=", "--initial-branch=main")
    git.run("add", "--all")
    git.run("-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message=corpus")
    shipped = [path.name[:8] for path in sorted((root / "content").rglob("0[0-8].*.md"))[:400]]
    return PublishedCorpus("published corpus", Workspace.open(root), 100, shipped=shipped)


def _generated(folder: Path, units: int) -> Corpus:
    root = folder / f"generated-{units}"
    start = time.perf_counter()
    write_repository(make_corpus(units), root)
    say(f"{units:,} units generated and committed in {time.perf_counter() - start:.1f} s")
    return Corpus(f"{units:,} units", Workspace.open(root), units)


def _cost(call: str, unit: str) -> CostLine:
    return CostLine(
        call=call, timestamp="2026-01-05T12:00:00Z", book="book-001", pass_name="P4_production", unit=unit,
        agent_id="bench", backend="replay", model="none", input_tokens=9000, output_tokens=4000, cost_usd="0.12",
        duration_s=40.0, outcome="ok",
    )  # fmt: skip


def _measure(corpus: Corpus) -> float:
    """Print the figures of one corpus; returns the median processor seconds of one unit, warm."""
    first = Timed()
    first.run(corpus.integrate)
    floor, single, batch, command = Timed(), Timed(), Timed(), Timed()
    steps: dict[str, list[float]] = defaultdict(list)
    with _watched(steps):
        for _ in range(SINGLES):
            single.run(corpus.integrate)
            floor.run(lambda: _plumbing(corpus.workspace.root))
    for _ in range(BATCHES):
        batch.run(lambda: corpus.integrate(8))
        command.run(lambda: _command(corpus))
    for _ in range(DRAINED):
        spool.put(corpus.workspace, corpus.proposal())
    sustained = Timed()
    sustained.run(lambda: drain(corpus.workspace))
    rows = (("one unit", single), ("eight units", batch), ("one unit, whole command", command), ("cold", first))
    for name, timed in (*rows, ("floor: plumbing", floor)):
        say(f"{corpus.name:<18} {name:<24}{timed}   {median(timed.wall) / median(floor.wall):6.1f}")
    say(f"{corpus.name:<18} sustained {DRAINED / sustained.wall[0]:6.2f} units/s")
    _table(steps, SINGLES)
    return median(single.processor)


@contextmanager
def _watched(steps: dict[str, list[float]]) -> Iterator[None]:
    """Time the calls of STEPS."""
    originals = [(module, name, getattr(module, name)) for _, module, name in STEPS]
    for label, module, name in STEPS:
        setattr(module, name, _timing(getattr(module, name), steps[label]))
    try:
        yield
    finally:
        for module, name, original in originals:
            setattr(module, name, original)


def _timing(act: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return act(*arguments, **named)
        finally:
            into.append(time.perf_counter() - start)

    return timed


def _table(steps: dict[str, list[float]], runs: int) -> None:
    for label, _, _ in STEPS:
        say(f"    {label:<36}{sum(steps[label]) / runs * 1000:7.1f} ms")


def _plumbing(root: Path) -> None:
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


def _command(corpus: Corpus) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (unit,) = corpus.proposal().units
        file = Path(folder) / f"{unit.id}-{unit.slug}.md"
        file.write_text(unit.text, encoding="utf-8")
        command = [sys.executable, "-m", "codex.cli", "integrate", str(file), "-w", str(corpus.workspace.root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")


def _compare(medians: dict[str, float]) -> None:
    small, large = medians.get("100 units"), medians.get("10,000 units")
    if small and large:
        say(f"10,000 units against 100, one unit warm: {large / small:.2f} × processor time (bar: at most 2)")


def _size(folder: Path, runs: int) -> None:
    corpus = _generated(folder / "size", 1_000)
    before = _weight(corpus)
    largest = 0
    for number in range(runs):
        corpus.integrate()
        largest = max(largest, _weight(corpus)) if number % 10 == 0 else largest
    grown = _weight(corpus) - before
    loose = GitSettings(loose_objects=1)
    keep_up(corpus.workspace.git, loose)
    packed = _weight(corpus) - before
    say(f"1,000 units: .git has {before / 1e6:.1f} MB; {runs} integrations add {grown / 1e6:.1f} MB, "
        f"{packed / 1e6:.1f} MB once packed")  # fmt: skip
    if runs != 1_000:
        megabytes = packed / runs * 1_000 / 1e6
        say(f"that is {megabytes:.0f} MB for 1,000 integrations, packed (extrapolated; --full makes them all)")


def _weight(corpus: Corpus) -> int:
    return sum(path.lstat().st_size for path in (corpus.workspace.root / ".git").rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
