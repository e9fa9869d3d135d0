"""The one error hierarchy.

Every error that a person can meet names the thing, the cause and the next step, and carries the exit status of
the command line (0 well, 1 content falls short, 2 wrong call or configuration, 3 a person is needed, 4 stopped by
budget or breaker, 70 our own fault).
"""

from __future__ import annotations


class CodexError(Exception):
    """Base of all expected errors: one sentence of what, plus an optional remedy.

    ``what`` says what is wrong and where; ``remedy`` is what to do next (usually a command).
    """

    exit_status = 70

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".rstrip()


class UserError(CodexError):
    """The call or the configuration is wrong."""

    exit_status = 2


class WorkspaceError(UserError):
    """The folder is not a workspace, or is in a state in which nothing may be written."""


class DataError(UserError):
    """A file of the workspace cannot be read as what it should be (ledger, manifest, recording)."""


class NotText(DataError):
    """A file of the workspace that should be text is no UTF-8; ``reason`` is what is wrong with its bytes."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} is not UTF-8 text: {reason}.", remedy="Take it back from git.")
        self.reason = reason


class BackendError(UserError):
    """An agent backend cannot be used: no key, no recording, nobody attends the call."""


class ContentError(CodexError):
    """What was checked falls short."""

    exit_status = 1


class PersonNeeded(CodexError):
    """The work has been escalated and waits for a person."""

    exit_status = 3


class Stopped(CodexError):
    """Stopped by the budget or by the circuit breaker; nothing is lost."""

    exit_status = 4


class BudgetReached(Stopped):
    """The next call could cost more than is left of a ceiling: it was not made."""


class StorageError(CodexError):
    """The disk is full, a file is read-only, git refuses: nothing was changed."""

    exit_status = 2


class Conflict(CodexError):
    """What a proposal expected is no longer so; take a new snapshot and try again."""

    exit_status = 1
