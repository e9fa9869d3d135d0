"""Which rules judge a file, and which of them count: level, selection, and the settings by path (codex.toml)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

from codex.check.registry import RULES, rules_at, rules_named, select_rules
from codex.check.result import CheckResult, result_of
from codex.check.rule import PASS, Level, Rule, Severity


class Chosen(NamedTuple):
    """A rule that judges a file. ``weight`` is the severity its shortfalls have there, None: their own.

    ``passed`` is the result of a plain pass: most results of a run are that, and share this value.
    """

    rule: Rule
    weight: Severity | None
    passed: CheckResult


def choose(rule: Rule, weight: Severity | None = None) -> Chosen:
    return Chosen(rule, weight, result_of(rule, PASS, weight))


@dataclass(frozen=True, slots=True)
class PathRules:
    """Settings for the files that ``path`` names: a folder, a file, or a pattern with ``*``, ``?`` and ``**``.

    ``select``: rules judged there beside those of the level. ``ignore``: rules not judged there. ``gate``: rules judged
    there whose shortfalls count as errors, whatever their own severity and level. Codes, or beginnings of codes.
    """

    path: str
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    gate: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The rules of a run. ``gate`` is the level whose rules count; shortfalls of rules above it are warnings.

    ``paths`` are applied in their order: what a later one says of a rule prevails.
    """

    rules: tuple[Rule, ...] = field(default_factory=lambda: rules_at("core"))
    gate: Level = "full"
    paths: tuple[PathRules, ...] = ()

    @classmethod
    def of(cls, level: Level, select: Iterable[str] = ()) -> Policy:
        """All rules of a level, or the selected ones of any level, each with its own severity."""
        return cls(select_rules(level, select))

    @cached_property
    def key(self) -> str:
        """What tells policies apart that choose other rules."""
        return repr(([rule.code for rule in self.rules], self.gate, self.paths))

    def rules_for(self, path: str) -> tuple[Chosen, ...]:
        """The rules for a file, in the order of the registry. Raises UserError for a code that no rule has."""
        return self._chosen[tuple(rules for rules in self.paths if matches(rules.path, path))]

    @cached_property
    def _chosen(self) -> _Choices:
        return _Choices(self)


class _Choices(dict[tuple[PathRules, ...], tuple[Chosen, ...]]):
    """Path settings that apply together → the rules that follow, worked out once."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self._policy = policy

    def __missing__(self, applying: tuple[PathRules, ...]) -> tuple[Chosen, ...]:
        gate = {rule.code for rule in rules_at(self._policy.gate)}
        weights: dict[str, Severity | None] = {
            rule.code: None if rule.code in gate else "warning" for rule in self._policy.rules
        }
        for rules in applying:
            for rule in rules_named(rules.select):
                weights.setdefault(rule.code, None if rule.code in gate else "warning")
            weights |= {rule.code: "error" for rule in rules_named(rules.gate)}
            for rule in rules_named(rules.ignore):
                weights.pop(rule.code, None)
        self[applying] = tuple(choose(rule, weights[rule.code]) for rule in RULES if rule.code in weights)
        return self[applying]


def matches(pattern: str, path: str) -> bool:
    """True when the pattern names the path, or a folder above it."""
    return _compiled(pattern).fullmatch(path) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?)", pattern.removeprefix("./").rstrip("/"))
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meanings.get(part, re.escape(part)) for part in parts) + "(?:/.*)?", re.DOTALL)
