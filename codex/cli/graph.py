"""``codexctl graph``: the prerequisite graph as text, data or a drawing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli.common import WorkspaceOption, chosen_format, emit_json, open_workspace_root
from codex.errors import UserError

if TYPE_CHECKING:
    from codex.corpus.prerequisites import Prerequisites

_FORMATS = ("text", "json", "dot", "svg")
#: Ids that a line of text lists at most.
_SHOWN = 12


def graph(
    unit: Annotated[str, typer.Option(help="Only what this unit rests on, and what rests on it.", metavar="ID")] = "",
    cycles: Annotated[bool, typer.Option("--cycles", help="Only the cycles; status 1 when there are any.")] = False,
    steps: Annotated[int, typer.Option(min=0, help="With --unit: at most so many edges away (0: any).")] = 0,
    format_: Annotated[str, typer.Option("--format", help="text, json, dot or svg.")] = "text",
    workspace: WorkspaceOption = None,
) -> None:
    """Show prerequisites: cycles, units whose prerequisites are not shipped, what rests on what, how deep."""
    chosen_format(format_, *_FORMATS)
    if cycles and unit:
        raise UserError("--cycles is about the whole graph.", remedy="Leave --unit or --cycles out.")
    whole, titles = _load(open_workspace_root(workspace).resolve())
    if unit and unit not in whole.graph:
        raise UserError(f"Neither the corpus nor its graph has the id {unit!r}.", remedy="Name an id like 03.09.02.")
    if format_ in ("dot", "svg"):
        from codex.corpus import drawing

        part = whole.around(unit, steps) if unit else whole
        shown = whole.part({node for cycle in whole.cycles for node in cycle}) if cycles else part
        sys.stdout.write(getattr(drawing, format_)(shown, titles, unit))
    else:
        document = _document(whole, titles, unit, steps, cycles=cycles)
        if format_ == "json":
            emit_json(document, lines=False)
        else:
            typer.echo("\n".join(_lines(document)))
    if cycles and whole.cycles:
        raise typer.Exit(1)


def _load(root: Path) -> tuple[Prerequisites, dict[str, str]]:
    """The graph of the working tree, and a title for each unit (its slug in words, so that no file need be read)."""
    from codex.cache.tree import CachedTree
    from codex.check.corpus import SnapshotAnswers
    from codex.check.facts import Facts
    from codex.cli.cached import open_store
    from codex.corpus.index import CorpusIndex
    from codex.corpus.prerequisites import Prerequisites

    store = open_store(root)
    tree = CachedTree(root, store)
    index, answers = CorpusIndex(tree), SnapshotAnswers(tree, Facts(store))
    units = index.paths_by_id
    shipped = [unit for unit in {*units, *index.deps.ids} if answers.is_shipped(unit)]
    found = Prerequisites.of(index.deps, units, shipped)
    store.save()
    names = {unit: paths[0].rpartition("/")[2].removesuffix(".md") for unit, paths in units.items()}
    return found, {unit: name.removeprefix(f"{unit}-").replace("-", " ") for unit, name in names.items()}


def _document(whole: Prerequisites, titles: dict[str, str], unit: str, steps: int, *, cycles: bool) -> dict[str, Any]:
    if cycles:
        return {"cycles": whole.cycles}
    if not unit:
        deepest = max(whole.depth.values(), default=0)
        return {
            "nodes": len(whole.graph),
            "edges": whole.graph.number_of_edges(),
            "broken_edges": whole.broken,
            "shipped": len(whole.shipped),
            "depth": deepest,
            "deepest": sorted(each for each, depth in whole.depth.items() if depth == deepest),
            "cycles": whole.cycles,
            "waiting": whole.unmet,
        }
    near = whole.around(unit, steps)
    return {
        "id": unit,
        "title": titles.get(unit, ""),
        "shipped": unit in whole.shipped,
        "depth": whole.depth[unit],
        "prerequisites": sorted(whole.graph.predecessors(unit)),
        "waits_for": whole.waits_for(unit),
        "dependants": sorted(whole.graph.successors(unit)),
        "all_prerequisites": [each for each in whole.ancestors(unit) if each in near.graph],
        "all_dependants": [each for each in whole.dependants(unit) if each in near.graph],
    }


def _lines(document: dict[str, Any]) -> Iterator[str]:
    """A line for each figure; of lists their length and beginning, of cycles and waiting units all."""
    for key, value in document.items():
        name = key.replace("_", " ")
        if key == "cycles":
            yield f"{len(value)} cycle{'s' * (len(value) != 1)}"
            yield from (f"  {' → '.join([*cycle, cycle[0]])}" for cycle in value)
        elif isinstance(value, dict):
            yield f"{len(value)} shipped unit{' waits' if len(value) == 1 else 's wait'} for a prerequisite"
            yield from (f"  {unit}: {_listed(missing)}" for unit, missing in value.items())
        elif isinstance(value, list):
            yield f"{name}: {len(value)}" + (f" ({_listed(value)})" if value else "")
        else:
            yield f"{name}: {value}"


def _listed(ids: list[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")
