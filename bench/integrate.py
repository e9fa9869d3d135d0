"""How fast integrations are, and what they leave behind: ``python -m bench.integrate [--sizes N N] [--weight N]``.

On the published test corpus, where it is there, and on generated corpora of 100 and 10,000 units: one unit integrated
(validated, registered, committed, continuity measured before and after), warm, in a process that has integrated before
and as a whole command; eight units in one proposal; proposals of one unit drained from the spool. The floor is git's
own plumbing committing the same files. The two sizes are measured in turns, each in a process of its own, so that
whatever else the machine does hits both. Other work adds to wall-clock times, and least to processor times, so both
are given.

``--weight N`` makes N integrations into 1,000 units and says what the repository weighs afterwards.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import codex.integration.apply as applying
from bench.corpora import Corpus, Timed, command, generated, in_published, plumbing
from bench.corpus import ABSENT, is_published_here, published
from bench.table import Bar, Found, Row, Skipped, against, alone, say
from codex.integration import integrator, spool
from codex.integration.integrator import drain
from codex.integration.steps import units as unit_steps
from codex.integration.upkeep import keep_up
from codex.settings import GitSettings

SIZES = (100, 10_000)
ROUNDS, SINGLES, BATCHES, COMMANDS, DRAINED = 4, 4, 3, 2, 10
#: What the table of steps shows: a label, the module that calls, the name it calls.
STEPS: tuple[tuple[str, ModuleType, str], ...] = (
    ("checks of the unit", unit_steps, "judge_new"),
    ("checks of other units", unit_steps, "judge_others"),
    ("catalog, graph, connections, plan", unit_steps, "register"),
    ("continuity before and after", applying, "regressions"),
    ("ledger", applying, "record_events"),
    ("costs", applying, "record_costs"),
    ("report", applying, "write_report"),
    ("all of the proposal, in memory", integrator, "apply_proposal"),
    ("objects", integrator, "store_tree"),
    ("commit", integrator, "make_commit"),
    ("branch", integrator, "publish"),
    ("work tree and index", integrator, "finish"),
)


def rows(sizes: Sequence[int] = SIZES) -> Iterator[Found]:
    if is_published_here():
        with published(git=True) as root:
            yield from _published(in_published(root))
    else:
        yield Skipped("integrate into the published corpus", ABSENT)
    with tempfile.TemporaryDirectory(prefix="codex-bench-") as folder:
        yield from _by_size([generated(Path(folder) / str(units), units) for units in sizes])


def _published(corpus: Corpus) -> Iterator[Row]:
    single, floor = _singles([corpus])[0]
    yield against("one unit, published corpus, warm", single.wall, "s", "git's plumbing", floor.wall, Bar(0.5))
    yield from _batch(corpus, single, Bar(2))
    rate, bar = DRAINED / min(_drained(corpus) for _ in range(ROUNDS)), Bar(3, least=True)
    yield against("sustained, published corpus", rate, "units/s", "one after the other", 1 / single.wall, bar)
    yield _command(corpus, single)


def _drained(corpus: Corpus) -> float:
    """Seconds for a spool full of proposals of one unit."""
    for _ in range(DRAINED):
        spool.put(corpus.workspace, corpus.proposal())
    drained = Timed()
    drained.run(lambda: drain(corpus.workspace))
    return drained.wall


def _by_size(corpora: Sequence[Corpus]) -> Iterator[Row]:
    measured = _singles(corpora)
    for corpus, (single, floor) in zip(corpora, measured, strict=True):
        yield against(f"one unit, {corpus.name}, warm", single.wall, "s", "git's plumbing", floor.wall)
    (small, _), (large, _) = measured[0], measured[-1]
    name, other = corpora[-1].name, corpora[0].name
    if len(corpora) > 1:
        bar = Bar(2, of="ratio")
        yield against(f"one unit, {name}, wall time", large.wall, "s", f"the same, {other}", small.wall, bar)
        yield against(f"one unit, {name}, processor", large.processor, "s", f"the same, {other}", small.processor)
    yield from _batch(corpora[-1], large, Bar(2.5, of="ratio"))
    yield _command(corpora[-1], large)


@dataclass
class Round:
    """Integrations of one unit, git's plumbing for the same files, and milliseconds by step."""

    first: Timed = field(default_factory=Timed)
    single: Timed = field(default_factory=Timed)
    floor: Timed = field(default_factory=Timed)
    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, other: Round) -> None:
        for mine, theirs in ((self.single, other.single), (self.floor, other.floor)):
            mine.walls += theirs.walls
            mine.processors += theirs.processors
        for label, seconds in other.steps.items():
            self.steps[label] += seconds


