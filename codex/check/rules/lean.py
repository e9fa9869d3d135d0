"""Formalisation status: LN001–LN006."""

from __future__ import annotations

from codex.check.answers import Answers
from codex.check.rule import Example, Finding, Rule, UnfitField, fail, pass_if, show
from codex.check.rules.values import id_text
from codex.units import Unit
from codex.units.ids import id_prefix

#: Sections in which the note must say in detail what is missing.
_FORMAL_PREFIXES = {f"{n:02d}" for n in (*range(20), *range(37, 48))}
_LONG_NOTE, _SHORT_NOTE = 30, 5

_STATUS_LINE = "lean_status: none\n"
_NOTE_HINT = "Say in lean_mathlib_gap which definitions and statements of this unit Mathlib has, and which it lacks."


def _module_declared(unit: Unit, status: str) -> Finding | None:
    if unit.frontmatter.get("lean_status") != status:
        return None
    return pass_if(unit.frontmatter.get("lean_module"), "lean_module is missing", unit.line_of_key("lean_status"))


def _full_module(unit: Unit, answers: Answers) -> Finding | None:
    return _module_declared(unit, "full")


def _partial_module(unit: Unit, answers: Answers) -> Finding | None:
    return _module_declared(unit, "partial")


LN001 = Rule(
    code="LN001",
    name="lean_status: full has lean_module declared",
    level="core",
    severity="error",
    reads=("lean_status", "lean_module"),
    why="A unit that says it is formalised must say where.",
    failing=Example(_STATUS_LINE, "lean_status: full\n"),
    passing=Example(
        _STATUS_LINE, "lean_status: full\nlean_module: Sample.Parity\n", files=(("lean/Sample/Parity.lean", "-- ok\n"),)
    ),
    hint="Declare lean_module, or set lean_status to none.",
    constraint="Unless the task provides a Lean module, lean_status is none.",
    check=_full_module,
)
LN002 = Rule(
    code="LN002",
    name="lean_status: partial has lean_module declared",
    level="core",
    severity="error",
    reads=("lean_status", "lean_module"),
    why="A unit that says it is partly formalised must say where.",
    failing=Example(_STATUS_LINE, "lean_status: partial\n"),
    passing=Example(
        _STATUS_LINE,
        "lean_status: partial\nlean_module: Sample.Parity\n",
        files=(("lean/Sample/Parity.lean", "-- ok\n"),),
    ),
    hint="Declare lean_module, or set lean_status to none.",
    constraint="",
    check=_partial_module,
)


def module_path(module: str) -> str:
    """``A.B`` → ``lean/A/B.lean``."""
    return f"lean/{module.replace('.', '/')}.lean"


def _module_file(unit: Unit, answers: Answers) -> Finding | None:
    module = unit.frontmatter.get("lean_module")
    if unit.frontmatter.get("lean_status") not in ("full", "partial") or not module:
        return None
    if not isinstance(module, str):
        raise UnfitField(unit, "lean_module", "text")
    path = module_path(module)
    return pass_if(answers.path_exists(path), f"{show(path)} does not exist", unit.line_of_key("lean_module"))


LN003 = Rule(
    code="LN003",
    name="lean_module file exists at expected path",
    level="core",
    severity="error",
    reads=("lean_status", "lean_module", "files below lean/"),
    why="The module must be in the checkout.",
    failing=Example(_STATUS_LINE, "lean_status: partial\nlean_module: Sample.NoSuchModule\n"),
    passing=Example(
        _STATUS_LINE,
        "lean_status: partial\nlean_module: Sample.Parity\n",
        files=(("lean/Sample/Parity.lean", "-- ok\n"),),
    ),
    hint="Name a module whose file exists below lean/, or set lean_status to none and drop lean_module.",
    constraint="",
    check=_module_file,
)


def _none_without_module(unit: Unit, answers: Answers) -> Finding | None:
    if unit.frontmatter.get("lean_status") != "none":
        return None
    module = unit.frontmatter.get("lean_module")
    return pass_if(not module, f"unexpected lean_module: {show(module)}", unit.line_of_key("lean_module"))


LN004 = Rule(
    code="LN004",
    name="lean_status: none has no lean_module declared",
    level="core",
    severity="error",
    reads=("lean_status", "lean_module"),
    why="A module beside status none is one claim too many.",
    failing=Example(_STATUS_LINE, "lean_status: none\nlean_module: Sample.Parity\n"),
    passing=Example(),
    hint="Remove lean_module, or set lean_status to partial or full.",
    constraint="With lean_status none there is no lean_module.",
    check=_none_without_module,
)


def _none_with_note(unit: Unit, answers: Answers) -> Finding | None:
    if unit.frontmatter.get("lean_status") != "none":
        return None
    note = unit.frontmatter.get("lean_mathlib_gap")
    name = id_text(unit)
    long_note = id_prefix(name) in _FORMAL_PREFIXES or name.startswith("20.01.")
    least = _LONG_NOTE if long_note else _SHORT_NOTE
    words = len(str(note).split()) if note else 0
    return pass_if(words >= least, f"{words} words, at least {least} wanted", unit.line_of_key("lean_mathlib_gap"))


LN005 = Rule(
    code="LN005",
    name="lean_status: none has lean/formalization note",
    level="core",
    severity="error",
    reads=("lean_status", "lean_mathlib_gap", "id"),
    why="Whoever formalises the unit later starts from this note. Mathematical sections need 30 words, others 5.",
    failing=Example("lean_mathlib_gap: >-\n", "lean_mathlib_gap: not yet\nlean_note: >-\n"),
    passing=Example(),
    hint=_NOTE_HINT,
    constraint="With lean_status none, lean_mathlib_gap has at least 30 words on what the proof library has and lacks "
    "for this unit (5 words outside the mathematical and scientific sections 00–19 and 37–47).",
    check=_none_with_note,
)


def _status_known(unit: Unit, answers: Answers) -> Finding | None:
    status = unit.frontmatter.get("lean_status")
    if status in ("full", "partial", "none"):
        return None
    return fail(f"lean_status is {show(status)}", unit.line_of_key("lean_status"))


LN006 = Rule(
    code="LN006",
    name="lean_status is full | partial | none",
    level="core",
    severity="error",
    reads=("lean_status",),
    why="An unknown status takes the place of both formalisation checks and always fails.",
    failing=Example(_STATUS_LINE, "lean_status: planned\n"),
    passing=Example(),
    hint="Write lean_status: none, partial or full.",
    constraint="lean_status is one of full, partial, none.",
    check=_status_known,
)
