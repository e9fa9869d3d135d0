"""Write down what a rule asks about the rest of the corpus, and ask the same again later.

A verdict is a function of the unit and of the answers that the rule got. So a verdict from an earlier run holds as long
as the same questions get the same answers, whatever else has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from codex.check.answers import Answers

#: A question, its arguments, and the answer, as JSON has them.
Asked = tuple[str, list[Any], Any]
T = TypeVar("T")

_QUESTIONS = frozenset(
    {
        *("is_shipped", "is_known", "is_shipped_anywhere", "is_pending", "is_edge_end", "files_with_id"),
        *("catalog_contains", "path_exists", "file_is_empty", "notation_contains", "reference_digest"),
    }
)


class Recorder:
    """Answers that keep a record. ``repeatable`` is False once a question cannot be written down (a date, say)."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.asked: list[Asked] = []
        self.repeatable = True

    def _note(self, question: str, answer: T, *arguments: object) -> T:
        self.repeatable = self.repeatable and all(isinstance(a, str | int | float | None) for a in arguments)
        self.asked.append((question, list(arguments), _plain(answer)))
        return answer

    def is_shipped(self, unit_id: str) -> bool:
        return self._note("is_shipped", self._answers.is_shipped(unit_id), unit_id)

    def is_known(self, unit_id: str) -> bool:
        return self._note("is_known", self._answers.is_known(unit_id), unit_id)

    def is_shipped_anywhere(self, unit_id: str) -> bool:
        return self._note("is_shipped_anywhere", self._answers.is_shipped_anywhere(unit_id), unit_id)

    def is_pending(self, unit_id: object) -> bool:
        return self._note("is_pending", self._answers.is_pending(unit_id), unit_id)

    def is_edge_end(self, unit_id: str) -> bool:
        return self._note("is_edge_end", self._answers.is_edge_end(unit_id), unit_id)

    def files_with_id(self, unit_id: str) -> tuple[str, ...]:
        return self._note("files_with_id", self._answers.files_with_id(unit_id), unit_id)

    def catalog_contains(self, text: str) -> bool:
        return self._note("catalog_contains", self._answers.catalog_contains(text), text)

    def path_exists(self, path: str) -> bool:
        return self._note("path_exists", self._answers.path_exists(path), path)

    def file_is_empty(self, path: str) -> bool:
        return self._note("file_is_empty", self._answers.file_is_empty(path), path)

    def notation_contains(self, macro: str) -> bool:
        return self._note("notation_contains", self._answers.notation_contains(macro), macro)

    def reference_digest(self) -> str:
        return self._note("reference_digest", self._answers.reference_digest())

    def shared_run(self, words: tuple[str, ...], length: int) -> tuple[int, str] | None:
        return self._answers.shared_run(words, length)  # settled by the unit and by the digest, which was asked first


def holds(asked: Sequence[Any], answers: Answers) -> bool:
    """True when every question gets the answer that was written down; an unknown question gets another one."""
    return all(name in _QUESTIONS and _plain(getattr(answers, name)(*given)) == answer for name, given, answer in asked)


def _plain(answer: object) -> object:
    return list(answer) if isinstance(answer, tuple) else answer
