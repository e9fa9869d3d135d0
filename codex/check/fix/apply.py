"""Make repairs and keep those that are proved harmless: after each one every rule judges the unit again.

No check that passed may fail afterwards, at any level, warnings included; otherwise that repair is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codex.check.answers import Answers
from codex.check.compare import worse
from codex.check.corpus import SnapshotAnswers
from codex.check.depsfile import DEPS
from codex.check.facts import Facts
from codex.check.fix.repairs import REPAIRS, Repair
from codex.check.identities import identity_of
from codex.check.registry import GRAPH_RULES, RULES
from codex.check.result import UnitResult
from codex.check.runner import check_corpus, check_unit
from codex.snapshot import Snapshot
from codex.units import parse_unit

#: Every round but the last changes the file, and two nearly always do.
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Repaired:
    """A file with repairs to make; ``repairs`` names them in the order in which they were made."""

    path: str
    before: bytes
    after: bytes
    repairs: tuple[str, ...]


def repair_files(snapshot: Snapshot, paths: Iterable[str], facts: Facts | None = None) -> Iterator[Repaired]:
    """The files among ``paths`` that can be repaired; nothing is written. Later files see repairs of earlier ones."""
    answers: Answers = SnapshotAnswers(snapshot, facts)
    for path in paths:
        if path == DEPS:
            continue
        repaired = _repair(snapshot, answers, path)
        if repaired:
            yield repaired
            snapshot = snapshot.with_changes({path: repaired.after})
            answers = SnapshotAnswers(snapshot, facts) if _gains_identity(repaired) else answers


def _repair(snapshot: Snapshot, answers: Answers, path: str) -> Repaired | None:
    data = snapshot.read(path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    made: dict[str, None] = {}
    for _ in range(_ROUNDS):  # one repair may make room for another
        before = text
        for repair in REPAIRS:
            tried = repair.change(text, path)
            if tried != text and "\r" not in tried and _is_harmless(snapshot, answers, path, text, tried):
                text = tried
                made[repair.name] = None
        if text == before:
            break
    return Repaired(path, data, text.encode("utf-8"), tuple(made)) if made else None


def _is_harmless(snapshot: Snapshot, answers: Answers, path: str, before: str, after: str) -> bool:
    old, new = (parse_unit(text.encode("utf-8"), path) for text in (before, after))
    if identity_of(old) == identity_of(new):
        return not _lower(check_unit(old, answers, RULES), check_unit(new, answers, RULES))
    changed = snapshot.with_changes({path: new.data})  # the file becomes a unit of the corpus: others may depend on it
    result = check_unit(new, SnapshotAnswers(changed), RULES)
    alone = all(check.passed for check in result.checks if check.code == "XI001")
    return alone and not any(map(_lower, _graph(snapshot), _graph(changed)))


def _graph(snapshot: Snapshot) -> tuple[UnitResult, ...]:
    codes = [rule.code for rule in GRAPH_RULES]
    return check_corpus(snapshot, [DEPS], select=codes).workspace if snapshot.exists(DEPS) else ()


def _lower(old: UnitResult, new: UnitResult) -> bool:
    """Whether anything is worse than before, warnings too."""
    return bool(worse(old, new, decisive=False))


def _gains_identity(repaired: Repaired) -> bool:
    old, new = (parse_unit(data, repaired.path) for data in (repaired.before, repaired.after))
    return identity_of(old) != identity_of(new)


__all__ = ["Repair", "Repaired", "repair_files"]
