"""One rule explained for people: what it asks, why, a failing and a passing example, how to repair it."""

from __future__ import annotations

from codex.check.registry import RULE_BY_CODE, RULES
from codex.check.rule import Example, Rule
from codex.errors import UserError

#: What stands for a file that cannot be read as a unit at all (unit-rubric §1.2).
PARSE_ERRORS = {
    "PE001": "The file is not UTF-8 text.",
    "PE002": "There is no front matter: the file must begin with a line of three hyphens, and a second such line ends "
    "the front matter. A byte order mark or a blank line in front breaks it.",
    "PE003": "The front matter is not valid YAML 1.1.",
    "PE004": "The front matter is not a mapping, or a field has a type that a rule cannot work with.",
}


def explain(code: str) -> str:
    """The explanation of a rule or parse error; ``all`` lists every code with its name. UserError when unknown."""
    wanted = code.strip().upper()
    if wanted == "ALL":
        return "".join(f"{rule.code}  {rule.level}  {rule.severity:7}  {rule.name}\n" for rule in RULES)
    if wanted in PARSE_ERRORS:
        return f"{wanted}  {PARSE_ERRORS[wanted]}\n"
    if wanted not in RULE_BY_CODE:
        raise UserError(f"No rule has the code {code!r}.", remedy="`codexctl check --explain all` lists them.")
    return _explain(RULE_BY_CODE[wanted])


def _explain(rule: Rule) -> str:
    parts = [f"{rule.code}  {rule.name}", f"level {rule.level}, severity {rule.severity}", "", rule.why]
    parts += ["", f"Reads: {', '.join(rule.reads)}."]
    if rule.failing:
        parts += ["", "Fails:", *_shown(rule.failing)]
    if shown := _shown(rule.passing):
        parts += ["", "Passes:", *shown]
    if rule.hint:
        parts += ["", f"To repair: {rule.hint}"]
    return "\n".join(parts) + "\n"


def _shown(example: Example) -> list[str]:
    return [f"    {line}" for line in example_text(example).splitlines()]


def example_text(example: Example, limit: int = 240) -> str:
    """What an example shows: the changed text, or the file name; "" for the unchanged sample."""
    text = example.name or example.new.strip("\n")
    return text if len(text) <= limit else text[:limit].rstrip() + " …"
