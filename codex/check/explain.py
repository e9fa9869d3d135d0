"""One rule explained for people: what it asks, why, a failing and a passing example, how to repair it."""

from __future__ import annotations

from codex.check.faults import FAULTS
from codex.check.registry import RULE_BY_CODE, RULES
from codex.check.rule import Example, Rule
from codex.errors import UserError

#: Codes of other commands that appear in reports beside those of rules.
OTHER_CODES = {
    "XK001": "More than about 12 backward references per 1,000 words (corrected count) on average: so many links stop "
    "helping a reader. A warning of `codexctl continuity`; it fails nothing.",
}


def explain(code: str) -> str:
    """The explanation of a rule or parse error; ``all`` lists every code with its name. UserError when unknown."""
    wanted = code.strip().upper()
    if wanted == "ALL":
        return "".join(f"{rule.code}  {rule.level}  {rule.severity:7}  {rule.name}\n" for rule in RULES)
    if wanted in FAULTS:
        return f"{wanted}  {FAULTS[wanted].meaning}\n\nTo repair: {FAULTS[wanted].hint}\n"
    if wanted in OTHER_CODES:
        return f"{wanted}  {OTHER_CODES[wanted]}\n"
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
