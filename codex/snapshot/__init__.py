"""Snapshots: a workspace at one state, read through one protocol whatever its source.

Three sources, one reader's view:

* ``CommitSnapshot``: a git commit; never sees half a change;
* ``TreeSnapshot``: a folder as it is now, also one that is no git repository;
* ``OverlaySnapshot``: another snapshot with some files replaced, added or removed (a proposal tried out in memory).

Paths are POSIX paths relative to the root. Symbolic links, submodules, ``.git`` and ``.codex`` are not part of any
snapshot: what an agent could plant there is never read.
"""

from codex.snapshot.base import Snapshot, blob_id, decoded
from codex.snapshot.commit import CommitSnapshot
from codex.snapshot.layered import Layered
from codex.snapshot.overlay import OverlaySnapshot
from codex.snapshot.tree import TreeSnapshot

__all__ = ["CommitSnapshot", "Layered", "OverlaySnapshot", "Snapshot", "TreeSnapshot", "blob_id", "decoded"]
