"""The unit files themselves: readable, named and placed as their ids say, flags that are still true, figures there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath

from codex.errors import ContentError
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View
from codex.integration.steps import figures
from codex.units import Unit, is_id, set_frontmatter_value

_NUMBER = re.compile(r"(\d{2})-")
_FLAG = "pending_prereqs"


def _find_unreadable(view: View) -> Iterator[Found]:
    for unit in view.units:
        if unit.error:
            yield Found(unit.path, unit.error.line, unit.error.sentence)
        elif not is_id(unit.id):
            yield Found(unit.path, unit.line_of_key("id"), f"its id {unit.id!r} is none")


def _find_twice(view: View) -> Iterator[Found]:
    first: dict[str, Unit] = {}
    for unit in view.units:
        if is_id(unit.id) and first.setdefault(unit.id, unit) is not unit:
            yield Found(unit.path, unit.line_of_key("id"), f"{unit.id} is the id of {first[unit.id].path}")


def _find_misplaced(view: View) -> Iterator[Found]:
    units = [unit for unit in view.units if is_id(unit.id)]
    usual: dict[str, Counter[str]] = {}
    for unit in units:
        usual.setdefault(_chapter(unit), Counter())[str(PurePosixPath(unit.path).parent)] += 1
    for unit in units:
        reason = _misplaced(unit, usual[_chapter(unit)])
        if reason:
            yield Found(unit.path, None, reason)


def _chapter(unit: Unit) -> str:
    return unit.id.rpartition(".")[0]


def _misplaced(unit: Unit, folders: Counter[str]) -> str:
    """Why a file is not where its id belongs; "" when it is. Folders without a number bear any."""
    parts = PurePosixPath(unit.path).parts
    section, _, rest = unit.id.partition(".")
    if not unit.name.startswith(f"{unit.id}-"):
        return f"its name does not begin with its id {unit.id}"
    if len(parts) != 4:
        return "it is not in content/<section>/<chapter>/"
    for folder, number in ((parts[1], section), (parts[2], rest.partition(".")[0])):
        numbered = _NUMBER.match(folder)
        if numbered and number.isdecimal() and numbered[1] != number:
            return f"its id {unit.id} does not belong to the folder {folder}"
    here, most = str(PurePosixPath(unit.path).parent), max(folders.values())
    beside = min(folder for folder, count in folders.items() if count == most)
    return "" if folders[here] == most else f"most units of {_chapter(unit)} are in {beside}"


def _find_renamed(view: View) -> Iterator[Found]:
    for unit in view.units:
        if is_id(unit.id) and unit.slug and unit.name != f"{unit.id}-{unit.slug}.md":
            yield Found(unit.path, unit.line_of_key("slug"), f"its slug is {unit.slug}")


def _find_flags(view: View) -> Iterator[Found]:
    for unit in _flagged(view):
        yield Found(
            unit.path, unit.line_of_key(_FLAG), f"{unit.id} waits for nothing: all its prerequisites have shipped"
        )


def _flagged(view: View) -> Iterator[Unit]:
    for unit in view.shipped.values():
        if unit.frontmatter.get(_FLAG) is True and all(p in view.shipped for p in unit.prerequisites):
            yield unit


def _repair_flags(view: View, now: datetime) -> Repair:
    changes = {}
    for unit in _flagged(view):
        try:
            changes[unit.path] = set_frontmatter_value(unit.data.decode("utf-8"), _FLAG, value=False).encode("utf-8")
        except ContentError:
            continue  # front matter written in a way that cannot be edited: left to a person
    note = f"units that no longer say that they wait for a prerequisite: {len(changes)}"
    return Repair(changes, (note,)) if changes else Repair()


def _missing_figures(view: View) -> Iterator[tuple[Unit, figures.Figure]]:
    existing = list(view.snapshot.blobs())
    for unit in view.shipped.values():
        for figure in figures.missing(figures.named_figures(unit.text, unit.path, unit.title), existing):
            yield unit, figure


def _find_figures(view: View) -> Iterator[Found]:
    for unit, figure in _missing_figures(view):
        name = PurePosixPath(figure.path).name
        at = unit.text.find(name)
        line = unit.text.count("\n", 0, at) + 1 if at >= 0 else None
        yield Found(unit.path, line, f"the figure {figure.path} is not there")


def _repair_figures(view: View, now: datetime) -> Repair:
    changes = {figure.path: figures.placeholder(figure) for _, figure in _missing_figures(view)}
    return Repair(changes, (f"placeholder figures drawn: {len(changes)}",)) if changes else Repair()


UNREADABLE = Kind(
    name="unreadable-units",
    group="units",
    title="files below content/ that cannot be read as units",
    means="No front matter, no YAML, no UTF-8, or no id: the file counts nowhere.",
    mends="Mend the file; `codexctl check` names the line.",
    find=_find_unreadable,
)

TWICE = Kind(
    name="ids-taken-twice",
    group="units",
    title="units whose id another unit has",
    means="Two producers took the same number. Everything that names the id means the first file.",
    mends="Give one of them the next free id of its chapter.",
    find=_find_twice,
)

MISPLACED = Kind(
    name="misplaced-units",
    group="units",
    title="units in a folder where their id does not belong",
    means="The chapter was renumbered, or the file was put by hand. It is found all the same; new units of a chapter "
    "go where most of its units are.",
    mends="Move the file with `git mv`; links by id go on working.",
    find=_find_misplaced,
)

RENAMED = Kind(
    name="other-slugs",
    group="units",
    title="units whose file name says another slug than their front matter",
    means="One of the two was changed later.",
    mends="Bring one to the other; the engine goes by the file's name.",
    find=_find_renamed,
)

FLAGS = Kind(
    name="stale-flags",
    group="units",
    title="units that say they wait for a prerequisite that has shipped",
    means="`pending_prereqs: true` stayed when the last prerequisite shipped.",
    mends="Sets the flag to false.",
    find=_find_flags,
    repair=_repair_flags,
)

FIGURES = Kind(
    name="missing-figures",
    group="units",
    title="figures that units name and that are not there",
    means="Nobody has drawn the figure yet, its file was lost, or the site with the figures is not in this folder. "
    "Readers see a broken image.",
    mends="Draws a placeholder with title and caption, as every integration does. Where the site is elsewhere, add "
    "`--skip missing-figures`.",
    find=_find_figures,
    repair=_repair_figures,
)
