"""Run rules over units: one unit, a draft that is not in the corpus yet, a corpus."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from codex.check.answers import Answers
from codex.check.corpus import CONTENT, DEPS, SnapshotAnswers, remember
from codex.check.parallel import Helper, split_work
from codex.check.registry import GRAPH_RULES, rules_at, select_rules
from codex.check.result import CheckReport, CheckResult, UnitResult, result_of
from codex.check.rule import Level, Rule, UnfitField
from codex.errors import UserError
from codex.snapshot import Snapshot
from codex.units import Unit, UnitError, parse_unit


def check_unit(unit: Unit, answers: Answers, rules: Sequence[Rule] | None = None) -> UnitResult:
    """All verdicts on one unit (default: the rules of level core). Never raises on account of the unit.

    A unit that cannot be parsed has no checks. A field of a type that a rule cannot work with is the unit's error
    PE004; the rules that do not read it are still listed.
    """
    if unit.error:
        return UnitResult(unit.path, "", unit.error, ())
    checks: list[CheckResult] = []
    error: UnitError | None = None
    for rule in rules_at("core") if rules is None else rules:
        try:
            finding = rule.check(unit, answers)
        except UnfitField as exc:
            error = error or UnitError("PE004", str(exc), exc.line)
            continue
        if finding is not None:
            checks.append(result_of(rule, finding))
    return UnitResult(unit.path, unit.id, error, tuple(checks))


def check_text(snapshot: Snapshot, path: str, data: bytes, *, level: Level = "core") -> UnitResult:
    """Check a draft as if it stood at ``path`` (relative, POSIX) in the snapshot; nothing is written."""
    answers = SnapshotAnswers(snapshot.with_changes({path: data}))
    return check_unit(parse_unit(data, path), answers, rules_at(level))


def check_corpus(
    snapshot: Snapshot,
    paths: Iterable[str] | None = None,
    *,
    level: Level = "core",
    select: Iterable[str] = (),
) -> CheckReport:
    """Check the units below ``paths`` (files or folders of the snapshot; default ``content``).

    ``select`` names rules by code or by the beginning of codes, of any level. Raises UserError for a path that does
    not exist or a code that no rule has, DataError when manifests/deps.json cannot be read.
    """
    chosen = select_rules(level, select)
    found = find_files(snapshot, [CONTENT] if paths is None else paths)
    here, there = split_work(snapshot, [path for path in found if path != DEPS])
    helper = Helper(snapshot, there, chosen) if there else None
    answers = SnapshotAnswers(snapshot)
    results = check_paths(snapshot, here, chosen, answers)
    if helper:
        helped = helper.results()
        results += check_paths(snapshot, there, chosen, answers) if helped is None else helped
    graph = [rule for rule in GRAPH_RULES if rule in chosen] if paths is None or DEPS in found else []
    return CheckReport(results, _check_graph(snapshot, answers, graph))


def check_paths(
    snapshot: Snapshot, paths: Sequence[str], rules: Sequence[Rule], answers: Answers | None = None
) -> tuple[UnitResult, ...]:
    """The results of the unit files at ``paths``, in their order, worked out in this process."""
    answers = answers or SnapshotAnswers(snapshot)
    units = [parse_unit(snapshot.read(path), path) for path in paths]
    for unit in units:
        remember(snapshot, unit)
    return tuple(check_unit(unit, answers, rules) for unit in units)


def _check_graph(snapshot: Snapshot, answers: Answers, rules: Sequence[Rule]) -> tuple[UnitResult, ...]:
    if not rules or not snapshot.exists(DEPS):
        return ()
    document = Unit(DEPS, snapshot.read(DEPS), "", None, {}, (0, 0), 0)
    return (check_unit(document, answers, rules),)


def find_files(snapshot: Snapshot, paths: Iterable[str]) -> list[str]:
    """Files as given, folders as every ``*.md`` below them; without duplicates, sorted by path components."""
    found: set[str] = set()
    for path in paths:
        name = os.path.normpath(path).replace(os.sep, "/")
        below = snapshot.under(name, ".md") if name != "." else (p for p in snapshot.blobs() if p.endswith(".md"))
        inside = [name] if snapshot.exists(name) else list(below)
        if not inside and name != CONTENT and not any(True for _ in snapshot.under(name)):
            raise UserError(f"There is no file or folder {path!r} in the workspace.", remedy="Name one that exists.")
        found.update(inside)
    return sorted(found, key=lambda p: p.split("/"))
