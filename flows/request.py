"""What a run of a flow is asked: the form in Prefect's UI, and the parameters of ``codexctl run``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from codex.errors import UserError

#: The states at which a run may be told to stop (protocol §3.1).
Until = Literal[
    "audited",
    "gap-analysed",
    "production-ready",
    "in-production",
    "production-complete",
    "verified",
    "woven",
    "equivalence-covered",
]
Backend = Literal["anthropic", "handoff", "replay"]


class WorkspaceRequest(BaseModel):
    """Which workspace, and who answers the agents' calls."""

    model_config = ConfigDict(extra="forbid")

    workspace: str = Field(min_length=1, description="folder of the workspace, on the machine of the worker")
    backend: Backend | None = Field(
        default=None,
        description="who answers: anthropic (needs a key), handoff or replay; default: the workspace's own",
    )
    record: str | None = Field(default=None, description="folder in which to save what was answered")
    recordings: str | None = Field(
        default=None, description="folder of the recordings that the replay backend answers from"
    )
    owner: str | None = Field(default=None, description="name under which the book is claimed; default: this process")


class SubjectRequest(WorkspaceRequest):
    """One subject of any track, from where its ledger says to ``until``."""

    subject: str = Field(min_length=3, description="kind and name of the subject, as book:spin-geometry")
    until: str | None = Field(default=None, description="state at which to stop; default: at its end")


class BookRequest(WorkspaceRequest):
    """One book, from where its ledger says to ``until``."""

    book: str = Field(min_length=1, description="slug or Fast Track entry of the book")
    until: Until | None = Field(default=None, description="state at which to stop; default: when the book is covered")

    @property
    def subject(self) -> str:
        """The book as the ledger names it, where it was asked for by its slug."""
        return f"book:{self.book}"


class ProduceRequest(WorkspaceRequest):
    """The next units of books in production and of the plan's queue."""

    number: int = Field(default=1, ge=1, le=100, description="how many units, of distinct chapters")
    units: tuple[str, ...] = Field(default=(), max_length=100, description="ids of the units; default: the next ones")


class AuditRequest(WorkspaceRequest):
    """The next book without an audit."""

    entry: str = Field(default="", max_length=20, description="Fast Track entry of the book; default: the next one")


class RecoverRequest(WorkspaceRequest):
    """One book in which something failed."""

    book: str = Field(min_length=1, description="slug or Fast Track entry of the book")
    units: tuple[str, ...] = Field(default=(), description="shipped units that are wrong, beside what failed by itself")
    restart: bool = Field(default=False, description="redo everything, whatever is advised")


RequestT = TypeVar("RequestT", bound=WorkspaceRequest)


def requested(model: type[RequestT], options: Mapping[str, str], **values: object) -> RequestT:
    """A request of a call on the command line; ``options``: field → its option, where they differ.

    Raises UserError naming the option that is wrong.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(options.get(str(part), str(part)) for part in first["loc"])
        given = values.get(str(first["loc"][0])) if first["loc"] else None
        raise UserError(f"--{name} {given!r} is wrong: {first['msg']}.", remedy="Correct the option.") from error
