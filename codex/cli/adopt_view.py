"""What ``codexctl adopt`` prints. Text from the corpus is shown as it is, never as markup or control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from codex.integration.adoption.kind import Finding, Found
from codex.integration.adoption.mend import Mended
from codex.integration.adoption.survey import Survey
from codex.oversight.render.pieces import plain, table
from codex.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import RenderableType

_SHOWN_FAILURES = 5
_WIDTH = 160


def told(place: Workspace, found: Survey) -> Iterator[RenderableType]:
    """The corpus for people: what is there, what is off, what to do next."""
    yield plain(f"{place.root}, as its files are now. Nothing was written.")
    yield from _summary(found)
    yield from _findings(found.findings)
    if found.findings:
        yield Text("")
        yield from _next(place, found)


def _next(place: Workspace, found: Survey) -> Iterator[RenderableType]:
    kinds, all_kinds = len(found.repairable), len(found.findings)
    if not kinds:
        yield plain("Nothing is off that could be mended by itself.")
        return
    yield plain(f"{kinds} of {all_kinds} kinds can be mended: codexctl adopt {place.root} --write (one commit a kind).")
    problem = place.writable_problem()
    if problem:
        yield plain(f"Before that: {problem.remedy}")


def written(
    root: Path, before: Survey, after: Survey, mended: Sequence[Mended], broken: Sequence[str]
) -> Iterator[RenderableType]:
    """What ``--write`` did and what is left."""
    yield plain(f"{root}: {sum(each.result.status == 'committed' for each in mended)} commits.")
    for each in mended:
        name, result = each.kind, each.result
        yield plain(
            f"  {(result.commit or result.status)[:10]}  {name}: {result.reason or _counts(name, before, after)}"
        )
        yield from (plain(f"              {warning}") for warning in result.warnings)
    gone = _also_gone(before, after, {each.kind for each in mended})
    if gone:
        yield plain(f"  mended by these as well: {', '.join(gone)}")
    if broken:
        yield plain(f"Units that fail their checks now and did not before: {', '.join(broken)}.")
    yield from _summary(after)
    yield from _findings(after.findings, "Still off, for a person to decide:")


def _also_gone(before: Survey, after: Survey, mended: set[str]) -> list[str]:
    left = {finding.kind.name for finding in after.findings}
    return [f"{f.kind.name} ({f.count})" for f in before.findings if f.kind.name not in left | mended]


def _counts(name: str, before: Survey, after: Survey) -> str:
    was, now = ({f.kind.name: f.count for f in each.findings}.get(name, 0) for each in (before, after))
    return f"{was} found before, {now} now"


def _summary(found: Survey) -> Iterator[RenderableType]:
    columns = ("Units", "Pass", "Fail", "Not judged")
    counts = {each.name: (each.units, each.passing, each.failing, each.not_judged) for each in found.sections}
    totals = [sum(column) for column in zip(*counts.values(), strict=True)] or [0] * len(columns)
    shown = table(("Section", *columns), ((name, *figures) for name, figures in counts.items()), right=columns)
    shown.add_row("all", *map(str, totals), style="bold")
    yield shown
    if found.unchecked:
        yield plain(f"The units were not checked: {found.unchecked}")
    worst = [f"{code} {name} ({n})" for (code, name), n in list(found.failures.items())[:_SHOWN_FAILURES]]
    if worst:
        yield plain(f"Most units fail: {'; '.join(worst)}")
    books = ", ".join(f"{n} {state}" for state, n in found.books.items()) or "none"
    yield plain(f"Books by state: {books} (ledger: {found.ledger})")
    yield plain("Read: " + ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in found.figures.items()))


def _findings(findings: Sequence[Finding], heading: str = "What is off:") -> Iterator[RenderableType]:
    yield Text("")
    yield plain(heading if findings else "Nothing is off.")
    for group, kinds in groupby(findings, key=lambda finding: finding.kind.group):
        yield Text("")
        yield Text(group, style="bold")
        for finding in kinds:
            mark = "--write mends" if finding.kind.repair else "for a person"
            yield plain(f"  {finding.count:>6,} {finding.kind.title}  [{finding.kind.name}, {mark}]")
            yield from (plain(f"           {_example(each)}") for each in finding.examples)


def _example(found: Found) -> str:
    text = f"{found.place}  {found.text}"
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def as_document(root: Path, found: Survey, mended: Sequence[Mended] | None, broken: Sequence[str]) -> dict[str, Any]:
    """The same for programs; ``written`` is null when nothing was to be written."""
    sections = [vars_of(section) for section in found.sections]
    keys = ("units", "passing", "failing", "not_judged")
    return {
        "path": str(root),
        "units": {key: sum(section[key] for section in sections) for key in keys} | {"sections": sections},
        "failures": [{"code": code, "name": name, "units": n} for (code, name), n in found.failures.items()],
        "books": {"ledger": found.ledger, "by_state": dict(found.books)},
        "figures": dict(found.figures),
        "findings": [_finding(each) for each in found.findings],
        "written": None if mended is None else [_mended(each) for each in mended],
        "broken": list(broken),
    }


def vars_of(section: Any) -> dict[str, Any]:
    return {key: getattr(section, key) for key in ("name", "units", "passing", "failing", "not_judged")}


def _finding(finding: Finding) -> dict[str, Any]:
    kind = finding.kind
    return {
        "kind": kind.name,
        "group": kind.group,
        "title": kind.title,
        "count": finding.count,
        "means": kind.means,
        "mends": kind.mends,
        "repairable": kind.repair is not None,
        "examples": [{"path": each.path, "line": each.line, "text": each.text} for each in finding.examples],
    }


def _mended(each: Mended) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "status": each.result.status,
        "commit": each.result.commit,
        "reason": each.result.reason,
        "warnings": list(each.result.warnings),
    }
