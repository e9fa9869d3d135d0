"""Render a prompt pattern: sandboxed, undefined variables are errors, nothing in the data is a template.

A brief has two parts. The prefix is the same for every call of a pass (specification, rules, voice), so that the
provider caches it; a test holds it byte-equal between units. The prompt holds everything that varies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from jinja2 import TemplateError

from codex.check.brief import constraints
from codex.check.samples import sample_exercises
from codex.continuity.spoken import forward_phrases, synthesis_phrases
from codex.continuity.thresholds import BACKWARD_UPPER, THRESHOLDS
from codex.corpus.notation import workspace_notation
from codex.corpus.quoting import fenced
from codex.errors import DataError
from codex.prompts.fitting import Shelf, fit, size
from codex.prompts.pattern import Pattern, load_pattern
from codex.prompts.sandbox import ENVIRONMENT
from codex.snapshot import Snapshot


def render(source: str, variables: Mapping[str, Any], name: str) -> str:
    """Render one template; raises DataError when it names a variable that is not there."""
    try:
        return ENVIRONMENT.from_string(source).render(**variables)
    except TemplateError as exc:
        raise DataError(f"Prompt pattern {name} cannot be rendered: {exc}.") from exc


def stable_variables(*, rules: bool = True) -> dict[str, Any]:
    """What prefixes may use: nothing that depends on a unit, a book or a moment."""
    gate = constraints("core")
    return {
        "constraints": gate if rules else [],
        "further_constraints": [each for each in constraints("full") if each not in gate] if rules else [],
        "sample_exercises": sample_exercises(),
        "thresholds": THRESHOLDS,
        "backward_upper": BACKWARD_UPPER,
        "forward_phrases": forward_phrases(),
        "synthesis_phrases": synthesis_phrases(),
    }


class Briefing(Protocol):
    """What of a pass (codex/passes/base.py) a brief is made from."""

    @property
    def prompt(self) -> str: ...

    @property
    def variables(self) -> Callable[[Any], Mapping[str, Any]]: ...


class Situation(Protocol):
    """What every brief is made from, beside what its pass takes from the context.

    That is the attempt that failed, what a person said since, and the workspace's conventions.
    """

    @property
    def failure(self) -> object | None: ...

    @property
    def hint(self) -> str: ...

    @property
    def snapshot(self) -> Snapshot: ...


def render_brief(each: Briefing, context: Situation, tools: Sequence[str], *, rules: bool = True) -> tuple[str, str]:
    """The prefix and the prompt of a call; raises DataError when the pattern names what is not there.

    Without ``rules`` the validator's rules are not listed (settings: ``withhold_rules``).
    """
    pattern = load_pattern(each.prompt)
    shared = load_pattern("common")
    stable = stable_variables(rules=rules)
    prefix = render(shared.prefix + "\n" + pattern.prefix, stable, each.prompt)
    common = {
        "failure": context.failure,
        "hint": context.hint,
        "tools": list(tools),
        "conventions": workspace_notation(context.snapshot),
    }
    given = each.variables(context)
    problems = pattern.problems(given)
    if problems:
        raise DataError(f"Prompt pattern {each.prompt} cannot be rendered: {problems[0]}.")
    variables = {**stable, **given, **common}
    source = pattern.prompt + ("\n" + shared.prompt if context.failure or context.hint else "")
    return prefix, _within_budget(source, variables, pattern, size(prefix))


def _within_budget(source: str, variables: Mapping[str, Any], pattern: Pattern, used: int) -> str:
    """The prompt with its shelves shortened until prefix and prompt keep the pattern's budget together.

    The text that is being edited is beside the budget: whoever edits needs all of it.
    """
    budget = pattern.limits.bytes
    beside = size(fenced(variables["current"])) if variables.get("current") else 0
    bare = {k: replace(v, items=(), least=0) if isinstance(v, Shelf) else v for k, v in variables.items()}
    room = budget - used - _size_without(source, bare, pattern, budget) + beside
    while True:
        fitted = fit(variables, room)
        prompt = render(source, {**fitted.variables, "cut": fitted.cuts, "budget": budget}, pattern.name)
        excess = used + size(prompt) - beside - budget
        if excess <= 0 or not fitted.shortenable:
            return prompt
        room = fitted.used - excess


def _size_without(source: str, bare: Mapping[str, Any], pattern: Pattern, budget: int) -> int:
    return size(render(source, {**fit(bare, 0).variables, "cut": (), "budget": budget}, pattern.name))
