"""Load a prompt pattern and render it: sandboxed, undefined variables are errors, nothing in the data is a template.

A brief has two parts. The prefix is the same for every call of a pass (specification, rules, voice), so that the
provider caches it; a test holds it byte-equal between units. The prompt holds everything that varies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Protocol

import frontmatter
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from codex.check.brief import constraints
from codex.continuity.thresholds import BACKWARD_UPPER, THRESHOLDS
from codex.corpus.quoting import fenced, line, plain
from codex.errors import DataError

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
)
#: What patterns put text of others through, so that it cannot pass for a part of the brief (corpus/quoting.py).
_ENVIRONMENT.filters |= {"line": line, "plain": plain, "fenced": fenced}


@dataclass(frozen=True)
class Pattern:
    """A prompt pattern. ``status`` is proven or projected; ``prefix`` and ``prompt`` are Jinja2 sources."""

    name: str
    version: int
    pass_name: str
    status: str
    prefix: str
    prompt: str


@lru_cache
def load_pattern(name: str) -> Pattern:
    """The packaged pattern of that name; raises DataError when its parts are not there."""
    text = resources.files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    post = frontmatter.loads(text)
    prefix, mark, prompt = post.content.partition("\n# Prompt\n")
    if not mark or not prefix.startswith("# Prefix\n"):
        raise DataError(f"Prompt pattern {name} lacks '# Prefix' or '# Prompt'.")
    meta = post.metadata
    return Pattern(
        str(meta["name"]), int(str(meta["version"])), str(meta["pass"]), str(meta["status"]),
        prefix.removeprefix("# Prefix\n").strip() + "\n", prompt.strip() + "\n",
    )  # fmt: skip


def render(source: str, variables: Mapping[str, Any], name: str) -> str:
    """Render one template; raises DataError when it names a variable that is not there."""
    try:
        return _ENVIRONMENT.from_string(source).render(**variables)
    except TemplateError as exc:
        raise DataError(f"Prompt pattern {name} cannot be rendered: {exc}.") from exc


def stable_variables(*, rules: bool = True) -> dict[str, Any]:
    """What prefixes may use: nothing that depends on a unit, a book or a moment."""
    return {"constraints": constraints() if rules else [], "thresholds": THRESHOLDS, "backward_upper": BACKWARD_UPPER}


class Briefing(Protocol):
    """What of a pass (codex/passes/base.py) a brief is made from."""

    @property
    def prompt(self) -> str: ...

    @property
    def variables(self) -> Callable[[Any], Mapping[str, Any]]: ...


class Situation(Protocol):
    """What of a pass's context a brief is made from, beside what the pass takes from it: the attempt that failed."""

    @property
    def failure(self) -> object | None: ...


def render_brief(each: Briefing, context: Situation, tools: Sequence[str], *, rules: bool = True) -> tuple[str, str]:
    """The prefix and the prompt of a call; raises DataError when the pattern names what is not there.

    Without ``rules`` the validator's rules are not listed (settings: ``withhold_rules``).
    """
    pattern = load_pattern(each.prompt)
    shared = load_pattern("common")
    stable = stable_variables(rules=rules)
    prefix = render(shared.prefix + "\n" + pattern.prefix, stable, each.prompt)
    variables = {**stable, **each.variables(context), "failure": context.failure, "tools": list(tools)}
    prompt = render(pattern.prompt, variables, each.prompt)
    if context.failure:
        prompt += "\n" + render(shared.prompt, variables, "common")
    return prefix, prompt
