"""A snapshot while a proposal is applied to it: what was changed so far is what the next step reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codex.errors import DataError
from codex.snapshot import Snapshot


class Draft:
    """Files of ``base`` with changes on top; nothing is written anywhere. ``copy`` to try something out."""

    def __init__(self, base: Snapshot, changes: Mapping[str, bytes] | None = None) -> None:
        self.base = base
        self.changes: dict[str, bytes] = dict(changes or {})

    def copy(self) -> Draft:
        return Draft(self.base, self.changes)

    def snapshot(self) -> Snapshot:
        """The state with all changes so far."""
        return self.base.with_changes(self.changes) if self.changes else self.base

    def exists(self, path: str) -> bool:
        return path in self.changes or self.base.exists(path)

    def text(self, path: str, default: str | None = None) -> str:
        """The file as text; ``default`` when it is absent (KeyError without one). DataError when it is not UTF-8."""
        if path in self.changes:
            return self.changes[path].decode("utf-8")
        try:
            return self.base.text(path, default)
        except UnicodeDecodeError as exc:
            raise DataError(f"{path} is not UTF-8 text: {exc.reason}.", remedy="Take it back from git.") from exc

    def put(self, path: str, data: bytes) -> None:
        """Set a file; one that is then as in the base is no change."""
        if self.base.exists(path) and self.base.read(path) == data:
            self.changes.pop(path, None)
        else:
            self.changes[path] = data

    def edit(self, path: str, change: Callable[[str], str], default: str | None = None) -> None:
        """Put ``change`` of the file's text; an absent file is left alone unless there is a ``default`` for it."""
        if default is None and not self.exists(path):
            return
        self.put(path, change(self.text(path, default)).encode("utf-8"))

    def update(self, changes: Mapping[str, bytes]) -> None:
        for path, data in changes.items():
            self.put(path, data)
