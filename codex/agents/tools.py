"""The tools of an agent: each acts on one snapshot and answers in text.

A tool's answer depends on the snapshot, the rules that judge and the arguments alone, so that a resumed conversation
gets the same one. What an agent passes is data: it is looked up, never used as a place to read from or as code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from codex.agents import lookup
from codex.errors import DataError, UserError
from codex.snapshot import Snapshot

if TYPE_CHECKING:
    from codex.check.policy import Policy

#: Characters of one tool result; the rest is cut and the cut is said.
RESULT_CHARACTERS = 60_000

_SHOWN_ERRORS = 30


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


Words = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]
UnitText = Annotated[
    str, StringConstraints(min_length=1, max_length=1_000_000), Field(description="the whole file, front matter first")
]


class ReadUnit(_Arguments):
    id: Words = Field(description="id of a unit, as 03.09.02")
    part: int = Field(default=1, ge=1, le=100, description="which part of a long unit")


class SearchCorpus(_Arguments):
    query: Words = Field(description="words to look for in the units")
    limit: int = Field(default=8, ge=1, le=30, description="how many units to list")


class LookupConcept(_Arguments):
    concept: Words = Field(description="a catalog id, as spin-geometry.clifford.algebra, or words of its title")


class ListConnections(_Arguments):
    of: Words = Field(description="a catalog id or a unit id")


class CheckDraft(_Arguments):
    text: UnitText
    filename: str | None = Field(default=None, max_length=200, description="<id>-<slug>.md; default: from front matter")


class MeasureContinuity(_Arguments):
    text: UnitText


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: what the agent reads about it, its arguments, and the function that answers."""

    name: str
    description: str
    arguments: type[_Arguments]
    function: Callable[[Toolbox, Any], str]


#: Every tool there is; a pass names those that its agent may use.
TOOLS: tuple[Tool, ...] = (
    Tool(
        "read_unit",
        "Read a shipped unit of the corpus in full.",
        ReadUnit,
        lambda t, a: lookup.read_unit(t.snapshot, a.id),
    ),
    Tool(
        "search_corpus",
        "Full-text search over the shipped units, best match first, each with the passage that fits best.",
        SearchCorpus,
        lambda t, a: lookup.search_corpus(t.snapshot, a.query, a.limit),
    ),
    Tool(
        "lookup_concept",
        "Look up the concept catalog: the entry of an id, or the entries whose id or title has the words.",
        LookupConcept,
        lambda t, a: lookup.lookup_concept(t.snapshot, a.concept),
    ),
    Tool(
        "list_connections",
        "List the registered connections of a concept or a unit, with the anchor phrase that names each.",
        ListConnections,
        lambda t, a: lookup.list_connections(t.snapshot, a.of),
    ),
    Tool(
        "check_draft",
        "Run every automated check on a draft of a unit. Lists each defect with its code, line and how to mend it.",
        CheckDraft,
        lambda t, a: lookup.check_draft(t.snapshot, a.text, a.filename, t.policy),
    ),
    Tool(
        "measure_continuity",
        "Measure the continuity metrics of a draft of a unit and say what falls short of its threshold.",
        MeasureContinuity,
        lambda t, a: lookup.measure_continuity(t.snapshot, a.text),
    ),
)

#: Tools that the provider runs: name → what the Messages API wants to be told. What they bring back is part of the
#: model's own answer, and is as little trusted as the rest of it.
SERVER_TOOLS: Mapping[str, Mapping[str, Any]] = {
    "web_search": {"type": "web_search_20250305"},
    "web_fetch": {"type": "web_fetch_20250910", "max_content_tokens": 25_000},
}

#: Pass → how often a turn may use them where codex.toml says nothing: an audit works from public sources.
WEB_BY_DEFAULT: Mapping[str, Mapping[str, int]] = {"P1_audit": {"web_search": 4, "web_fetch": 2}}

_BY_NAME = {tool.name: tool for tool in TOOLS}


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call is answered with. ``misused``: there is no such tool, or its arguments are wrong."""

    text: str
    is_error: bool = False
    misused: bool = False


class Toolbox:
    """The tools on one snapshot; drafts are judged by ``policy``. Safe to use from several threads."""

    snapshot: Snapshot
    policy: Policy | None

    def __init__(self, snapshot: Snapshot, policy: Policy | None = None) -> None:
        self.snapshot = snapshot
        self.policy = policy

    def definitions(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """The named tools as the Messages API wants them, in the order of the registry; raises UserError."""
        unknown = sorted(set(names) - set(_BY_NAME))
        if unknown:
            raise UserError(f"There is no tool {unknown[0]!r}.", remedy=f"Use some of {', '.join(_BY_NAME)}.")
        return [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": tool.arguments.model_json_schema(),
            }
            for tool in TOOLS
            if tool.name in names
        ]

    @staticmethod
    def server_definitions(uses: Mapping[str, int]) -> list[dict[str, Any]]:
        """The provider's tools with how often each may be used in a turn (0: not at all); raises UserError."""
        unknown = sorted(set(uses) - set(SERVER_TOOLS))
        if unknown:
            raise UserError(f"There is no tool {unknown[0]!r}.", remedy=f"Use some of {', '.join(SERVER_TOOLS)}.")
        return [{**SERVER_TOOLS[name], "name": name, "max_uses": uses[name]} for name in SERVER_TOOLS if uses.get(name)]

    def run(self, name: str, arguments: Any, allowed: Sequence[str]) -> ToolResult:
        """Answer one call. What is wrong with it comes back as an error that the agent can act on; never raises
        for anything that an agent can pass.
        """
        if name not in allowed or name not in _BY_NAME:
            return ToolResult(
                f"There is no tool {name!r} here. There are: {', '.join(sorted(allowed))}.", is_error=True, misused=True
            )
        tool = _BY_NAME[name]
        try:
            given = tool.arguments.model_validate_json(json.dumps(arguments))
            text = tool.function(self, given)
        except ValidationError as exc:
            return ToolResult(f"The arguments of {name} are wrong:\n{explain(exc)}", is_error=True, misused=True)
        except (lookup.NotFound, DataError) as exc:
            return ToolResult(str(exc), is_error=True)
        return ToolResult(_part(text, getattr(given, "part", 1)))


def _part(text: str, number: int) -> str:
    """One part of a long text, saying so; a short text as it is."""
    parts = -(-len(text) // RESULT_CHARACTERS) or 1
    if parts == 1:
        return text or "(nothing)"
    number = min(number, parts)
    start = (number - 1) * RESULT_CHARACTERS
    shown = text[start : start + RESULT_CHARACTERS]
    return f"{shown}\n\n[part {number} of {parts}: characters {start + 1}–{start + len(shown)} of {len(text)}]"


def explain(exc: ValidationError) -> str:
    """Each error on a line: where, what is wrong, and what stood there when it is short."""
    errors = exc.errors(include_url=False)
    lines = [_line(error) for error in errors[:_SHOWN_ERRORS]]
    if len(errors) > _SHOWN_ERRORS:
        lines.append(f"- and {len(errors) - _SHOWN_ERRORS} more")
    return "\n".join(lines)


def _line(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "the whole"
    value = json.dumps(error["input"], default=str)
    return f"- {place}: {error['msg']}" + (f" (given: {value})" if len(value) <= 80 else "")
