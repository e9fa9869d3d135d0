"""A snapshot with changes on top."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property

from codex.errors import CodexError
from codex.snapshot.base import ONE_OF_MANY, Settled, Snapshot, T, blob_id, decoded, text_kind
from codex.snapshot.layered import Layered
from codex.snapshot.listing import Listing


class OverlaySnapshot(Settled):
    """Another snapshot with some files replaced, added or removed; nothing is written anywhere."""

    def __init__(self, base: Snapshot, changes: Mapping[str, bytes | None], label: str = "proposed") -> None:
        self.base = base
        self.changes = dict(changes)
        self.label = label

    @property
    def is_settled(self) -> bool:
        return self.base.is_settled

    @cached_property
    def _ids(self) -> _OverlayIds:
        return _OverlayIds(self.base.blobs(), self.changes)

    def blobs(self) -> Mapping[str, str]:
        return self._ids

    def few_below(self, start: str) -> list[str] | None:
        few = self.base.few_below(start) if isinstance(self.base, Settled) else None
        if few is None:
            return None
        changed = {path for path in self.changes if path.startswith(start)}
        return [p for p in few if p not in changed] + [p for p in changed if self.changes[p] is not None]

    def listed(self) -> Listing:
        """Every file with its blob id, in path order."""
        return self._ids.listed

    def exists(self, path: str) -> bool:
        return self.changes[path] is not None if path in self.changes else self.base.exists(path)

    def read(self, path: str) -> bytes:
        if path in self.changes:
            data = self.changes[path]
            if data is None:
                raise KeyError(path)
            return data
        return self.base.read(path)

    def work_out(self) -> None:
        """Work out all that is known of the snapshot below; what cannot be followed is left until it is asked for."""
        ways = list(self.base._ways.items()) if isinstance(self.base, Settled) else []  # more may be added meanwhile
        for kind, (make, follow) in ways:
            with suppress(CodexError, KeyError, ValueError):
                self.derived(kind, make, follow)

    def keep_text(self, path: str, text: str) -> None:
        """Spare decoding a changed file whose text is at hand."""
        if self.is_settled and not path.startswith(ONE_OF_MANY):
            self.keep(text_kind(path), text)

    def keep_ids(self, ids: Mapping[str, str]) -> None:
        """Spare hashing changed files whose blob ids are at hand."""
        self._ids.keep(ids)

    def _text(self, path: str) -> str:
        if path not in self.changes and isinstance(self.base, Settled):
            return self.base._text(path)
        return self.derived(text_kind(path), lambda state: decoded(path, state.read(path)))

    def derived(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None = None
    ) -> T:
        if not self.is_settled:  # what lies below may change
            return make(self)
        return super().derived(kind, make, follow)

    def _worked_out(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None
    ) -> T:
        return make(self) if follow is None else follow(self.base.derived(kind, make, follow), self)


class _OverlayIds(Mapping[str, str]):
    """Path to blob id with changes on top; listed, in path order, only when somebody goes through all of it."""

    def __init__(self, base: Mapping[str, str], changes: Mapping[str, bytes | None]) -> None:
        self._base, self._changes = base, changes
        self._new: dict[str, str] = {}

    def keep(self, ids: Mapping[str, str]) -> None:
        self._new.update(ids)

    @cached_property
    def listed(self) -> Listing:
        base = self._base.listed if isinstance(self._base, _OverlayIds) else self._base
        listing = base if isinstance(base, Listing) else Listing(Layered(dict(base)))
        return listing.after({path: None if data is None else self[path] for path, data in self._changes.items()})

    def __getitem__(self, path: str) -> str:
        if path not in self._changes:
            return self._base[path]
        if path not in self._new:
            data = self._changes[path]
            if data is None:
                raise KeyError(path)
            self._new[path] = blob_id(data)
        return self._new[path]

    def __contains__(self, path: object) -> bool:
        return self._changes[path] is not None if path in self._changes else path in self._base  # type: ignore[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self.listed)

    def __len__(self) -> int:
        return len(self.listed)
