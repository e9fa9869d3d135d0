"""``codexctl`` by itself: what can be done next, here and now. One suggestion, one function in ``SUGGESTIONS``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from codex.cli.common import requested_root
from codex.oversight.sheet import plural
from codex.tracks.naming import name_of

if TYPE_CHECKING:
    from codex.campaign.ledger import Ledger
    from codex.workspace import Workspace

#: Suggestions of one kind that are shown; the command that lists all of them is another suggestion.
MOST = 3


@dataclass(frozen=True, slots=True)
class Step:
    """A command and why it makes sense now."""

    command: str
    why: str


OUTSIDE = (
    Step("codexctl pilot", "one book through every pass, with recorded replies: no key, about a minute"),
    Step("codexctl adopt PATH", "what the engine makes of a corpus that you have; nothing is written"),
    Step("codexctl init PATH", "an empty campaign"),
    Step("codexctl doctor", "whether this machine has what it takes"),
)


def welcome() -> None:
    """Say where we are and what can be done; never fails: a broken workspace is one of the things that is said."""
    from codex.errors import CodexError, WorkspaceError
    from codex.integration.opening import open_workspace

    try:
        workspace = open_workspace(requested_root(None))
    except WorkspaceError as error:
        _show(error.what if requested_root(None) else "This folder is in no workspace.", OUTSIDE)
        return
    try:
        _show(f"Workspace {workspace.root}", tuple(steps(workspace)))
    except CodexError as error:
        _show(error.what, (Step("codexctl doctor", error.remedy or "says how to mend it"),))


def steps(workspace: Workspace) -> Iterator[Step]:
    """What can be done next in a workspace, the most urgent first."""
    from codex.campaign.ledger import Ledger

    ledger = Ledger.load(workspace.snapshot())
    for suggest in SUGGESTIONS:
        yield from suggest(workspace, ledger)


def _writable(workspace: Workspace, ledger: Ledger) -> Iterator[Step]:
    del ledger
    problem = workspace.writable_problem()
    if problem is not None:
        yield Step("codexctl doctor", problem.what)


def _waiting(workspace: Workspace, ledger: Ledger) -> Iterator[Step]:
    from codex.campaign.answers import all_waiting

    del workspace
    if found := all_waiting(ledger):
        yield Step("codexctl escalations list", f"{len(found)} waiting for a person, first {found[0].name}")


def _spooled(workspace: Workspace, ledger: Ledger) -> Iterator[Step]:
    del ledger
    count = sum(1 for _ in (workspace.state_dir / "spool").glob("*.json"))
    if count:
        yield Step("codexctl integrate", f"{plural(count, 'proposal')} to be integrated")


def _calls(workspace: Workspace, ledger: Ledger) -> Iterator[Step]:
    from codex.agents.outbox import handoff_folder, outboxes

    del ledger
    known = (box.status() for box in outboxes(handoff_folder(workspace.state_dir)))
    if count := sum(status is not None and status.is_open for status in known):
        yield Step("codexctl call list", f"{plural(count, 'call')} for an agent (handoff)")


def _books(workspace: Workspace, ledger: Ledger) -> Iterator[Step]:
    """Books under way, the one that is furthest first."""
    from codex.campaign.due import Step as Due
    from codex.campaign.due import next_step
    from codex.tracks.fasttrack.books import BOOK

    del workspace
    due = [
        (subject, found) for subject in ledger.subjects("book") if isinstance(found := next_step(ledger, subject), Due)
    ]
    due.sort(key=lambda each: -BOOK.rank(each[1].source))
    for subject, found in due[:MOST]:
        name = name_of(subject)
        yield Step(f"codexctl run {name} --dry-run", f"at {found.source}; next is {found.pass_name.replace('_', ' ')}")


def _first(workspace: Workspace, ledger: Ledger) -> Iterator[Step]:
    """A campaign in which no book has begun to be worked on."""
    del workspace
    if not ledger.subjects("book"):
        yield Step("codexctl audit-next --brief-only", "the brief of the booklist's first audit")
        yield Step("codexctl ledger register --help", "how a book joins the campaign by name")


def _plan(workspace: Workspace, ledger: Ledger) -> Iterator[Step]:
    from codex.corpus.bookplan import FOLDER
    from codex.corpus.planfile import last_written

    del ledger
    snapshot = workspace.snapshot()
    written = last_written(snapshot)  # what it says now would take seconds
    if not written and any(True for _ in snapshot.under(FOLDER, ".md")):
        yield Step("codexctl plan", "the units that the audits ask for, in their order")
    if written.get("queue_topo_order"):
        yield Step("codexctl produce-next --brief-only", "the brief of the next queued unit")


def _look(workspace: Workspace, ledger: Ledger) -> Iterator[Step]:
    del workspace, ledger
    yield Step("codexctl dashboard", "everything on one screen")
    yield Step("codexctl --help", "every command")


#: Every suggestion, the most urgent first.
SUGGESTIONS: tuple[Callable[[Workspace, Ledger], Iterator[Step]], ...] = (
    _writable, _waiting, _spooled, _calls, _books, _first, _plan, _look,
)  # fmt: skip


def _show(where: str, found: tuple[Step, ...]) -> None:
    width = max(len(step.command) for step in found)
    typer.echo(f"{where}\n\nWhat you can do next:")
    for step in found:
        typer.echo(f"  {step.command:<{width}}  {step.why}")
