"""Review, formalisation, sources, originality: XM001 XM002 XM003 XV001 (level full)."""

from __future__ import annotations

import re

from codex.check.answers import Answers
from codex.check.overlap import WORD
from codex.check.rule import PASS, Example, Finding, Rule, fail, not_judged, pass_if, show
from codex.check.rules.lean import module_path
from codex.check.rules.references import TODO_REF
from codex.check.rules.values import declared_tiers, mappings
from codex.units import Unit
from codex.units.cuts import masked, math_spans

_NOBODY = ("", "tbd", "none", "n/a")


def _reviewer(unit: Unit, answers: Answers) -> Finding | None:
    if unit.frontmatter.get("lean_status") != "none" or not declared_tiers(unit) & {"intermediate", "master"}:
        return None
    reviewer = unit.text_value("human_reviewer")
    named = reviewer.lower() not in _NOBODY
    return pass_if(named, f"human_reviewer is {show(reviewer)}", unit.line_of_key("human_reviewer"))


XM001 = Rule(
    code="XM001",
    name="a unit that is not formalised names its human reviewer",
    level="full",
    severity="warning",
    reads=("lean_status", "tiers_present", "human_reviewer"),
    why="Above the Beginner tier somebody must answer for the mathematics: a proof assistant or a person.",
    failing=Example('human_reviewer: "A. Reviewer, 2026-01-15"', "human_reviewer: TBD"),
    passing=Example(),
    hint="Leave this to a person: never invent a reviewer. The warning goes when somebody has reviewed the unit.",
    constraint="",
    check=_reviewer,
)


def _lean_file(unit: Unit, answers: Answers) -> Finding | None:
    module = unit.frontmatter.get("lean_module")
    if unit.frontmatter.get("lean_status") not in ("full", "partial") or not isinstance(module, str) or not module:
        return None
    path = module_path(module)
    line = unit.line_of_key("lean_module")
    if answers.file_is_empty(path):
        return fail(f"{show(path)} is empty or missing", line)
    # Compiling would run code that an agent wrote; that is a build's task, in a sandbox of its own.
    return not_judged(f"{show(path)} is not compiled here; run `lake build` in lean/", line)


XM002 = Rule(
    code="XM002",
    name="the Lean module of a formalised unit compiles",
    level="full",
    severity="error",
    reads=("lean_status", "lean_module", "files below lean/"),
    why="An empty file proves nothing. Whether it compiles is not judged: checking never runs code.",
    failing=Example(
        "lean_status: none\n",
        "lean_status: partial\nlean_module: Sample.Parity\n",
        files=(("lean/Sample/Parity.lean", "\n"),),
    ),
    passing=Example(),
    hint="Put the formalisation into the module's file, or set lean_status to none.",
    constraint="",
    check=_lean_file,
)

LEAST_SOURCES = 2


def _sources(unit: Unit, answers: Answers) -> Finding:
    entries = mappings(unit, "references")
    distinct = {str(e.get("path") if e.get("source") == TODO_REF else e.get("source")) for e in entries}
    detail = f"{len(distinct)} distinct sources, at least {LEAST_SOURCES} wanted"
    return pass_if(len(distinct) >= LEAST_SOURCES, detail, unit.line_of_key("references"))


XM003 = Rule(
    code="XM003",
    name="references name at least two different sources",
    level="full",
    severity="warning",
    reads=("references",),
    why="A unit that follows one source alone retells it. TODO_REF entries are told apart by their paths.",
    failing=Example('path: "Hardy, Wright — Theory of Numbers"', 'path: "Euclid — Elements"'),
    passing=Example(),
    hint="Add a second, independent source that the unit really uses.",
    constraint="references names at least two different sources.",
    check=_sources,
)

LONGEST_SHARED_RUN = 12


def _overlap(unit: Unit, answers: Answers) -> Finding | None:
    if not answers.reference_digest():
        return None
    text = unit.body_masked
    words = list(WORD.finditer(masked(text, math_spans(text))))
    length = LONGEST_SHARED_RUN + 1
    shared = answers.shared_run(tuple(word[0].lower() for word in words), length)
    if shared is None:
        return PASS
    start, file = shared
    quoted = re.sub(r"\s+", " ", text[words[start].start() : words[start + length - 1].end()])
    return fail(f"also in {show(file)}: “{show(quoted)}”", unit.line_at(words[start].start()))


XV001 = Rule(
    code="XV001",
    name="no run of more than 12 words is taken over from a source",
    level="full",
    severity="warning",
    reads=("body", "texts below reference/"),
    why="Units are written anew, not copied. Formulas and code are left out; without a reference/ folder the rule "
    "does not apply.",
    failing=Example(
        "The sum of two even numbers is even.",
        "If as many even numbers as we please be added together the whole is even.",
        files=(
            (
                "reference/euclid/book-nine.md",
                "If as many even numbers as we please be added together, the whole is even.\n",
            ),
        ),
    ),
    passing=Example(
        "The sum of two even numbers is even.",
        "Add any even numbers: the whole is even.",
        files=(
            (
                "reference/euclid/book-nine.md",
                "If as many even numbers as we please be added together, the whole is even.\n",
            ),
        ),
    ),
    hint="Say the passage in your own words, or quote it openly in a dozen words at most.",
    constraint="No run of more than 12 consecutive words is taken from a source.",
    check=_overlap,
)
