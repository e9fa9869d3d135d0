"""Run rules over units: one unit, a draft that is not in the corpus yet, a corpus."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from codex.cache.store import Store
from codex.check.answers import Answers
from codex.check.corpus import CONTENT, SnapshotAnswers
from codex.check.depsfile import DEPS
from codex.check.facts import Facts
from codex.check.judging import Judged, compose, judge
from codex.check.parallel import FactsByBlob, Helper, split_work
from codex.check.policy import Chosen, Policy, choose
from codex.check.registry import GRAPH_RULES, rules_at
from codex.check.result import CheckReport, UnitResult
from codex.check.rule import Level, Rule
from codex.check.verdicts import Verdicts
from codex.errors import UserError
from codex.snapshot import Snapshot, blob_id
from codex.units import Unit, parse_unit

RulesFor = Callable[[str], Sequence[Chosen]]


def check_unit(unit: Unit, answers: Answers, rules: Sequence[Rule] | None = None) -> UnitResult:
    """All verdicts on one unit (default: the rules of level core). Never raises on account of the unit.

    A unit that cannot be parsed has no checks. A field of a type that a rule cannot work with is the unit's error
    PE004; the rules that do not read it are still listed.
    """
    chosen = [choose(rule) for rule in (rules_at("core") if rules is None else rules)]
    return compose(judge(unit, answers, (choice.rule for choice in chosen)), chosen)


def check_text(
    snapshot: Snapshot, path: str, data: bytes, *, level: Level = "core", policy: Policy | None = None
) -> UnitResult:
    """Check a draft as if it stood at ``path`` (relative, POSIX) in the snapshot; nothing is written.

    A ``policy`` takes the place of the level.
    """
    answers = SnapshotAnswers(snapshot.with_changes({path: data}))
    chosen = (policy or Policy.of(level)).rules_for(path)
    return compose(judge(parse_unit(data, path), answers, (choice.rule for choice in chosen)), chosen)


def check_corpus(
    snapshot: Snapshot,
    paths: Iterable[str] | None = None,
    *,
    level: Level = "core",
    select: Iterable[str] = (),
    policy: Policy | None = None,
    store: Store | None = None,
) -> CheckReport:
    """Check the units below ``paths`` (files or folders of the snapshot; default ``content``).

    ``select`` names rules by code or by the beginning of codes, of any level. A ``policy`` takes the place of level and
    selection. With a ``store``, verdicts of earlier runs that still hold are taken from there, and new ones added.

    Raises UserError for a path that does not exist or a code that no rule has, DataError when manifests/deps.json
    cannot be read.
    """
    policy = policy or Policy.of(level, select)
    found = find_files(snapshot, [CONTENT] if paths is None else paths)
    graph = {DEPS} if snapshot.exists(DEPS) and (paths is None or DEPS in found) else set()
    units = [path for path in found if path != DEPS]

    def rules_for(path: str) -> Sequence[Chosen]:
        chosen = policy.rules_for(path)
        return chosen if path != DEPS else [choice for choice in chosen if choice.rule in GRAPH_RULES]

    judged = _judge_all(snapshot, [*units, *(p for p in graph if rules_for(p))], rules_for, store or Store())
    results = {path: compose(each, rules_for(path)) for path, each in judged.items()}
    return CheckReport(
        tuple(results[path] for path in units), tuple(results[path] for path in graph if path in results)
    )


def judge_corpus(snapshot: Snapshot, policy: Policy, store: Store) -> Mapping[str, Judged]:
    """The judgements on every unit, with what was asked; those of earlier runs that hold come from the store."""
    return _judge_all(snapshot, list(snapshot.under(CONTENT, ".md")), policy.rules_for, store, recording=True)


def _judge_all(
    snapshot: Snapshot, paths: Sequence[str], rules_for: RulesFor, store: Store, *, recording: bool = False
) -> Mapping[str, Judged]:
    """Every file's judgements: those of earlier runs that hold, the others worked out on both cores and kept."""
    facts = Facts(store) if store else None
    answers = SnapshotAnswers(snapshot, facts)
    verdicts = Verdicts(store, answers)
    found = verdicts.recall({path: snapshot.blobs()[path] for path in paths} if store else {}, rules_for)
    unknown = [path for path in paths if path not in found]
    here, there = (unknown, ()) if recording and not store else split_work(snapshot, unknown)
    helper = Helper(snapshot, there, rules_for, store) if there else None
    recording = recording or bool(store)
    fresh = judge_paths(answers, here, rules_for, recording=recording, exchange=helper.exchange if helper else None)
    if helper:
        helped = helper.results()
        if helped is None:
            fresh += judge_paths(answers, there, rules_for, recording=recording)
        else:
            fresh += helped.judged
            answers.facts.absorb(helped.learnt)
    for judged, blob in fresh:
        found[judged.path] = judged
        verdicts.keep(judged, blob, [choice.rule for choice in rules_for(judged.path)])
    store.save()
    return found


def judge_paths(
    answers: SnapshotAnswers,
    paths: Sequence[str],
    rules_for: RulesFor,
    *,
    recording: bool,
    exchange: Callable[[FactsByBlob], FactsByBlob] | None = None,
) -> list[tuple[Judged, str]]:
    """The files at ``paths`` judged in this process, each with the id of the bytes that were judged.

    With ``exchange``, what is learnt of the files goes through it first; what another process has learnt comes back.
    """
    units = [_load(answers.snapshot, path) for path in paths]
    learnt = answers.remember(units)
    if exchange:
        answers.facts.absorb(exchange(learnt))
    rules = {unit.path: [choice.rule for choice in rules_for(unit.path)] for unit in units}
    return [(judge(unit, answers, rules[unit.path], recording=recording), blob_id(unit.data)) for unit in units]


def _load(snapshot: Snapshot, path: str) -> Unit:
    data = snapshot.read(path)
    return Unit(path, data, "", None, {}, (0, 0), 0) if path == DEPS else parse_unit(data, path)


def find_files(snapshot: Snapshot, paths: Iterable[str]) -> list[str]:
    """Files as given, folders as every ``*.md`` below them; without duplicates, sorted by path components."""
    found: set[str] = set()
    for path in paths:
        name = os.path.normpath(path).replace(os.sep, "/")
        if snapshot.exists(name):
            found.add(name)
            continue
        below = snapshot.under(name, ".md") if name != "." else (p for p in snapshot.blobs() if p.endswith(".md"))
        inside = list(below)
        if not inside and name != CONTENT and not any(True for _ in snapshot.under(name)):
            raise UserError(f"There is no file or folder {path!r} in the workspace.", remedy="Name one that exists.")
        found.update(inside)
    return sorted(found, key=lambda p: p.split("/"))
