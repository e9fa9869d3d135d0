"""docs/plans/PRODUCTION_PLAN.md: the plan for people, made of the plan document and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from codex.corpus.markdown import table_lines
from codex.planning.unblocks import unblocked_by

PATH = "docs/plans/PRODUCTION_PLAN.md"

_SPECIAL = re.compile(r"([|<])")
_LONGEST = 120
#: Places that a row of the queue names.
_PLACES = 3

_NAMES = {
    "shipped": "Units written",
    "queued": "Units queued",
    "deepenings_queued": "Deepenings queued",
    "enrichments_pending": "Enrichments pending",
    "audits_done": "Audits",
    "books_total": "Books on the list",
    "books_unaudited": "Books without an audit",
}


def render(plan: Mapping[str, Any]) -> str:
    """The whole page; sections that have nothing to say are left out."""
    parts = [_head(plan), _queue(plan), _audits(plan), _unaudited(plan), _cycles(plan), _collisions(plan), _drift(plan)]
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def _head(plan: Mapping[str, Any]) -> Iterator[str]:
    yield "# Production plan"
    yield ""
    mode = "extended" if plan.get("mode") == "extended" else "compat"
    # No time: git knows it, and the same plan is the same page.
    yield f"Made from the audits, the corpus and the booklist (mode {mode}). Not edited by hand:"
    yield "`codexctl plan --write` makes it anew, and every audit or unit that lands brings it up to date."
    yield ""
    counts = plan.get("counts", {})
    yield from table(("", "count"), [(name, counts.get(key, 0)) for key, name in _NAMES.items()])
    ready = sum(not unit.get("missing") for unit in _queued(plan))
    if mode == "extended":
        yield ""
        yield f"Ready to be written (all prerequisites are there): {ready} of {counts.get('queued', 0)}."


def _queued(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The entries of the queue. A plan by hand or of another age may lack any key: what is not there is not shown."""
    units = plan.get("units", {})
    found = ((unit_id, units.get(unit_id)) for unit_id in plan.get("queue_topo_order", ()))
    return [_BLANK | {"id": unit_id} | dict(unit) for unit_id, unit in found if isinstance(unit, Mapping)]


_BLANK: dict[str, Any] = {"title": "", "priority": "P?", "kind": "new_unit", "source_audits": (), "missing": ()}


def _queue(plan: Mapping[str, Any]) -> Iterator[str]:
    yield "## Queue"
    yield ""
    yield "In the order of production: a unit comes after its prerequisites; among those that may come, the most"
    yield "important first. *P3 as P1*: a P3 unit that a P1 unit waits for."
    yield ""
    heads = ("#", "id", "title", "priority", "kind", "asked for in", "waits for", "unblocks")
    yield from table(heads, (_row(plan, n, unit) for n, unit in enumerate(_queued(plan), start=1)))


def _row(plan: Mapping[str, Any], rank: int, unit: Mapping[str, Any]) -> Sequence[object]:
    direct, further = unblocked_by(plan["units"], unit["id"])
    counts_as = unit.get("counts_as", unit["priority"])
    priority = unit["priority"] if counts_as == unit["priority"] else f"{unit['priority']} as {counts_as}"
    places = [place.rpartition("/")[2] for place in unit.get("found_at") or dict.fromkeys(unit["source_audits"])]
    more = f" and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
    return (
        rank, f"`{unit['id']}`", unit["title"], priority, unit["kind"].replace("_", " "),
        ", ".join(places[:_PLACES]) + more, ", ".join(unit.get("missing", ())) or "nothing",
        f"{len(direct)} + {len(further)}" if further else len(direct) or "",
    )  # fmt: skip


def _audits(plan: Mapping[str, Any]) -> Iterator[str]:
    columns = [f"p{n}" for n in range(plan.get("mode") != "extended", 5)]
    yield "## Audits"
    yield ""
    rows = (
        (
            slug,
            row.get("punch_list_count", 0),
            *(row.get(column, 0) for column in columns),
            len(row.get("left_out", ())),
        )
        for slug, row in plan.get("audits_done", {}).items()
    )
    yield from table(("audit", "bullets", *map(str.upper, columns), "left out"), rows)


def _unaudited(plan: Mapping[str, Any]) -> Iterator[str]:
    books = plan.get("books_unaudited", ())
    if books:
        yield "## Books without an audit"
        yield ""
        yield from table(
            ("entry", "title", "author"),
            ((b.get("ft_entry", ""), b.get("title", ""), b.get("author", "")) for b in books),
        )


def _cycles(plan: Mapping[str, Any]) -> Iterator[str]:
    if plan.get("cycles"):
        yield "## Cycles among prerequisites"
        yield ""
        yield "Each is broken at the edge that the fewest sources name; that edge counts no more."
        yield ""
        rows = (
            (
                " → ".join([*cycle["members"], cycle["members"][0]]),
                f"{cycle['cut']['from']} → {cycle['cut']['to']}",
                ", ".join(cycle["sources"]),
            )
            for cycle in plan["cycles"]
        )
        yield from table(("cycle", "broken at", "named by"), rows)


def _collisions(plan: Mapping[str, Any]) -> Iterator[str]:
    if plan.get("collisions"):
        yield "## Numbering: what audits call otherwise"
        yield ""
        yield "An id that stands for two units, two ids for one, an id shipped under another title, a provisional id."
        yield ""
        rows = (
            (
                each["written"] or "(none)", each["title"], each["sort"].replace("-", " "), each["holder"],
                each["resolved_to"], each["how"], each["place"].rpartition("/")[2],
            )
            for each in plan["collisions"]
        )  # fmt: skip
        yield from table(("written", "title", "what", "that id is", "now", "how", "where"), rows)


def _drift(plan: Mapping[str, Any]) -> Iterator[str]:
    if plan.get("drift"):
        yield "## Where catalog, graph and files disagree"
        yield ""
        rows = ((d["count"], d["what"], "; ".join(d["examples"][:2]), d["fix"]) for d in plan["drift"])
        yield from table(("count", "what", "for example", "what mends it"), rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A Markdown table; what stands in a cell cannot break it."""
    yield from table_lines(heads, (tuple(map(_cell, row)) for row in rows))


def _cell(value: object) -> str:
    text = " ".join(str(value).split())
    return _SPECIAL.sub(r"\\\1", text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
