"""The validator: rules are values, a unit is data, the rest of the corpus answers small questions."""

from codex.check.corpus import SnapshotAnswers
from codex.check.result import CheckReport, CheckResult, UnitResult
from codex.check.runner import check_corpus, check_text, check_unit

__all__ = [
    "CheckReport",
    "CheckResult",
    "SnapshotAnswers",
    "UnitResult",
    "check_corpus",
    "check_text",
    "check_unit",
]
