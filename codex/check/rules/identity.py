"""Who a unit is: XI001 XI002 XA001 XS001 (level full)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from codex.check.answers import Answers
from codex.check.rule import Example, Finding, Place, Rule, fail, fail_at, pass_if, show
from codex.check.rules.values import declared_tiers, id_text
from codex.units import TIERS, Unit, is_id


def _unique_id(unit: Unit, answers: Answers) -> Finding | None:
    name = id_text(unit).strip()
    if not name:
        return None
    others = [path for path in answers.files_with_id(name) if path != unit.path]
    if not _in_content(unit):  # a draft elsewhere may replace the unit of the same file name
        others = [path for path in others if PurePosixPath(path).name != unit.name]
    return pass_if(not others, f"id {name} is also carried by {', '.join(others)}", unit.line_of_key("id"))


def _in_content(unit: Unit) -> bool:
    return unit.path.startswith("content/")


XI001 = Rule(
    code="XI001",
    name="the id is carried by one file only",
    level="full",
    severity="error",
    reads=("id", "ids of the corpus"),
    why="Two files with one id make every reference to it ambiguous.",
    failing=Example("id: 00.01.02\n", "id: 00.01.01\n"),
    passing=Example(),
    hint="Give this unit the id that its task names; never reuse an id.",
    constraint="The unit carries exactly the id given in the task.",
    check=_unique_id,
)

_LEADING_NUMBER = re.compile(r"[0-9]{2}(?![0-9])")


def _id_and_places(unit: Unit, answers: Answers) -> Finding:
    name = id_text(unit).strip()
    line = unit.line_of_key("id")
    if not is_id(name):
        return fail(f"{show(name)} is no unit, pack or essay id", line)
    places = []
    if unit.slug and unit.name != f"{name}-{unit.slug}.md":
        places.append(Place(f"the file is called {show(unit.name)}, expected {show(f'{name}-{unit.slug}.md')}", line))
    if _in_content(unit):
        places += [Place(problem, line) for problem in _folder_problems(unit.path, name)]
    return fail_at(places)


def _folder_problems(path: str, name: str) -> list[str]:
    folders = path.split("/")[1:3] if path.count("/") >= 3 else []
    found = []
    for folder, part in zip(folders, name.split("."), strict=False):
        number = _LEADING_NUMBER.match(folder)
        if number and part.isdigit() and number[0] != part:
            found.append(f"folder {show(folder)} does not fit id part {part}")
    return found


XI002 = Rule(
    code="XI002",
    name="id, slug, file name and folders agree",
    level="full",
    severity="warning",
    reads=("id", "slug", "path"),
    why="A unit should be found where its id says. Folders without a number are not compared.",
    failing=Example("slug: even-numbers\n", "slug: numbers-that-are-even\n"),
    passing=Example(),
    hint="Make slug and file name agree: `<id>-<slug>.md`, in the folders of the id's first two parts.",
    constraint="slug is the part of the file name between the id and `.md`.",
    check=_id_and_places,
)


def _anchors(unit: Unit, answers: Answers) -> Finding:
    anchors = unit.frontmatter.get("tier_anchors")
    line = unit.line_of_key("tier_anchors")
    if not isinstance(anchors, Mapping):
        return fail(f"tier_anchors is {show(anchors)}, not a mapping of tiers", line)
    present = declared_tiers(unit)
    places = []
    for tier in TIERS:
        value = anchors.get(tier)
        if tier in present and (not value or value == "deferred"):
            places.append(Place(f"{tier} is present, but its anchor is {show(value)}", line))
        if tier not in present and value not in (None, "deferred"):
            places.append(Place(f"{tier} is not present, but its anchor is {show(value)}", line))
    return fail_at(places)


XA001 = Rule(
    code="XA001",
    name="tier_anchors names an anchor for each tier present, and for no other",
    level="full",
    severity="error",
    reads=("tier_anchors", "tiers_present"),
    why="An anchor is the published text whose level a tier meets.",
    failing=Example("  master: Hardy and Wright", "  master: deferred"),
    passing=Example(),
    hint="Name a text of the right level for every tier in tiers_present; write `deferred` for the others.",
    constraint="tier_anchors is a mapping with a text of the right level for each tier in tiers_present.",
    check=_anchors,
)

STATUSES = ("draft", "review", "approved", "shipped")


def _status(unit: Unit, answers: Answers) -> Finding:
    value = unit.frontmatter.get("status")
    return pass_if(value in STATUSES, f"status is {show(value)}", unit.line_of_key("status"))


XS001 = Rule(
    code="XS001",
    name="status is draft, review, approved or shipped",
    level="full",
    severity="error",
    reads=("status",),
    why="Other words are understood by no tool.",
    failing=Example("status: shipped", "status: done"),
    passing=Example("status: shipped", "status: review"),
    hint="Set status to the word the task names, one of draft, review, approved, shipped.",
    constraint="status is one of draft, review, approved, shipped.",
    check=_status,
)
