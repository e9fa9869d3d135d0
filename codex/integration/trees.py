"""Trees: the folders of a commit with some files replaced, added or removed, at the cost of the folders touched.

Trees that were read or made are kept in memory by id, so that the next commit of a process reads none.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from codex.errors import StorageError
from codex.integration.objects import object_id

FILE_MODES = ("100644", "100755")
_TREE_MODE = "40000"
#: Trees kept in memory.
_KEPT = 4_000

#: Mode and blob id of a file.
FileEntry = tuple[str, str]
#: File or folder name → new blob id, None (no such file any more), or what changes in the folder.
_Changes = dict[str, "str | _Changes | None"]


class UnsafeTree(StorageError):
    """A path of the change leads through a symbolic link or submodule of the repository."""


class Tree:
    """One folder: its entries in git's order (a folder sorts as if its name ended with a slash), as git stores them."""

    def __init__(self, names: list[bytes], entries: list[bytes]) -> None:
        self._names, self._entries = names, entries

    @classmethod
    def parse(cls, data: bytes) -> Tree:
        names, entries, at = [], [], 0
        while at < len(data):
            end = data.index(b"\0", at) + 21
            entry = data[at:end]
            names.append(_sort_name(entry))
            entries.append(entry)
            at = end
        return cls(names, entries)

    def get(self, name: str) -> FileEntry | None:
        """Mode and id of a file or folder of this name."""
        for key in (os.fsencode(name), os.fsencode(name) + b"/"):
            at = bisect_left(self._names, key)
            if self._names[at : at + 1] == [key]:
                entry = self._entries[at]
                return entry.partition(b" ")[0].decode(), entry[-20:].hex()
        return None

    def with_entries(self, changes: Mapping[str, FileEntry | None]) -> Tree:
        """The folder with entries set or, where None, removed."""
        found = Tree(list(self._names), list(self._entries))
        for name, new in changes.items():
            found._remove(name)
            if new:
                found._insert(name, *new)
        return found

    def _remove(self, name: str) -> None:
        for key in (os.fsencode(name), os.fsencode(name) + b"/"):
            at = bisect_left(self._names, key)
            if self._names[at : at + 1] == [key]:
                del self._names[at], self._entries[at]

    def _insert(self, name: str, mode: str, oid: str) -> None:
        entry = b"%b %b\0%b" % (mode.encode(), os.fsencode(name), bytes.fromhex(oid))
        at = bisect_left(self._names, _sort_name(entry))
        self._names.insert(at, _sort_name(entry))
        self._entries.insert(at, entry)

    def render(self) -> bytes:
        return b"".join(self._entries)

    def __bool__(self) -> bool:
        return bool(self._entries)


def _sort_name(entry: bytes) -> bytes:
    mode, _, rest = entry[:-21].partition(b" ")
    return rest + b"/" if mode == _TREE_MODE.encode() else rest


_kept: OrderedDict[str, Tree] = OrderedDict()


@dataclass
class NewTree:
    """The root of a changed state: ``oid``, new trees as bytes, mode and blob of each file that was set."""

    oid: str = ""
    trees: list[bytes] = field(default_factory=list)
    files: dict[str, FileEntry] = field(default_factory=dict)


def change_tree(base: str | None, blobs: Mapping[str, str | None], read: Callable[[str], bytes]) -> NewTree:
    """The tree ``base`` (None: an empty one) with these files set to blobs, or removed (None).

    A file keeps its mode; a new one is 100644. Nothing is stored yet. ``read`` gives the bytes of a tree object.
    Raises UnsafeTree when something that is no folder, or no file, stands where one is needed.
    """
    made = NewTree()
    nested: _Changes = {}
    for path, blob in blobs.items():
        _nest(nested, path, blob)
    tree = _changed(_read(base, read), nested, "", read, made)
    made.oid = _store(tree, made)
    return made


def _nest(nested: _Changes, path: str, blob: str | None) -> None:
    *folders, name = path.split("/")
    here = nested
    for folder in folders:
        below = here.setdefault(folder, {})
        if not isinstance(below, dict):
            raise _unsafe(path)
        here = below
    if isinstance(here.get(name), dict):
        raise _unsafe(path)
    here[name] = blob


def _changed(tree: Tree, changes: _Changes, prefix: str, read: Callable[[str], bytes], made: NewTree) -> Tree:
    entries: dict[str, FileEntry | None] = {}
    for name, change in changes.items():
        there = tree.get(name)
        if isinstance(change, dict):
            if there and there[0] != _TREE_MODE:
                raise _unsafe(prefix + name)
            below = _changed(_read(there[1] if there else None, read), change, f"{prefix}{name}/", read, made)
            entries[name] = (_TREE_MODE, _store(below, made)) if below else None
        else:
            if there and there[0] not in FILE_MODES:
                raise _unsafe(prefix + name)
            entries[name] = (there[0] if there else FILE_MODES[0], change) if change else None
            if change:
                made.files[prefix + name] = (there[0] if there else FILE_MODES[0], change)
    return tree.with_entries(entries)


def _store(tree: Tree, made: NewTree) -> str:
    data = tree.render()
    oid = object_id("tree", data)
    made.trees.append(data)
    _keep(oid, tree)
    return oid


def _read(oid: str | None, read: Callable[[str], bytes]) -> Tree:
    if oid is None:
        return Tree([], [])
    if oid not in _kept:
        _keep(oid, Tree.parse(read(oid)))
    _kept.move_to_end(oid)
    return _kept[oid]


def _keep(oid: str, tree: Tree) -> None:
    _kept[oid] = tree
    while len(_kept) > _KEPT:
        _kept.popitem(last=False)


def _unsafe(path: str) -> UnsafeTree:
    return UnsafeTree(
        f"{path} is a symbolic link or submodule where a file or folder is needed.",
        remedy="Replace it by a real file or folder and commit that.",
    )
