"""docs/checks.md, written from the rules: ``python -m codex.check.docs [FILE]``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from codex.check.explain import example_text
from codex.check.faults import FAULTS
from codex.check.fix.repairs import REPAIRS
from codex.check.registry import RULES
from codex.check.rule import Example, Rule
from codex.corpus.markdown import table_lines

_INTRODUCTION = """\
# The checks

Generated from the rules; edit the rules and run `python -m codex.check.docs`.

`codexctl check` judges units by the rules below. A verdict is *pass*, *fail* or *not judged* (with the reason): what
could not be judged neither passes nor fails a unit, and is counted apart.

Level *core* is the gate: same names, same order and same verdicts as the reference validator that existing corpora were
accepted by, also where that is loose. A unit with all three tiers and without a formalisation has 27 core results.
Level *full* adds what the rubric asks of every unit and nobody checked. A *warning* never fails a unit.

`codexctl check --explain CODE` shows one rule, `--select CODE,…` runs only some (beginnings of codes will do).
"""

_BY_PATH = """\
## Other rules for some paths

`codex.toml` in the workspace's root sets what is judged where. Codes may be beginnings of codes; a path is a folder, a
file or a pattern; what a later entry says of a rule prevails.

```toml
[check]
gate = "core"              # the level that must be passed
report = "full"            # the level that is shown; what is above the gate is a warning

[[check.paths]]
path = "content/03-modern-geometry"
gate = ["XR001", "XE"]     # counts here, whatever its level and severity
ignore = ["XM001"]         # not judged here

[[check.paths]]
path = "content/**/*-exercises.md"
select = ["XL"]            # judged here beside the rules of the level
```

Agents' `check_draft`, the gates of their passes and the integrator judge by these rules; a new unit ships when every
one of them that is no warning could be judged and passes. `--level` on the command line makes all rules of that level
count, `--select` leaves these settings out.
"""

_REPAIRS = """\
## What `--fix` repairs

Only what is mechanical and certain, in the files of your working tree. After each repair every rule judges the unit
again: one after which a check that passed would fail is left out. Front matter is not touched but for line ends.
`--fix --diff` shows the changes and writes nothing.
"""

#: Where level core departs from the reference validator, and why.
DIFFERENCES = (
    (
        "A file that cannot be read as a unit is a finding on that file (PE001–PE004) and never ends the run; a field "
        "of an unfit type makes the unit fail with PE004, and the rules that do not read it are still listed."
    ),
    "A file whose front matter is valid YAML but no mapping is left out of the index of ids; the reference stops.",
    (
        "RF002 is *not judged* when all that it could not find would lie below `reference/` and the checkout has no "
        "such folder. The reference fails it."
    ),
    (
        "Nothing outside the workspace is ever looked at: an absolute path, or one that leaves by `..`, is not found "
        "(RF002, LN003), whatever the machine holds. The reference would follow it, so its verdict depends on the "
        "machine."
    ),
    "Symbolic links and empty folders are not part of a workspace: a reference to one is not found.",
    "The workspace is the nearest folder with `content/` and `manifests/`; `OVERVIEW.md` is not needed.",
    (
        "Front matter whose aliases stand for more than 100,000 values, or that is nested beyond what the parser can "
        "follow, or holds a number of more than 3,000 digits, is PE003; the reference runs out of memory or stops."
    ),
    (
        "An entry that cannot be looked up because it is itself a list or mapping (a prerequisite, a hook's kind, a "
        "citation's source) counts as not found; the reference may stop with an error."
    ),
    "Hashes at the very end of a file with nothing but blanks behind them are no heading; no verdict depends on it.",
    "`manifests/deps.json` that is not JSON ends the run with a message and exit status 2, and without a traceback.",
)


def document() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from _overview("Level core", (rule for rule in RULES if rule.level == "core"))
    yield from _overview("Level full", (rule for rule in RULES if rule.level == "full"))
    yield "## Files that cannot be read\n"
    yield from (f"* **{code}** {fault.meaning} To repair: {fault.hint}" for code, fault in FAULTS.items())
    yield f"\n{_BY_PATH}"
    yield _REPAIRS
    yield from table_lines(("repair", "what it does"), ((repair.name, _cell(repair.what)) for repair in REPAIRS))
    yield "\n## Where core departs from the reference validator\n"
    yield from (f"{number}. {text}" for number, text in enumerate(DIFFERENCES, 1))
    yield "\n## The rules one by one\n"
    yield "Examples are changes to one small sample unit.\n"
    for rule in RULES:
        yield from _rule(rule)


def _overview(title: str, rules: Iterable[Rule]) -> Iterator[str]:
    yield f"## {title}\n"
    rows = ((f"[{rule.code}](#{rule.code.lower()})", _cell(rule.name), rule.severity) for rule in rules)
    yield from table_lines(("code", "name", "severity"), rows)
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code}\n"
    yield f"**{rule.name}** ({rule.level}, {rule.severity})\n"
    yield f"{rule.why}\n"
    yield f"Reads: {', '.join(rule.reads)}.\n"
    yield from _example("Fails", rule.failing)
    yield from _example("Passes", rule.passing)
    if rule.hint:
        yield f"To repair: {rule.hint}\n"


def _example(word: str, example: Example | None) -> Iterator[str]:
    text = example_text(example) if example else ""
    if text:
        yield f"{word}:\n\n````markdown\n{text}\n````\n"


def main(arguments: list[str]) -> None:
    target = Path(arguments[0] if arguments else "docs/checks.md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
