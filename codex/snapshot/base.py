"""What every snapshot is, and what those that cannot change keep of what was worked out from them."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from codex.errors import NotText

if TYPE_CHECKING:
    from codex.snapshot.overlay import OverlaySnapshot

#: Folders of many files, few of which are read twice.
ONE_OF_MANY = ("content/", "manifests/units/")

T = TypeVar("T")


def blob_id(data: bytes) -> str:
    """The SHA-1 that git gives to a blob of these bytes (hex)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def decoded(path: str, data: bytes) -> str:
    """The text that a file of the workspace holds; raises NotText naming it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise NotText(path, exc.reason) from exc


class Snapshot(ABC):
    """A workspace at one state. ``label`` names it for people: a commit id, ``worktree`` or the like."""

    label: str

    @property
    def is_settled(self) -> bool:
        """True when it cannot change: what was worked out for it is kept (``derived``)."""
        return False

    @abstractmethod
    def blobs(self) -> Mapping[str, str]:
        """Every file: path to git blob id, in path order."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """The bytes of a file; raises KeyError when it is not in the snapshot."""

    def exists(self, path: str) -> bool:
        return path in self.blobs()

    def text(self, path: str, default: str | None = None) -> str:
        """The file as UTF-8 text; ``default`` when it is absent (KeyError without one). Raises NotText."""
        if default is not None and not self.exists(path):
            return default
        return decoded(path, self.read(path))

    def any_text(self, path: str, default: str = "") -> str:
        """The file as text whatever its bytes: what is no UTF-8 is replaced. ``default`` when it is absent."""
        try:
            return self.text(path, default)
        except NotText:
            return self.read(path).decode("utf-8", "replace")

    def under(self, prefix: str, suffix: str = "") -> Iterator[str]:
        """Paths below the folder ``prefix``, sorted by path components."""
        start = prefix.rstrip("/") + "/"
        return iter(_by_parts(p for p in self.blobs() if p.startswith(start) and p.endswith(suffix)))

    def with_changes(self, changes: Mapping[str, bytes | None], label: str = "proposed") -> OverlaySnapshot:
        """The same with files replaced or added (bytes) or removed (None)."""
        from codex.snapshot.overlay import OverlaySnapshot  # it is a snapshot itself

        return OverlaySnapshot(self, changes, label)

    def derived(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None = None
    ) -> T:
        """What ``make`` works out from this state. ``kind`` names it.

        A state that cannot change (a commit, changes on top of one) keeps the value, and with ``follow`` an overlay
        gets its own from its base's: ``follow`` returns a new value for the overlay, whose ``base`` and ``changes`` say
        what differs. So it costs as much as the change, not as the corpus. A value is never changed in place.
        """
        del kind, follow  # a folder may change at any time: nothing is kept
        return make(self)


class Settled(Snapshot):
    """A snapshot that cannot change."""

    @property
    def is_settled(self) -> bool:
        return True

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _ways(self) -> dict[str, tuple[Callable[[Snapshot], Any], Callable[[Any, OverlaySnapshot], Any]]]:
        """How to work out a value, for the states that come after this one."""
        return {}

    def derived(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None = None
    ) -> T:
        if kind not in self._values:
            self._values[kind] = self._worked_out(kind, make, follow)
        if follow is not None:
            self._ways[kind] = (make, follow)
        value: T = self._values[kind]
        return value

    def _worked_out(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None
    ) -> T:
        return make(self)

    def keep(self, kind: str, value: object) -> None:
        """Set what ``derived`` would work out, where it is at hand already."""
        self._values[kind] = value

    def text(self, path: str, default: str | None = None) -> str:
        if path.startswith(ONE_OF_MANY):
            return super().text(path, default)
        if default is not None and not self.exists(path):
            return default
        return self._text(path)

    def _text(self, path: str) -> str:
        """The text of a file that many ask for; decoded once."""

        def make(state: Snapshot) -> str:
            return decoded(path, state.read(path))

        def follow(before: str, state: OverlaySnapshot) -> str:
            return make(state) if path in state.changes else before

        return self.derived(text_kind(path), make, follow)

    @abstractmethod
    def few_below(self, start: str) -> list[str] | None:
        """The paths below a folder (named with its slash) in any order, if few and easily found; else None."""

    def under(self, prefix: str, suffix: str = "") -> Iterator[str]:
        start = prefix.rstrip("/") + "/"
        few = self.few_below(start)
        if few is not None:  # costs too little to be kept, and to be brought along with every state to come
            return iter(_by_parts(path for path in few if path.endswith(suffix)))

        def follow(paths: list[str], state: OverlaySnapshot) -> list[str]:
            return _in_order(paths, [p for p in state.changes if p.startswith(start) and p.endswith(suffix)], state)

        def make(state: Snapshot) -> list[str]:
            return list(Snapshot.under(state, prefix, suffix))

        found = self.derived(f"under {start}*{suffix}", make, follow)
        return iter(found)


def text_kind(path: str) -> str:
    return f"text {path}"


def _by_parts(paths: Iterable[str]) -> list[str]:
    return sorted(paths, key=lambda path: path.split("/"))


def _in_order(paths: list[str], changed: list[str], state: OverlaySnapshot) -> list[str]:
    """Sorted paths with those that were added or removed."""
    moved = [path for path in changed if state.base.exists(path) != state.exists(path)]
    if not moved:
        return paths
    found = list(paths)
    for path in moved:
        at = bisect_left(found, path.split("/"), key=lambda p: p.split("/"))
        if state.exists(path):
            found.insert(at, path)
        else:
            del found[at]
    return found
