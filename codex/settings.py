"""Settings of a workspace: ``codex.toml``, by topic, and the environment for single values.

A value comes from ``CODEX_<TOPIC>_<KEY>`` (texts, numbers and booleans only), else from ``codex.toml``, else from the
default below; ``Settings.origin`` tells which, so that a command can print it. An unknown key, a wrong type or a
value out of bounds is a UserError naming the file and the key.

    [git]
    remote = "origin"
    [agents.models.P4_production]
    model = "claude-opus-5-5"
    max_tokens = 32000
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    field_validator,
)

from codex.errors import UserError
from codex.snapshot import Snapshot

if TYPE_CHECKING:
    from codex.check.policy import Policy


def _rule_code(code: str) -> str:
    from codex.check.registry import RULES  # only where codes are set

    if not code.strip() or not any(rule.code.startswith(code.strip().upper()) for rule in RULES):
        raise ValueError(f"no rule has the code {code!r}; `codexctl check --explain all` lists them")
    return code


Usd = Annotated[Decimal, Field(ge=0, le=1_000_000)]
RuleCode = Annotated[str, AfterValidator(_rule_code)]
CoAuthor = Annotated[str, StringConstraints(pattern=r"^[^<>\n\r\x00]+ <[^<>\s]+>$", max_length=200)]


class _Topic(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CommitSettings(_Topic):
    """What every commit carries."""

    co_authors: tuple[CoAuthor, ...] = Field(
        default=(), description="Co-authored-by trailers of every commit, each as `Name <address>`"
    )


class GitSettings(_Topic):
    """The branch, and the remote that clones meet at."""

    remote: str | None = Field(default=None, min_length=1, description="remote that integrations are pushed to")
    push: bool = Field(default=False, description="push after every integration, fast-forward only")
    branch: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._/-]*$",
        max_length=200,
        description="branch of the remote; None: the one of the same name as the branch checked out here",
    )
    timeout_seconds: float = Field(
        default=60.0, gt=0, le=3600, description="longest time that one git command may wait for the remote, in seconds"
    )
    loose_objects: int = Field(
        default=4_000, ge=0, le=1_000_000, description="loose objects beyond which the writer packs them; 0: never"
    )
    loose_megabytes: int = Field(
        default=200, ge=0, le=100_000, description="megabytes of loose objects beyond which they are packed; 0: never"
    )


class CheckPathSettings(_Topic):
    """One ``[[check.paths]]``: rules by code (or beginning of codes) for the files of a folder, a file or a pattern."""

    path: str = Field(min_length=1, description="folder, file or pattern (`*`, `?`, `**`), from the workspace's root")
    select: tuple[RuleCode, ...] = Field(default=(), description="rules judged there beside those of the level")
    ignore: tuple[RuleCode, ...] = Field(default=(), description="rules not judged there")
    gate: tuple[RuleCode, ...] = Field(default=(), description="rules whose shortfalls fail a unit there")


class CheckSettings(_Topic):
    """Which rules judge, and how strictly."""

    gate: Literal["core", "full"] = Field(default="core", description="level that a unit must pass in full to ship")
    report: Literal["core", "full"] = Field(default="core", description="level that commands report without --level")
    paths: tuple[CheckPathSettings, ...] = Field(
        default=(), description="rules by path, in order: what a later entry says of a rule prevails"
    )

    def policy(self, level: Literal["core", "full"] | None = None) -> Policy:
        """The rules for each path. With a ``level``, all of its rules count; else ``gate`` decides which do."""
        from codex.check.policy import PathRules, Policy
        from codex.check.registry import rules_at

        paths = tuple(PathRules(each.path, each.select, each.ignore, each.gate) for each in self.paths)
        judged = level or ("full" if "full" in (self.gate, self.report) else "core")
        return Policy(rules_at(judged), level or self.gate, paths)

    @property
    def shipping(self) -> Policy:
        """The rules that a unit ships by. Whoever judges a draft asks here: tool, pass and integrator agree."""
        return self.policy(self.gate)


class ContinuitySettings(_Topic):
    """How continuity is counted and what it must reach."""

    words: Literal["reference", "corrected"] = Field(
        default="reference", description="word count that densities are taken on when they are judged"
    )
    minimum: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="thresholds by metric (`forward_density` …) in place of the rubric's"
    )

    @field_validator("minimum")
    @classmethod
    def _known(cls, minimum: dict[str, float]) -> dict[str, float]:
        from codex.continuity.thresholds import THRESHOLDS

        names = [threshold.name for threshold in THRESHOLDS]
        unknown = next((name for name in minimum if name not in names), None)
        if unknown:
            raise ValueError(f"there is no metric {unknown!r}, only {', '.join(names)}")
        return minimum


class ModelSettings(_Topic):
    """Which model answers, and within which limits; also for a single pass."""

    model: str | None = Field(default=None, min_length=1, description="model name as the backend knows it")
    max_tokens: int | None = Field(default=None, ge=256, le=1_000_000, description="output tokens of one turn")
    max_turns: int | None = Field(default=None, ge=1, le=500, description="turns of one conversation, tools included")
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = Field(
        default=None, description="how much the model thinks; None: the provider's default"
    )
    fallbacks: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(
        default=(), description="models asked in turn when the first one refuses or cannot be reached"
    )
    cache: Literal["5m", "1h", "off"] = Field(
        default="5m", description="how long the provider keeps the brief's stable part for the next calls"
    )
    batch: bool = Field(
        default=False, description="one request without tools, in a Message Batch at half the price, within 24 hours"
    )
    web: dict[Literal["web_search", "web_fetch"], Annotated[int, Field(ge=0, le=50)]] | None = Field(
        default=None, description="how often a turn may use each of the provider's web tools; None: audits may"
    )
    answer_hours: float | None = Field(
        default=None, gt=0, le=720, description="how long an outside agent may take for one turn (handoff); None: 4"
    )
    withhold_tools: tuple[str, ...] = Field(
        default=(), description="tools that a first attempt does without, so that its draft comes from the brief alone"
    )
    withhold_rules: bool = Field(
        default=False,
        description="a first attempt's brief does not list the validator's rules, to see what the list is worth",
    )


class AgentSettings(_Topic):
    """Who answers: the backend, its patience, its models."""

    backend: Literal["anthropic", "handoff", "replay"] | None = Field(
        default=None, description="backend of commands without --backend; None: they ask for one"
    )
    first_seconds: float = Field(default=600.0, gt=0, le=7200, description="how long the API may take to begin a reply")
    idle_seconds: float = Field(default=300.0, gt=0, le=7200, description="how long it may fall silent within a reply")
    models: dict[str, ModelSettings] = Field(
        default_factory=dict, description="by pass name (P1_audit …); `default` is for every pass"
    )

    def for_pass(self, pass_name: str) -> ModelSettings:
        """What is set for a pass, its gaps filled from ``default``; a field nobody set is None."""
        chosen = self.models.get("default", ModelSettings())
        own = self.models.get(pass_name, ModelSettings())
        return chosen.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})


class BreakerSettings(_Topic):
    """When a server that fails is left alone for a while."""

    failures: int = Field(default=3, ge=1, le=100, description="failures of the server in a row that stop new calls")
    cooldown_seconds: float = Field(
        default=60.0, gt=0, le=86_400, description="how long nothing is sent before one request tries the server again"
    )


class BudgetSettings(_Topic):
    """Ceilings in US dollars."""

    campaign_usd: Usd | None = Field(default=None, description="ceiling of the whole campaign, in US dollars")
    tiers_usd: dict[str, Usd] = Field(default_factory=dict, description="ceiling of one book by tier, in US dollars")
    books_usd: dict[str, Usd] = Field(default_factory=dict, description="ceiling of one book by slug, in US dollars")
    unit_usd: Usd = Field(
        default=Decimal(10), description="ceiling of one queued unit that belongs to no book, in US dollars"
    )
    warn_at: float = Field(default=0.8, gt=0, le=1, description="share of a ceiling at which a warning is recorded")
    at_ceiling: Literal["pause", "defer"] = Field(
        default="pause", description="what becomes of a book at its ceiling: it waits for a person, or is deferred"
    )


class OwnershipSettings(_Topic):
    """How long work belongs to who claimed it."""

    minutes: int = Field(
        default=240, ge=1, le=10_080, description="how long a claim lasts unless renewed (protocol §7: four hours)"
    )


class Settings(_Topic):
    """All topics. ``origin(topic, key)`` tells where a value came from."""

    commit: CommitSettings = CommitSettings()
    git: GitSettings = GitSettings()
    check: CheckSettings = CheckSettings()
    continuity: ContinuitySettings = ContinuitySettings()
    agents: AgentSettings = AgentSettings()
    breaker: BreakerSettings = BreakerSettings()
    budget: BudgetSettings = BudgetSettings()
    ownership: OwnershipSettings = OwnershipSettings()

    _origins: dict[tuple[str, str], str] = PrivateAttr(default_factory=dict)

    def origin(self, topic: str, key: str) -> str:
        """``default``, the name of the settings file, or the name of the environment variable."""
        return self._origins.get((topic, key), "default")

    def values(self) -> Iterator[tuple[str, str, Any, str]]:
        """Every setting as (topic, key, value, origin), in the order of the models."""
        for topic in type(self).model_fields:
            section = getattr(self, topic)
            for key in type(section).model_fields:
                yield topic, key, getattr(section, key), self.origin(topic, key)


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read ``codex.toml`` (an absent file is all defaults); raises UserError naming the file and the key."""
    document = _read(path)
    origins = {(t, k): path.name for t, keys in document.items() if isinstance(keys, dict) for k in keys}
    for topic, key, variable in _variables():
        if variable in environment and isinstance(document.setdefault(topic, {}), dict):
            document[topic][key] = environment[variable]
            origins[topic, key] = variable
    try:
        settings = Settings.model_validate(document)
    except ValidationError as exc:
        raise _explained(path, exc, origins) from exc
    settings._origins.update(origins)
    return settings


