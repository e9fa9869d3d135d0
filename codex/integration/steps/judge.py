"""Whether a unit may be written: its own checks, and those of every other unit that it could change."""

from __future__ import annotations

from codex.check import UnitResult, check_corpus
from codex.check.affected import affected_units, changed_paths, questions_of
from codex.check.compare import worse
from codex.check.defects import defects_of, unjudged
from codex.check.depsfile import DEPS
from codex.check.policy import Policy
from codex.check.registry import GRAPH_RULES
from codex.integration.proposal import UnitChange
from codex.integration.steps.draft import Draft
from codex.integration.steps.refused import rejected


def judge_new(change: UnitChange, path: str, after: Draft, policy: Policy) -> str:
    """Require all checks; returns ``passed/total``. Raises Rejected with the defects, or when not all were judged."""
    result = _check(after, [path], policy)[path]
    if result.state == "failing":
        raise rejected(change.id, "checks", f"{result.tally} checks passed", defects_of(result))
    missing = list(unjudged(result))
    if missing:
        names = "; ".join(f"{each.code} {each.what}" for each in missing)
        raise rejected(change.id, "not-judged", f"{result.tally} checks passed; not judged: {names}", missing)
    return result.tally


def judge_changed(change: UnitChange, path: str, before: Draft, after: Draft, policy: Policy) -> str:
    """Require that no check gets worse than it was; returns ``passed/total``. Raises Rejected with what got worse."""
    old, new = _check(before, [path], policy)[path], _check(after, [path], policy)[path]
    lower = worse(old, new)
    if lower:
        codes = {code for code, _ in lower}
        defects = [d for d in defects_of(new) if d.code in codes or new.error]
        detail = "worse than before: " + "; ".join(f"{code} {name}" for code, name in lower)
        raise rejected(change.id, "checks", detail, defects)
    return new.tally


def judge_others(change: UnitChange, path: str, before: Draft, after: Draft, policy: Policy) -> None:
    """Require that no check of another unit gets worse; raises Rejected naming the units and their checks.

    Judged again are units that were edited along with this one, and those that got other answers from the corpus
    (check/affected.py): all others have the verdicts that they had.
    """
    names = sorted(others_to_judge(before, after, policy) - {path})
    old, new = _check(before, names, policy), _check(after, names, policy)
    broken = [(new[path].id or path, worse(old[path], new[path])) for path in names if path in old and path in new]
    shown = [f"{unit}: {', '.join(f'{code} {name}' for code, name in lower)}" for unit, lower in broken if lower]
    if shown:
        raise rejected(change.id, "breaks-others", "it would break " + "; ".join(shown))


def look_around(draft: Draft, policy: Policy) -> None:
    """Find out who asks what, before anything else is asked: then it is taken from the cache, where there is one."""
    questions_of(draft.snapshot(), policy)


def others_to_judge(before: Draft, after: Draft, policy: Policy) -> set[str]:
    """Files that were there before and may have other verdicts after: units, and the prerequisite graph itself."""
    changed = changed_paths(before.changes, after.changes)
    edited = {path for path in changed if path.startswith("content/") and path.endswith(".md")}
    graph = {DEPS} & set(changed) if any(choice.rule in GRAPH_RULES for choice in policy.rules_for(DEPS)) else set()
    found = edited | graph | affected_units(before.snapshot(), after.snapshot(), changed, policy)
    return {path for path in found if before.exists(path) and after.exists(path)}


def _check(draft: Draft, paths: list[str], policy: Policy) -> dict[str, UnitResult]:
    if not paths:
        return {}
    report = check_corpus(draft.snapshot(), paths, policy=policy)
    return {result.path: result for result in (*report.results, *report.workspace)}
