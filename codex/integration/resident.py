"""The newest state of a workspace, kept in memory between proposals: what was worked out for one serves the next.

Only an accelerator: every use asks git where the branch is, and a state of another commit is brought up to date or
thrown away. The writer's lock is held by whoever integrates, so a workspace has one writer at a time; a state itself
never changes, so that trying something out needs no lock.
"""

from __future__ import annotations

import gc
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from codex.errors import StorageError, UserError, WorkspaceError
from codex.gitio import GitFailed
from codex.integration.gitstore import commit_of, differences, is_file_mode, read_blobs
from codex.integration.objects import Packed
from codex.integration.threads import nobody_else
from codex.snapshot import CommitSnapshot, OverlaySnapshot, Snapshot
from codex.workspace import Workspace

#: Workspaces whose state is kept.
_KEPT = 2
#: With more changes than this, working everything out anew is not slower.
_FOLLOWED = 2_000

#: Turns after which the garbage collector looks at everything again.
_TURNS_BETWEEN_COLLECTIONS = 50

#: Seconds after which a thread that waits for the interpreter gets it. Those that hash, compress and write hold it for
#: moments only, many times: with Python's 5 ms they come too late to be of use. Threads of others, a
#: flow's for instance, keep the usual time.
_SWITCH = 0.0005

_turns = [0]
_states: OrderedDict[Path, CommitSnapshot] = OrderedDict()


def state_at(workspace: Workspace, ref: str) -> CommitSnapshot:
    """The snapshot of the commit that a branch is at; raises UserError when there is none."""
    commit = commit_of(workspace.git, ref)
    if commit is None:
        raise UserError(f"There is no commit {ref!r} in {workspace.root}.", remedy="Name a commit, branch or tag.")
    return state_of(workspace, commit)


def state_of(workspace: Workspace, commit: str) -> CommitSnapshot:
    """The snapshot of a commit that is there, given by its full id."""
    kept = _states.get(_key(workspace))
    if kept is not None and kept.commit == commit:
        return kept
    with suppress(StorageError, WorkspaceError):
        _ = workspace.cache_dir  # made where it is missing: the first look at a corpus is long, the next is not
    state = (kept and _followed(workspace, kept, commit)) or workspace.at(commit)
    _keep(workspace, state)
    return state


def foresee(state: Snapshot, blobs: Mapping[str, Packed | None]) -> None:
    """Work out for a state what is known of the one that it stands on, so that ``advance`` finds it ready.

    ``blobs`` are those of its changes.
    """
    if isinstance(state, OverlaySnapshot):
        state.keep_ids({path: blob.oid for path, blob in blobs.items() if blob})
        state.work_out()


def advance(workspace: Workspace, state: Snapshot, commit: str) -> None:
    """Keep the state that was just committed; ``state`` stands on the one that ``state_at`` gave."""
    if isinstance(state, OverlaySnapshot) and isinstance(state.base, CommitSnapshot):
        state.base.close()
        _keep(workspace, CommitSnapshot.after(state, commit))


@contextmanager
def turn(workspace: Workspace) -> Iterator[None]:
    """A turn of the writer, after which no process is left behind; what is known stays. Garbage is collected later."""
    collecting, patience = gc.isenabled(), sys.getswitchinterval()
    gc.disable()  # going through all that is kept, again and again, would take longer than the work itself
    sys.setswitchinterval(_SWITCH if nobody_else() else patience)
    try:
        yield
    finally:
        sys.setswitchinterval(patience)
        _set_aside()
        if collecting:
            gc.enable()
        kept = _states.get(_key(workspace))
        if kept:
            kept.close()


def _set_aside() -> None:
    """Spare the garbage collector what is kept; from time to time it gets to see all of it again."""
    _turns[0] += 1
    if _turns[0] % _TURNS_BETWEEN_COLLECTIONS == 0:
        gc.unfreeze()
    else:
        gc.freeze()


def kept_blob(workspace: Workspace, blob: str) -> bytes | None:
    """The bytes of a blob, if they are in memory."""
    kept = _states.get(_key(workspace))
    return kept.kept(blob) if kept else None


def _followed(workspace: Workspace, kept: CommitSnapshot, commit: str) -> CommitSnapshot | None:
    """The state of another commit by way of what differs; None where that is too much, or cannot be said."""
    git = workspace.git
    try:
        changed = differences(git, kept.commit, commit)
    except GitFailed:  # the commit that is kept may be gone
        return None
    plain = all(is_file_mode(mode) for each in changed for mode in (each.old_mode, each.new_mode) if mode)
    if len(changed) > _FOLLOWED or not plain:
        return None
    new = [each for each in changed if each.new]
    contents = read_blobs(git, [each.new for each in new if each.new])
    changes: dict[str, bytes | None] = {each.path: None for each in changed}
    changes |= {each.path: data for each, data in zip(new, contents, strict=True)}
    return CommitSnapshot.after(kept.with_changes(changes), commit)


def _keep(workspace: Workspace, state: CommitSnapshot) -> None:
    _states[_key(workspace)] = state
    _states.move_to_end(_key(workspace))
    while len(_states) > _KEPT:
        _states.popitem(last=False)[1].close()


def _key(workspace: Workspace) -> Path:
    return workspace.root