def parse_settings(text: str, name: str = "codex.toml") -> Settings:
    """The settings that a file's text gives, without the environment; raises UserError as ``load_settings`` does."""
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise UserError(f"{name} is not valid TOML: {exc}.", remedy="Correct it, or remove it.") from exc
    except ValidationError as exc:
        raise _explained(Path(name), exc, {}) from exc


def settings_in(snapshot: Snapshot) -> Settings:
    """The settings of the ``codex.toml`` in a snapshot, without the environment; raises UserError naming the key.

    What is judged (rules, thresholds, ceilings as conditions of the table) is judged by the state that it belongs to,
    and alike on every machine; what concerns this machine (who answers, git) is ``workspace.settings``.
    """
    try:
        return parse_settings(snapshot.text("codex.toml", ""))
    except UnicodeDecodeError as exc:
        raise UserError(f"codex.toml is not valid TOML: {exc}.", remedy="Correct it, or remove it.") from exc


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UserError(f"{path} is not valid TOML: {exc}.", remedy="Correct it, or remove it.") from exc
    except OSError as exc:
        raise UserError(f"{path} cannot be read: {exc.strerror}.", remedy="Check its permissions.") from exc


def _variables() -> Iterator[tuple[str, str, str]]:
    """Topic, key and environment variable of every setting that is a single value."""
    for topic, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, _Topic):
            for key, value in section.model_fields.items():
                if not isinstance(value.get_default(call_default_factory=True), (tuple, dict)):
                    yield topic, key, f"CODEX_{topic}_{key}".upper()


def _explained(path: Path, exc: ValidationError, origins: Mapping[tuple[str, str], str]) -> UserError:
    first = exc.errors()[0]
    places = [str(part) for part in first["loc"]]
    where = origins.get((places[0], places[1]), path.name) if len(places) > 1 else path.name
    key = ".".join(places)
    if first["type"] == "extra_forbidden":
        return UserError(f"{path}: there is no setting {key!r}.", remedy="Remove it or correct its spelling.")
    source = str(path) if where == path.name else f"environment variable {where}"
    return UserError(f"{source}: {key} is wrong: {first['msg']}.", remedy="Correct the value.")
