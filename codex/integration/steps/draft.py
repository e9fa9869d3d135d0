"""A snapshot while a proposal is applied to it: what was changed so far is what the next step reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codex.snapshot import Snapshot, decoded

#: Path → whole new content of a file, None where it is removed.
Changes = Mapping[str, bytes | None]
#: Who wants to know, before all is worked out, of files that will hardly change any more.
Ready = Callable[[Changes], None]


class Draft:
    """Files of ``base`` with changes on top (None: removed); nothing is written. ``copy`` to try something out."""

    def __init__(self, base: Snapshot, changes: Changes | None = None) -> None:
        self.base = base
        self.changes: dict[str, bytes | None] = dict(changes or {})
        self._texts: dict[str, str] = {}
        self._snapshot: Snapshot | None = None

    def copy(self) -> Draft:
        made = Draft(self.base, self.changes)
        made._texts, made._snapshot = dict(self._texts), self._snapshot
        return made

    def snapshot(self) -> Snapshot:
        """The state with all changes so far; the same value until something is changed."""
        if self._snapshot is None:
            self._snapshot = self._taken()
        return self._snapshot

    def _taken(self) -> Snapshot:
        if not self.changes:
            return self.base
        made = self.base.with_changes(self.changes)
        for path, text in self._texts.items():
            made.keep_text(path, text)
        return made

    def exists(self, path: str) -> bool:
        return self.changes[path] is not None if path in self.changes else self.base.exists(path)

    def text(self, path: str, default: str | None = None) -> str:
        """The file as text; ``default`` when it is absent (KeyError without one). NotText when it is no UTF-8."""
        if path in self._texts:
            return self._texts[path]
        if path in self.changes:
            data = self.changes[path]
            if data is not None:
                return decoded(path, data)
            if default is None:
                raise KeyError(path)
            return default
        return self.base.text(path, default)

    def put(self, path: str, data: bytes) -> None:
        """Set a file; one that is then as in the base is no change."""
        self._forget(path)
        if self.base.exists(path) and self.base.read(path) == data:
            self.changes.pop(path, None)
        else:
            self.changes[path] = data

    def remove(self, path: str) -> None:
        """Take a file away; one that the base does not have is no change then."""
        self._forget(path)
        if self.base.exists(path):
            self.changes[path] = None
        else:
            self.changes.pop(path, None)

    def edit(
        self,
        path: str,
        change: Callable[[str], str],
        default: str | None = None,
        encoded: Callable[[str], bytes] = str.encode,
    ) -> None:
        """Put ``change`` of the file's text; an absent file is left alone unless there is a ``default`` for it.

        ``encoded`` gives a text in UTF-8, where somebody knows how to do that quickly.
        """
        if default is None and not self.exists(path):
            return
        old = self.text(path, default)
        new = change(old)
        if new is not old or not self.exists(path):
            self.put(path, encoded(new))
            self._texts[path] = new

    def _forget(self, path: str) -> None:
        self._texts.pop(path, None)
        self._snapshot = None

    def update(self, changes: Mapping[str, bytes]) -> None:
        for path, data in changes.items():
            self.put(path, data)
