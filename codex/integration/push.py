"""Meet the other clones at the remote: see what it has, follow it, push, and integrate again when it has gone on.

The network is used without the lock, so that a slow remote holds up nobody; branch and work tree change under it. A
remote that cannot be reached costs no commit: it stays here, is reported as outstanding, and goes with the next push.

Who loses a race for the remote has to be quicker than the winner's next integration, or it loses every time. So its
commits are made anew of objects alone and pushed by their id; branch and work tree follow when the remote has them.
And who wins again and again gives way (giveway.py).
"""

from __future__ import annotations

import itertools
import json
import logging
import random
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from codex.campaign import clock
from codex.errors import CodexError
from codex.gitio import Git
from codex.integration import giveway, spool
from codex.integration.again import Chain, anew, join, settle
from codex.integration.faults import point
from codex.integration.finish import heal
from codex.integration.gitstore import commit_of, is_ancestor
from codex.integration.lock import LockHeld, integrator_lock
from codex.integration.network import RemoteTrouble
from codex.integration.remote import Answer, Remote, fetch, fetch_tip, push, remote_of, require_remote, tip_there
from codex.workspace import Workspace

log = logging.getLogger(__name__)

#: Seconds of pushes that come too late, one after the other, before this turn gives up.
PATIENCE = 90.0
#: Pauses before the next of them, in seconds, chosen at random so that clones get out of step: at most the first times
#: the number of tries, never more than the second.
_PAUSE, _LONGEST_PAUSE = 0.01, 0.25
#: Who pushes holds this lock in the git folder.
_LOCK = "codex-push.lock"


