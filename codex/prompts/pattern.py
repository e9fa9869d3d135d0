"""Prompt patterns: what they are, as their front matter declares it, checked when a pattern is loaded.

A pattern is Markdown: front matter, then ``# Prefix`` and ``# Prompt``, both Jinja2 sources. Its variables are declared
with their types; what it names and what it declares must be the same, and a pass must give each of the right type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Literal

import frontmatter
from jinja2 import TemplateSyntaxError, meta
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from codex.errors import DataError
from codex.prompts.fitting import Shelf
from codex.prompts.sandbox import ENVIRONMENT

#: Runs of its own version that make a pattern proven (playbook §3).
PROVEN_RUNS = 5

#: Type of a variable as declared → what a pass may give for it.
TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "text?": (str, type(None)),
    "number": (int, float),
    "list": (list, tuple),
    "mapping": (Mapping,),
    "shelf": (Shelf,),
    "record": (object,),
}

#: ``pass`` of the pattern that is part of every brief.
COMMON_PASS = "any"
#: Variables that render.py gives to every prompt, beside those of the pass.
COMMON = frozenset({"failure", "hint", "tools", "conventions", "cut", "budget"})
#: Variables of prefixes: nothing in them depends on a unit, a book or a moment.
STABLE = frozenset(
    {
        *("constraints", "further_constraints", "thresholds", "backward_upper"),
        *("forward_phrases", "synthesis_phrases", "sample_exercises"),
    }
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Part):
    """``bytes``: of prefix and prompt together; ``max_tokens`` of one turn, ``max_turns`` of a conversation, where
    codex.toml sets none.
    """

    bytes: int = Field(ge=10_000, le=1_000_000)
    max_tokens: int = Field(default=32_000, ge=256, le=1_000_000)
    max_turns: int = Field(default=40, ge=1, le=500)


class Baseline(_Part):
    """What a conversation has taken: medians over ``n`` recorded ones of pattern version ``version``, in tokens.

    ``projected`` has no runs behind it, and no numbers.
    """

    source: Literal["measured", "projected"]
    version: int | None = Field(default=None, ge=1)
    n: int = Field(default=0, ge=0)
    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)
    turns: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _runs_behind_numbers(self) -> Baseline:
        numbers = (self.version, self.input_tokens, self.output_tokens, self.turns)
        if self.source == "measured" and (not self.n or None in numbers):
            raise ValueError("a measured baseline has version, n, input_tokens, output_tokens and turns")
        if self.source == "projected" and (self.n or any(number is not None for number in numbers)):
            raise ValueError("a projected baseline has no numbers: there are no runs behind it")
        return self


class Head(_Part):
    """A pattern's front matter."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    pass_name: str = Field(alias="pass")
    version: int = Field(ge=1)
    status: Literal["proven", "projected"]
    model: str = Field(default="", description="used where codex.toml names none for the pass")
    limits: Limits | None = None
    variables: dict[str, Literal["text", "text?", "number", "list", "mapping", "shelf", "record"]] = Field(
        default_factory=dict, description="what the pass gives for its prompt, by type"
    )
    baseline: Baseline

    @model_validator(mode="after")
    def _proven_by_runs(self) -> Head:
        own = self.baseline.n if self.baseline.version == self.version else 0
        if self.pass_name != COMMON_PASS and not (self.model and self.limits):
            raise ValueError("the pattern of a pass has a model and limits")
        if self.status == "proven" and own < PROVEN_RUNS:
            raise ValueError(f"proven needs {PROVEN_RUNS} measured runs of this version, there are {own}")
        return self


class Pattern(_Part):
    """A loaded pattern. ``prefix`` and ``prompt`` are Jinja2 sources."""

    head: Head
    prefix: str
    prompt: str

    @property
    def name(self) -> str:
        return self.head.name

    @property
    def version(self) -> int:
        return self.head.version

    @property
    def limits(self) -> Limits:
        """The limits of a pass's pattern; raises DataError for the common one, which has none of its own."""
        if self.head.limits is None:
            raise DataError(f"Prompt pattern {self.head.name} is no pattern of a pass: it has no limits.")
        return self.head.limits

    @cached_property
    def named(self) -> frozenset[str]:
        """The variables that the prompt names."""
        return _named(self.prompt)

    def problems(self, variables: Mapping[str, Any]) -> list[str]:
        """What is wrong with the variables that a pass gives: one line for each."""
        found = [f"{name!r} is undefined" for name in self.head.variables if name not in variables]
        found += [f"{name!r} is not declared" for name in variables if name not in self.head.variables]
        for name, kind in self.head.variables.items():
            if name in variables and not isinstance(variables[name], TYPES[kind]):
                found.append(f"{name!r} is {type(variables[name]).__name__}, declared as {kind}")
        return found


def _named(source: str) -> frozenset[str]:
    return frozenset(meta.find_undeclared_variables(ENVIRONMENT.parse(source)))


@lru_cache
def load_pattern(name: str) -> Pattern:
    """The pattern of that name here, or of ``package:name``; raises DataError when it is not as it has to be."""
    package, _, file = name.rpartition(":")
    try:
        text = resources.files(package or __package__).joinpath(f"{file}.md").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError) as exc:
        raise DataError(f"There is no prompt pattern {name}: {exc}.", remedy="Mend the pass that names it.") from exc
    return parse_pattern(text, name)


def parse_pattern(text: str, name: str) -> Pattern:
    """A pattern from its text; raises DataError naming the pattern and the field."""
    post = frontmatter.loads(text)
    prefix, mark, prompt = post.content.partition("\n# Prompt\n")
    if not mark or not prefix.startswith("# Prefix\n"):
        raise DataError(f"Prompt pattern {name} lacks '# Prefix' or '# Prompt'.")
    try:
        head = Head.model_validate(post.metadata)
        pattern = Pattern(
            head=head, prefix=prefix.removeprefix("# Prefix\n").strip() + "\n", prompt=prompt.strip() + "\n"
        )
        problems = _undeclared(pattern)
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(map(str, first["loc"])) or "front matter"
        raise DataError(f"Prompt pattern {name}: {place}: {first['msg']}.", remedy="Correct it.") from exc
    except TemplateSyntaxError as exc:
        raise DataError(f"Prompt pattern {name}: {exc.message} (line {exc.lineno}).", remedy="Correct it.") from exc
    if problems:
        raise DataError(f"Prompt pattern {name}: {problems[0]}.", remedy="Declare what it names, and nothing else.")
    return pattern


def _undeclared(pattern: Pattern) -> Sequence[str]:
    """Variables that are named and not declared, or declared and not named; what prefixes may not name."""
    declared = set(pattern.head.variables)
    varying = _named(pattern.prefix) - STABLE
    return [
        *(f"its prefix names {name!r}, which varies" for name in sorted(varying)),
        *(f"{name!r} is named and not declared" for name in sorted(pattern.named - declared - COMMON - STABLE)),
        *(f"{name!r} is declared and not named" for name in sorted(declared - pattern.named)),
    ]
