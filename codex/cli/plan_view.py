"""The production plan as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from codex.oversight.sheet import plural
from codex.planning.merge import SHIPPED

if TYPE_CHECKING:
    from codex.planning.batches import Report

#: Rows of a list that a screen shows.
_SHOWN = 10
_WIDE = 72


def overview(plan: Mapping[str, Any]) -> Iterator[str]:
    """Counts, the head of the queue, and what is wrong, each with the command that tells more."""
    counts, units = plan["counts"], plan["units"]
    yield (
        f"{counts['shipped']} units written, {counts['queued']} queued ({counts['deepenings_queued']} deepenings), "
        f"{counts['enrichments_pending']} enrichments pending"
    )
    yield f"{counts['audits_done']} audits, {counts['books_unaudited']} of {counts['books_total']} books without one"
    queue = plan["queue_topo_order"]
    if queue:
        yield ""
        yield f"the first {min(_SHOWN, len(queue))} of the queue:"
        yield from (f"  {rank:>3}  {_unit(units[unit_id])}" for rank, unit_id in enumerate(queue[:_SHOWN], start=1))
    yield from _faults(plan)
    yield ""
    yield "codexctl plan --explain ID tells why; --batch N what can be written now; --compare; --write commits it."


def _unit(unit: Mapping[str, Any]) -> str:
    waits = unit.get("missing") or []
    state = f"waits for {', '.join(waits[:3])}{' …' if len(waits) > 3 else ''}" if waits else "ready"
    return f"{unit['id']:<9} {unit.get('counts_as', unit['priority']):<3} {_cut(unit['title'])}  ({state})"


def _cut(text: str, width: int = _WIDE) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _faults(plan: Mapping[str, Any]) -> Iterator[str]:
    if plan.get("mode") != "extended":
        return
    sorts: dict[str, int] = {}
    for each in plan["collisions"]:
        sorts[each["sort"]] = sorts.get(each["sort"], 0) + 1
    if sorts or plan["cycles"] or plan["drift"]:
        yield ""
    if sorts:
        yield "numbering: " + ", ".join(f"{count} {sort.replace('-', ' ')}" for sort, count in sorted(sorts.items()))
    if plan["cycles"]:
        cut = ", ".join(f"{c['cut']['from']} → {c['cut']['to']}" for c in plan["cycles"][:3])
        yield f"cycles: {len(plan['cycles'])}, broken at {cut}{' …' if len(plan['cycles']) > 3 else ''}"
    for each in plan["drift"]:
        yield f"drift: {each['count']} {each['what']} ({_cut(each['examples'][0])})"
        yield f"       {each['fix']}"


def explanation(about: Mapping[str, Any]) -> Iterator[str]:
    """One unit: place and reason first, then what stands behind it."""
    yield f"{about['id']} {about['title']}"
    place = about["place"]
    rank = f"place {place['rank']} of {place['of']}" if place["rank"] else "not in the queue"
    yield f"  {rank}: {place['why']}"
    yield f"  {about['kind'].replace('_', ' ')}, {about['status']}, priority {about['priority']['own']}"
    yield from _listed("asked for in", about["sources"])
    state = {True: "", False: " (not written)"}
    yield from _listed(
        "rests on", [f"{p['id']} {p['title']}{state[p['state'] == SHIPPED]}".strip() for p in about["prerequisites"]]
    )
    yield from _listed("unblocks", about["unblocks"]["direct"])
    yield from _listed("and through these", about["unblocks"]["further"])
    for cycle in about["cycles"]:
        yield f"  in a cycle: {' → '.join([*cycle['members'], cycle['members'][0]])}"
        yield f"    broken at {cycle['cut']['from']} → {cycle['cut']['to']}, named by {', '.join(cycle['sources'])}"
    for each in about["collisions"]:
        yield f"  numbering: {each['place']} writes {each['written'] or 'no id'} for “{_cut(each['title'])}”"
        held = f", which is “{_cut(each['holder'], 48)}”" if each["holder"] else ""
        yield f"    {each['sort'].replace('-', ' ')}{held}; now {each['resolved_to']} ({each['how']})"


def _listed(name: str, values: list[str]) -> Iterator[str]:
    if values:
        yield f"  {name}:"
        yield from (f"    {value}" for value in values)


def comparison(found: Mapping[str, Any]) -> Iterator[str]:
    """Totals, audits that gain, and every bullet that only extended reads."""
    for mode, totals in found["totals"].items():
        yield f"{mode}: {totals['bullets']} bullets, {totals['units']} units, {totals['queued']} queued"
    yield ""
    yield "by audit (compat → extended, left out):"
    for slug, row in found["audits"].items():
        if row["compat"] != row["extended"] or row["left_out"]:
            left = f", {len(row['left_out'])} left out" if row["left_out"] else ""
            yield f"  {row['compat']:>3} → {row['extended']:>3}  {slug}{left}"
    yield ""
    yield f"{len(found['beyond'])} bullets that only extended reads:"
    for each in found["beyond"]:
        written = f" (written {each['written'] or 'without an id'})" if each["written"] != each["id"] else ""
        yield f"  {each['place']}: {each['id']} {each['priority']} {each['kind']} {_cut(each['title'])}{written}"
    yield ""
    yield f"{len(found['otherwise'])} bullets that the two read otherwise:"
    for each in found["otherwise"]:
        changes = ", ".join(f"{key} {value}" for key, value in each["changes"].items())
        yield f"  {each['place']}: {changes}  {_cut(each['title'], 48)}"
    yield ""
    units = found["units"]
    yield (
        f"queued in extended alone: {len(units['only_extended'])}; in compat alone: {len(units['only_compat'])}; "
        f"of another priority: {len(units['priority'])}; of another kind: {len(units['kind'])}"
    )


def batch_document(report: Report) -> dict[str, Any]:
    """The report as JSON; ``parallel`` gives numerator and denominator."""
    together, total = report.parallel
    return {
        "batch": report.batch,
        "groups": report.groups,
        "pairs": [{"one": p.one, "other": p.other, "class": p.sort, "question": p.question} for p in report.pairs],
        "levels": report.levels,
        "critical_path": report.critical_path,
        "waves": report.waves,
        "stuck": report.stuck,
        "parallel": {"together": together, "of": total},
    }


def batch(plan: Mapping[str, Any], report: Report) -> Iterator[str]:
    """What to write now, in groups; then how the queue goes on."""
    from codex.planning.batches import TARGET_PERCENT

    if not report.batch:
        yield "Nothing can be written now: no queued unit has all its prerequisites."
        return
    yield f"{plural(len(report.batch), 'unit')} of distinct chapters can be written at once:"
    for number, group in enumerate(report.groups, start=1):
        yield f"  group {number}" + (" (one audit: validate together)" if len(group) > 1 else "")
        yield from (f"    {_unit(plan['units'][unit_id])}" for unit_id in group)
    sorts = [pair.sort for pair in report.pairs]
    if sorts:
        yield "  pairs: " + ", ".join(f"{sorts.count(sort)} {sort}" for sort in ("hard", "soft", "zero"))
    together, total = report.parallel
    yield ""
    widest = max(map(len, report.waves))
    yield f"the queue: {len(report.waves)} batches of at most {widest}, {len(report.levels)} levels"
    yield f"critical path ({plural(len(report.critical_path), 'unit')}): {' → '.join(report.critical_path)}"
    percent = 100 * together / total
    aim = "" if percent > TARGET_PERCENT else f", below the target of {TARGET_PERCENT} %"
    yield f"in parallel: {together} of {total} units share their batch with another one ({percent:.0f} %{aim})"
    if report.stuck:
        shown = ", ".join(report.stuck[:_SHOWN])
        yield f"never ready as it stands: {len(report.stuck)} ({shown}{' …' if len(report.stuck) > _SHOWN else ''})"