class Meeting:
    """One turn's dealings with the remote. ``problem`` is why the turn's commits are not there, "" when they are.

    ``remote`` is None where none is configured: then every step does nothing.
    """

    def __init__(self, workspace: Workspace, remote: Remote | None, now: datetime | None, *, pushing: bool) -> None:
        self.workspace, self.remote, self.pushing, self._now = workspace, remote, pushing, now
        self.problem = ""
        self.notes: list[str] = []
        self._begun = time.monotonic()
        self._theirs: str | None = None

    @classmethod
    def of(cls, workspace: Workspace, now: datetime | None, *, push: bool | None) -> Meeting:
        """The meeting of a turn; ``push``: None as the settings say. UserError when asked for without a remote."""
        if push:
            require_remote(workspace)
        remote = remote_of(workspace)
        wanted = workspace.settings.git.push if push is None else push
        return cls(workspace, remote, now, pushing=remote is not None and wanted)

    def has_work(self) -> bool:
        """True when something waits to be integrated, or commits to be pushed."""
        return spool.waits(self.workspace) or (self.pushing and self._has_unpushed())

    def _has_unpushed(self) -> bool:
        head = self.workspace.git.head()
        return head is not None and not self._is_there(head)

    def look(self) -> None:
        """See what the remote has, and fetch what is missing here. Trouble with the remote is kept as the problem."""
        if self.remote is None:
            return
        git = self.workspace.git
        if self.pushing:
            giveway.pause(git.root)
        self._begun = time.monotonic()
        try:
            self._theirs = tip_there(git, self.remote)
            if self._theirs and not is_ancestor(git, self._theirs, "HEAD"):
                fetch(git, self.remote)
                point("remote.fetched")
                _require_commit(git, self._theirs)
        except RemoteTrouble as exc:
            self._fail(exc)

    def join(self) -> None:
        """Let the branch follow what was seen. Call it under the integrator's lock."""
        if self._theirs is None or self.problem:
            return
        now = self._now or clock.now()
        try:
            self.notes += join(self.workspace, self._theirs, now, rewrite=self.pushing)
            self._remember()
        except CodexError as exc:
            self._fail(exc)

    def deliver(self, lock_timeout: float) -> None:
        """Push what the branch has; when the remote was quicker, integrate again on its state and push that.

        Pushes of one workspace come one after the other: who waits mostly finds everything pushed.
        """
        if self.remote is None:
            spool.forget(self.workspace)
        if self.remote is None or not self.pushing:
            return
        try:
            with integrator_lock(self.workspace.git_dir, timeout=lock_timeout, name=_LOCK):
                self._deliver(self.remote, lock_timeout)
        except LockHeld:
            self._fail(RemoteTrouble("another push from here does not end"))

    def _deliver(self, remote: Remote, lock_timeout: float) -> None:
        head = self.workspace.git.head()
        if self.problem or head is None or self._is_there(head):
            return
        chain, deadline = Chain(head, head, head), time.monotonic() + PATIENCE
        for tries in itertools.count(1):
            try:
                if self._push(remote, chain.tip):
                    giveway.note(self.workspace.root, tries, time.monotonic() - self._begun)
                    break
                if time.monotonic() > deadline:
                    raise RemoteTrouble(f"it has gone on {tries} times within {PATIENCE:g} s while this was pushed")
                time.sleep(random.uniform(0, min(_PAUSE * tries, _LONGEST_PAUSE)))
                chain = self._anew(remote, lock_timeout)
            except CodexError as exc:
                self._fail(exc)
                return
        self._follow(chain, lock_timeout)

    def _push(self, remote: Remote, tip: str) -> bool:
        """True when the remote has the commit; False when it has gone on. Raises RemoteTrouble."""
        if tip == self._theirs:  # all of it was found there
            return True
        point("push.before")
        answer = push(self.workspace.git, remote, tip)
        point("push.after")
        if answer is Answer.DONE:
            self._theirs = tip
        return answer is Answer.DONE

    def _anew(self, remote: Remote, lock_timeout: float) -> Chain:
        """What the branch has that the remote lacks, on top of what the remote has now."""
        theirs = self._theirs = fetch_tip(self.workspace.git, remote)
        point("remote.fetched")
        with integrator_lock(self.workspace.git_dir, timeout=lock_timeout):
            ours = self.workspace.git.head()
            if ours is None or theirs is None:
                raise RemoteTrouble("its branch, or the one here, was taken away a moment ago")
            return anew(self.workspace, ours, theirs, self._now or clock.now())

    def _follow(self, chain: Chain, lock_timeout: float) -> None:
        """Let the branch here be what the remote has taken; what was integrated here meanwhile goes on top."""
        try:
            if chain.tip != chain.ours:
                with integrator_lock(self.workspace.git_dir, timeout=lock_timeout):
                    self.workspace.require_writable()
                    heal(self.workspace)
                    self.notes += self._settled(chain)
            self._remember()
        except CodexError as exc:  # the next look at the remote finds it there
            self.notes.append(f"The remote has what is new here, but the branch here does not follow: {exc}")

    def _settled(self, chain: Chain) -> list[str]:
        if self.workspace.git.head() == chain.ours:
            return settle(self.workspace, chain)
        return join(self.workspace, chain.tip, self._now or clock.now(), rewrite=True)

    def _is_there(self, commit: str) -> bool:
        """True when the remote is known to have this commit."""
        known = (self._theirs, self._last_seen())
        return any(tip and is_ancestor(self.workspace.git, commit, tip) for tip in dict.fromkeys(known))

    def _last_seen(self) -> str | None:
        """Where the remote was when this workspace last dealt with it: a hint, its absence costs a question."""
        try:
            seen = json.loads(self._seen_path().read_bytes())
            same = self.remote and (seen["remote"], seen["branch"]) == (self.remote.name, self.remote.branch)
            return str(seen["commit"]) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _remember(self) -> None:
        """Note where the remote is; proposals whose commits it has need not be kept any more."""
        if self.remote is None or self._theirs is None or self._theirs == self._last_seen():
            return
        kept = spool.kept(self.workspace)
        commits = [commit for commit in kept.values() if commit]
        git = self.workspace.git
        missing = git.run("rev-list", "--ignore-missing", *commits, "--not", self._theirs).stdout.decode().split()
        spool.forget(self.workspace, (name for name, commit in kept.items() if commit not in missing))
        body = {"remote": self.remote.name, "branch": self.remote.branch, "commit": self._theirs}
        with suppress(OSError):
            self._seen_path().write_text(json.dumps(body) + "\n", encoding="utf-8")
        point("remote.noted")

    def _seen_path(self) -> Path:
        return self.workspace.state_dir / "remote.json"

    def _fail(self, exc: CodexError) -> None:
        name = self.remote.name if self.remote else "the remote"
        remedy = exc.remedy or "`codexctl integrate --push` tries again."
        self.problem = f"What is new here is not on {name} yet: {exc.what.rstrip('.')}. It is safe here. {remedy}"
        log.warning("%s", self.problem) if not self.pushing else None


def _require_commit(git: Git, commit: str) -> None:
    """Raise RemoteTrouble unless what was just fetched has the commit."""
    if commit_of(git, commit) is None:
        raise RemoteTrouble("its branch was rewritten a moment ago")