def _singles(corpora: Sequence[Corpus]) -> list[tuple[Timed, Timed]]:
    """One unit at a time, in turns: for each corpus an integration, warm, and git's plumbing for the same files.

    Each corpus has a process of its own: another one would push it out of memory, and leave its memory to be freed.
    """
    found = [Round() for _ in corpora]
    with ExitStack() as stack:
        own = [stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn"))) for _ in corpora]
        for number in range(ROUNDS):
            for corpus, process, total in zip(corpora, own, found, strict=True):
                made, corpus.used = process.submit(_round, corpus).result()
                total.add(made)
                if not number:
                    say(f"  {corpus.name}: the first took {made.first.wall:.1f} s")
    for corpus, total in zip(corpora, found, strict=True):
        _tell(corpus.name, total.steps, ROUNDS * SINGLES)
    return [(total.single, total.floor) for total in found]


def _round(corpus: Corpus) -> tuple[Round, int]:
    made = Round()
    made.first.run(corpus.integrate)  # so that it is warm
    with _watched(made.steps):
        for _ in range(SINGLES):
            made.single.run(corpus.integrate)
            made.floor.run(lambda: plumbing(corpus.workspace.root))
    made.steps = dict(made.steps)
    return made, corpus.used


def _batch(corpus: Corpus, single: Timed, bar: Bar) -> Iterator[Row]:
    batch = Timed()
    for _ in range(BATCHES):
        batch.run(lambda: corpus.integrate(8))
    yield against(f"eight units, {corpus.name}", batch.wall, "s", "eight times one unit", 8 * single.wall, bar)


def _command(corpus: Corpus, single: Timed) -> Row:
    whole = Timed()
    for _ in range(COMMANDS):
        whole.run(lambda: command(corpus))
    return against(f"codexctl integrate FILE, {corpus.name}", whole.wall, "s", "one unit, warm", single.wall)


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


def _tell(name: str, steps: dict[str, list[float]], runs: int) -> None:
    say(f"  {name}: where the time of one unit goes")
    for label, _, _ in STEPS:
        say(f"    {label:<36}{sum(steps[label]) / runs * 1000:7.1f} ms")


def _weigh(runs: int) -> None:
    """Say what so many integrations add to a repository of 1,000 units, as they are and packed."""
    with tempfile.TemporaryDirectory(prefix="codex-bench-") as folder:
        corpus = generated(Path(folder) / "weight", 1_000)
        before = _weight(corpus)
        for _ in range(runs):
            corpus.integrate()
        grown = _weight(corpus) - before
        keep_up(corpus.workspace.git, GitSettings(loose_objects=1))
        packed = _weight(corpus) - before
    say(f"1,000 units: .git has {before / 1e6:.1f} MB; {runs} integrations add {grown / 1e6:.1f} MB, "
        f"{packed / 1e6:.1f} MB once packed ({packed / runs / 1e3:.0f} kB each)")  # fmt: skip


def _weight(corpus: Corpus) -> int:
    return sum(path.lstat().st_size for path in (corpus.workspace.root / ".git").rglob("*") if path.is_file())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.integrate", description="Benchmark of integrations.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="sizes of the generated corpora")
    parser.add_argument("--weight", type=int, metavar="N", help="only: what N integrations add to a repository")
    given = parser.parse_args()
    if given.weight:
        _weigh(given.weight)
        return 0
    return alone(lambda: rows(given.sizes))


if __name__ == "__main__":
    sys.exit(main())
