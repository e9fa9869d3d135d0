"""The remote that clones of a workspace meet at: what it has, fetched, and pushed to by fast-forward alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from codex.errors import UserError
from codex.gitio import Git
from codex.integration.gitstore import commit_of
from codex.integration.network import RemoteTrouble, reason, talk
from codex.workspace import Workspace

#: Seconds at most for asking what the remote has: a question of one line.
_ASKING = 15.0

#: How a push says that the branch has moved there meanwhile; anything else that is refused stays refused.
_MOVED = re.compile(
    rb"fetch first|non-fast-forward|stale info|cannot lock ref|failed to (?:update|lock) ref|incorrect old value"
    rb"|reference already exists"
)
_NO_SUCH_REF = b"couldn't find remote ref"
_FETCH = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--refmap=")

#: Where the remote's branch was when a push of this workspace came too late.
SEEN = "refs/codex/remote"


class Answer(Enum):
    """How a push ended, when the remote could be reached and took it or may take it later."""

    DONE = "done"
    BEHIND = "behind"  # the remote's branch has commits that the pushed one lacks


@dataclass(frozen=True)
class Remote:
    """A remote and its branch (full name). ``seconds`` limits each command."""

    name: str
    branch: str
    seconds: float


def remote_of(workspace: Workspace) -> Remote | None:
    """The remote that the settings name, None when they name none or no branch is checked out."""
    chosen = workspace.settings.git
    here = workspace.git.branch_ref() if chosen.remote else None
    if chosen.remote is None or here is None:
        return None
    return Remote(chosen.remote, f"refs/heads/{chosen.branch}" if chosen.branch else here, chosen.timeout_seconds)


def require_remote(workspace: Workspace) -> None:
    """Raise UserError unless the settings name a remote that git knows (by name, or as a path or address)."""
    name = workspace.settings.git.remote
    if name is None:
        raise UserError(
            "No remote is configured to push to.",
            remedy='Put `remote = "origin"` under `[git]` in codex.toml.',
        )
    known = workspace.git.out("remote").split()
    if name not in known and not re.search(r"[:/\\]", name):
        listed = f"This repository has {', '.join(known)}." if known else "This repository has none."
        raise UserError(f"There is no remote {name!r}. {listed}", remedy="Correct `[git] remote` in codex.toml.")


def tip_there(git: Git, remote: Remote) -> str | None:
    """The commit that the remote's branch is at; None when there is no such branch yet. Raises RemoteTrouble."""
    done = talk(git, "ls-remote", "--quiet", "--", remote.name, remote.branch, seconds=min(_ASKING, remote.seconds))
    if done.returncode:
        raise RemoteTrouble(f"it cannot be reached ({reason(done)})")
    lines = (line.split("\t") for line in done.stdout.decode("utf-8", "replace").splitlines())
    return next((each[0] for each in lines if each[1:] == [remote.branch]), None)


def fetch(git: Git, remote: Remote) -> None:
    """Fetch the remote's branch: its objects alone, no ref of this repository moves. Raises RemoteTrouble."""
    done = talk(git, "fetch", *_FETCH, "--", remote.name, remote.branch, seconds=remote.seconds)
    if done.returncode and _NO_SUCH_REF not in done.stderr:
        raise RemoteTrouble(f"nothing can be fetched from it ({reason(done)})")


def fetch_tip(git: Git, remote: Remote) -> str | None:
    """Fetch the remote's branch and say where it is, in one connection; None when there is no such branch.

    It is noted in a ref of our own: whoever calls holds the lock for pushes. Raises RemoteTrouble.
    """
    done = talk(git, "fetch", *_FETCH, "--", remote.name, f"+{remote.branch}:{SEEN}", seconds=remote.seconds)
    if done.returncode and _NO_SUCH_REF in done.stderr:
        return None
    if done.returncode:
        raise RemoteTrouble(f"nothing can be fetched from it ({reason(done)})")
    return commit_of(git, SEEN)


def push(git: Git, remote: Remote, commit: str) -> Answer:
    """Push a commit to the remote's branch, by fast-forward or not at all.

    Raises RemoteTrouble when the remote cannot be reached, or refuses by a rule of its own.
    """
    refs = f"{commit}:{remote.branch}"
    done = talk(git, "push", "--quiet", "--porcelain", "--", remote.name, refs, seconds=remote.seconds)
    if done.returncode == 0:
        return Answer.DONE
    refused = b"\n".join(line for line in done.stdout.splitlines() if line.startswith(b"!"))
    if _MOVED.search(refused):
        return Answer.BEHIND
    if refused:
        raise RemoteTrouble(f"it refuses the push ({reason(done)})")
    raise RemoteTrouble(f"it cannot be reached ({reason(done)})")
