"""Sources: RF001–RF003, citations CT001, outgoing hooks HK001–HK002."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from codex.check.answers import Answers
from codex.check.rule import PASS, Example, Finding, Place, Rule, UnfitField, fail_at, not_judged, pass_if, show
from codex.check.rules.values import items, mappings
from codex.units import Unit
from codex.units.ids import ESSAY_ID, UNIT_ID

TODO_REF = "TODO_REF"


def _any_reference(unit: Unit, answers: Answers) -> Finding:
    return pass_if(unit.frontmatter.get("references"), "references is empty", unit.line_of_key("references"))


RF001 = Rule(
    code="RF001",
    name="≥1 references entry",
    level="core",
    severity="error",
    reads=("references",),
    why="A unit without a source cannot be checked by anybody.",
    failing=Example(
        "references:\n"
        '  - {source: TODO_REF, path: "Euclid — Elements", locator: "Book IX"}\n'
        '  - {source: TODO_REF, path: "Hardy, Wright — Theory of Numbers", locator: "ch. 1"}\n',
        "references: []\n",
    ),
    passing=Example(),
    hint="List the sources the unit rests on under `references`, each with source, path and locator.",
    constraint="references has at least one entry (source, path, locator).",
    check=_any_reference,
)


def _resolve_references(unit: Unit, answers: Answers) -> Finding | None:
    if not unit.frontmatter.get("references"):
        return None
    line = unit.line_of_key("references")
    bad: list[Place] = []
    unseen: list[Place] = []
    for number, entry in enumerate(items(unit, "references"), 1):
        problem, outside_archive = _reference_problem(unit, entry, answers)
        if problem:
            (bad if outside_archive else unseen).append(Place(f"entry {number}: {problem}", line))
    if bad or not unseen:
        return fail_at(bad)
    if answers.path_exists("reference"):
        return fail_at(unseen)
    return not_judged(f"this checkout has no reference/ folder to look into ({unseen[0].detail})", line)


def _reference_problem(unit: Unit, entry: Any, answers: Answers) -> tuple[str, bool]:
    """What is wrong ("" for nothing), and whether that holds whatever the archive ``reference/`` contains."""
    if not isinstance(entry, Mapping):
        return f"{show(entry)} is not a mapping", True
    if entry.get("pending"):
        return ("" if entry.get("pointer") else "pending without a pointer"), True
    source, path = entry.get("source", ""), entry.get("path", "")
    if source == TODO_REF or path == "":
        return ("" if source == TODO_REF else "no path and not TODO_REF"), True
    if not (isinstance(path, str) and isinstance(source, str)):
        raise UnfitField(unit, "references", "a list of mappings whose source and path are text")
    places = [p for p in _candidates(source, path) if not p.startswith("/")]
    if not places:
        return f"{show(path)} is an absolute path, outside the workspace", True
    found = any(answers.path_exists(place) for place in places)
    return ("" if found else f"{show(path)} of {show(source)} is not in the archive"), False


def _candidates(source: str, path: str) -> Iterator[str]:
    """Where the reference looks, with an absolute part replacing what stands before it."""
    for parts in ((source, path), (path,), (path.replace("md/", ""),)):
        place = "reference"
        for part in parts:
            place = part if part.startswith("/") else f"{place}/{part}"
        yield place


RF002 = Rule(
    code="RF002",
    name="every references[] entry resolves OR is pending+pointer",
    level="core",
    severity="error",
    reads=("references", "files below reference/"),
    why="A source that cannot be opened is no source. Where the archive is not checked out, nothing is judged. "
    "Paths that leave the workspace are never looked at.",
    failing=Example(
        '  - {source: TODO_REF, path: "Euclid — Elements", locator: "Book IX"}', "  - {source: euclid, pending: true}"
    ),
    passing=Example(
        '  - {source: TODO_REF, path: "Euclid — Elements", locator: "Book IX"}',
        '  - {source: euclid, pending: true, pointer: "list of sources to acquire, no. 3"}',
    ),
    hint="Use `source: TODO_REF` with the full title as `path` for a source that is not in the archive; give a pending "
    "entry a `pointer`; correct the path of one that is in the archive.",
    constraint="Every entry of references is a mapping with source, path and locator; a source that is not in the "
    "workspace's archive has `source: TODO_REF` and author and title as its path.",
    check=_resolve_references,
)


def _settled_reference(unit: Unit, answers: Answers) -> Finding | None:
    if not unit.frontmatter.get("references"):
        return None
    settled = any(isinstance(entry, Mapping) and not entry.get("pending") for entry in items(unit, "references"))
    return pass_if(settled, "all entries are pending", unit.line_of_key("references"))


RF003 = Rule(
    code="RF003",
    name="at least one non-pending reference exists",
    level="core",
    severity="error",
    reads=("references",),
    why="At least one source must be more than a plan.",
    failing=Example(
        '  - {source: TODO_REF, path: "Euclid — Elements", locator: "Book IX"}\n'
        '  - {source: TODO_REF, path: "Hardy, Wright — Theory of Numbers", locator: "ch. 1"}\n',
        '  - {source: euclid, pending: true, pointer: "to acquire"}\n',
    ),
    passing=Example(),
    hint="Add a reference without `pending: true`.",
    constraint="At least one entry of references has no `pending: true`; `source: TODO_REF` with a path is enough.",
    check=_settled_reference,
)

_CITATION = re.compile(r"\[ref:\s+([\w-]+)")


def _citations(unit: Unit, answers: Answers) -> Finding:
    declared = {entry.get("source") for entry in _with_text_source(unit)} | {TODO_REF}
    return fail_at(
        Place(f"[ref: {show(match[1])}] is not a source in the front matter", unit.line_at(match.start()))
        for match in _CITATION.finditer(unit.body)
        if match[1] not in declared
    )


def _with_text_source(unit: Unit) -> list[Mapping[Any, Any]]:
    return [entry for entry in mappings(unit, "references") if isinstance(entry.get("source"), str)]


CT001 = Rule(
    code="CT001",
    name="every [ref: …] uses a declared source",
    level="core",
    severity="error",
    reads=("body", "references"),
    why="A citation must lead to an entry of the front matter. `[ref:x]` without a blank is not a citation.",
    failing=Example("[ref: TODO_REF Book IX]", "[ref: nosuchsource Book IX]"),
    passing=Example("[ref: TODO_REF Book IX]", "[ref:nosuchsource Book IX]"),
    hint="Cite with the `source` of an entry of the front matter (`[ref: TODO_REF Author, place]` for a TODO_REF "
    "entry), or add the entry.",
    constraint="Citations have the form `[ref: source place]`, the source being one declared under references, or "
    "TODO_REF.",
    check=_citations,
)


def _no_hooks(unit: Unit, answers: Answers) -> Finding | None:
    return None if unit.frontmatter.get("hooks_out") else PASS


HK001 = Rule(
    code="HK001",
    name="hooks_out absent or empty is valid",
    level="core",
    severity="error",
    reads=("hooks_out",),
    why="Hooks are optional; their absence is counted as a check that passed. It cannot fail.",
    failing=None,
    passing=Example(),
    hint="",
    constraint="",
    check=_no_hooks,
)


def _hooks(unit: Unit, answers: Answers) -> Finding | None:
    if not unit.frontmatter.get("hooks_out"):
        return None
    line = unit.line_of_key("hooks_out")
    return fail_at(
        Place(f"hook {number}: {problem}", line)
        for number, hook in enumerate(items(unit, "hooks_out"), 1)
        if (problem := _hook_problem(hook, answers))
    )


def _hook_problem(hook: Any, answers: Answers) -> str:
    if not isinstance(hook, Mapping):
        return f"{show(hook)} is not a mapping"
    target, kind = str(hook.get("target", "")), hook.get("kind")
    is_essay = ESSAY_ID.fullmatch(target) is not None
    if not (is_essay or UNIT_ID.fullmatch(target)):
        return f"target {show(target)} is not an id"
    if kind not in ("proposed", "confirmed"):
        return f"kind {show(kind)} is neither proposed nor confirmed"
    if len(str(hook.get("why", "")).strip()) < 30:
        return "why has fewer than 30 characters"
    if kind == "proposed":
        return ""
    if not hook.get("confirmed_by"):
        return "confirmed, but confirmed_by is missing"
    known = answers.is_shipped_anywhere(target) or (is_essay and answers.is_known(target))
    return "" if known else f"confirmed, but {target} is not shipped"


HK002 = Rule(
    code="HK002",
    name="hooks_out entries are well-formed",
    level="core",
    severity="error",
    reads=("hooks_out", "ids and statuses of the corpus and the site"),
    why="A hook promises a reader that another unit takes the thought up; it must say to whom and why.",
    failing=Example("hooks_out: []", "hooks_out:\n  - {target: 00.01.03, kind: proposed, why: too short}"),
    passing=Example(
        "hooks_out: []",
        "hooks_out:\n  - {target: 00.01.03, kind: proposed, why: parity returns there as a special case}",
    ),
    hint="Give every hook a target id (NN.NN.NN), kind `proposed`, and a why of at least 30 characters. `confirmed` "
    "needs confirmed_by and a shipped target.",
    constraint="hooks_out may be left out; if present, every entry has target (an id), kind `proposed`, and a why of "
    "at least 30 characters.",
    check=_hooks,
)
