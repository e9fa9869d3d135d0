"""Commit messages, and what they tell later: which proposal a commit carries out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from codex.gitio import Git
from codex.integration.proposal import IntegrationResult, Proposal

_TITLE_LENGTH = 120
_PROPOSAL = "Codex-Proposal"
_UNITS = "Codex-Units"
#: How far back to look for a proposal whose base commit is not in this repository.
_UNKNOWN_BASE_DEPTH = 2_000


def commit_message(proposal: Proposal, result: IntegrationResult, co_authors: Iterable[str] = ()) -> str:
    """Title, what it is about, and trailers. Nothing in a title can begin a line of its own."""
    body = [_title(proposal), "", f"Subject: {_line(proposal.subject)}", f"Pass: {_line(proposal.pass_name)}"]
    body += [f"Unit {unit}: accepted" for unit in result.accepted]
    body += [f"Unit {each.id}: rejected ({each.reason})" for each in result.rejected]
    body += [f"Unit {unit}: withdrawn" for unit in result.withdrawn]
    body += ["", f"{_PROPOSAL}: {proposal.id}"]
    body += [f"{_UNITS}: {' '.join(result.accepted)}"] if result.accepted else []
    body += [f"Co-authored-by: {_line(author)}" for author in co_authors]
    return "\n".join(body) + "\n"


def applied_in(git: Git, proposal: Proposal, head: str = "HEAD") -> IntegrationResult | None:
    """The commit of a history (the checked-out one) that carried this proposal out, as a result; None for none.

    The id of a proposal covers its base commit, so no older commit can hold it.
    """
    asked = ("log", "--format=%H%n%B", f"--grep=^{_PROPOSAL}: {proposal.id}$")
    known = re.fullmatch(r"[0-9a-f]{40,64}", proposal.base)
    done = git.run(*asked, f"{proposal.base}..{head}", "--", check=False) if known else None
    if done is None or done.returncode:  # no commit of this repository
        done = git.run(*asked, "-n", str(_UNKNOWN_BASE_DEPTH), head, "--")
    found = done.stdout.decode("utf-8", "replace").rstrip("\n")
    if not found:
        return None
    commit, _, message = found.partition("\n")
    units = re.search(rf"^{_UNITS}: (.*)$", message, re.MULTILINE)
    accepted = tuple(units[1].split()) if units else ()
    return IntegrationResult(proposal=proposal.id, status="unchanged", commit=commit, accepted=accepted)


def proposal_of(message: str) -> str | None:
    """The id of the proposal that a commit with this message says it carries out."""
    found = re.search(rf"^{_PROPOSAL}: (p-[0-9a-f]{{24}})$", message, re.MULTILINE)
    return found[1] if found else None


def _title(proposal: Proposal) -> str:
    title = _line(proposal.title)
    return title if len(title) <= _TITLE_LENGTH else title[: _TITLE_LENGTH - 1] + "…"


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or "(untitled)"
