"""Verdicts of earlier runs, as long as they hold (design: codex/check/recording.py).

A row is keyed by the path, the blob id and the code that judged; in it each rule's judgement stands with the rule's
version and with what it asked. So a unit is judged again when its bytes, its path, a rule's version, the code, or an
answer that a rule got has changed, and never because a catalog, a graph or another unit has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from codex.cache.store import Store
from codex.check.answers import Answers
from codex.check.facts import judging_code
from codex.check.judging import Judged, Judgement
from codex.check.policy import Chosen
from codex.check.recording import holds
from codex.check.rule import PASS, Finding, Place, Rule
from codex.units import UnitError

_KIND = "verdicts"


class Verdicts:
    """Judgements in a store, for one state of the corpus."""

    def __init__(self, store: Store, answers: Answers) -> None:
        self._store = store
        self._answers = answers
        self._rows: dict[str, Any] = {}

    def recall(self, blobs: Mapping[str, str], rules_for: Callable[[str], Iterable[Chosen]]) -> dict[str, Judged]:
        """The files (path → blob id) whose every judgement is known and still holds."""
        if not self._store:
            return {}
        keys = {path: _key(path, blob) for path, blob in blobs.items()}
        self._rows = self._store.load(_KIND, keys.values())
        found = ((path, self._rows.get(key)) for path, key in keys.items())
        recalled = ((path, self._recalled(path, row, rules_for(path))) for path, row in found if row)
        return {path: judged for path, judged in recalled if judged}

    def _recalled(self, path: str, row: Mapping[str, Any], chosen: Iterable[Chosen]) -> Judged | None:
        if row["error"]:
            return Judged(path, "", UnitError(*row["error"]), {})
        judgements: dict[str, Judgement] = {}
        for choice in chosen:
            entry = row["rules"].get(choice.rule.code)
            judgement = _decoded(entry, choice.rule, self._answers) if entry else None
            if judgement is None:
                return None
            judgements[choice.rule.code] = judgement
        return Judged(path, row["id"], None, judgements)

    def keep(self, judged: Judged, blob: str, rules: Iterable[Rule]) -> None:
        """Remember the judgements on the file with these bytes, beside those of other rules on it."""
        key = _key(judged.path, blob)
        before = self._rows.get(key, {}).get("rules", {})
        new = {rule.code: _encoded(judged.judgements[rule.code], rule) for rule in rules if not judged.error}
        error = judged.error and [judged.error.code, judged.error.sentence, judged.error.line]
        self._store.keep(_KIND, key, {"id": judged.id, "error": error, "rules": before | new})


def _key(path: str, blob: str) -> str:
    return f"{judging_code()}:{blob}:{path}"


_PASSED = Judgement(PASS)


def _encoded(judgement: Judgement, rule: Rule) -> Any:
    """A plain pass is just the rule's version; 0 is a judgement that cannot be used again."""
    said, asked = judgement.said, judgement.asked
    if not judgement.repeatable:
        return 0
    if said == PASS and not asked:
        return rule.version
    if said is None:
        return [rule.version, asked]
    if isinstance(said, UnitError):
        return [rule.version, asked, said.sentence, said.line]
    places = [[place.detail, place.line] for place in said.places]
    return [rule.version, asked, said.verdict, said.severity, places]


def _decoded(entry: Any, rule: Rule, answers: Answers) -> Judgement | None:
    """The judgement, if it is of the rule as it is now and its questions still get the same answers."""
    if entry == rule.version:
        return _PASSED
    if isinstance(entry, int) or entry[0] != rule.version or not holds(entry[1], answers):
        return None
    return Judgement(_said(entry[2:]), entry[1])


def _said(rest: Sequence[Any]) -> Finding | UnitError | None:
    if not rest:
        return None
    if len(rest) == 2:
        return UnitError("PE004", *rest)
    verdict, severity, places = rest
    if verdict == "pass":
        return PASS
    return Finding(verdict, tuple(Place(detail, line) for detail, line in places), severity)
