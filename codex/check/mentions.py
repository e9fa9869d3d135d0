"""Which texts a shared file contains."""

from __future__ import annotations

import re
from functools import cached_property

from codex.check.facts import Facts
from codex.corpus import catalog
from codex.snapshot import CommitSnapshot, OverlaySnapshot, Snapshot, blob_id

#: The kind of fact about a file: texts that it contains or not.
MENTIONS = "mentions"

_HEADING = re.compile(r"\n#+ +([^\s`]+)")


class Mentions:
    """Which texts a file contains: every answer is a fact about the file, so that it need not be read again.

    What is known of a proposed text hangs on its snapshot, where answers are added and none ever changes: to hash
    megabytes for a name of it takes longer than to look.
    """

    def __init__(self, snapshot: Snapshot, path: str, facts: Facts) -> None:
        self._snapshot, self._path, self._facts = snapshot, path, facts
        self._is_proposed = isinstance(snapshot, OverlaySnapshot) and path in snapshot.changes
        self._known = self._known_before()
        self._searched = 0

    def _known_before(self) -> dict[str, bool]:
        if self._is_proposed:
            return self._snapshot.derived(f"{MENTIONS} {self._path}", _nothing)
        if not self._snapshot.exists(self._path):
            return {}
        blob = self._snapshot.blobs()[self._path]
        known: dict[str, bool] = self._facts.known(MENTIONS, [blob]).get(blob, {})
        return known

    def __contains__(self, text: str) -> bool:
        if text not in self._known:
            self._searched += 1
            text_there = self._text  # may replace what is known
            found = self._is_named(text) or text in text_there
            self._known[text] = found
        return self._known[text]

    @cached_property
    def _text(self) -> str:
        """The file's text, "" when it is absent. From now on what is found out is kept."""
        if not self._snapshot.exists(self._path):
            return ""
        if self._is_proposed:
            return self._snapshot.any_text(self._path)
        blob, text = _blob_and_text(self._snapshot, self._path)
        self._known = dict(self._facts.known(MENTIONS, [blob]).get(blob, {}))
        self._facts.learn(MENTIONS, blob, self._known)
        return text

    def _is_named(self, text: str) -> bool:
        """Whether a heading says the text, as far as that is quickly answered."""
        parsed = catalog.known(self._text)
        return text in parsed if parsed else self._searched > _SEARCHES and text in self._headings

    @cached_property
    def _headings(self) -> frozenset[str]:
        """What headings say: asked for first where much is asked, since a concept is mostly named in one, and the
        catalog has megabytes.
        """
        return frozenset(_HEADING.findall(self._text))


#: Searches in a whole text that cost less than going through all of its headings.
_SEARCHES = 20


def _nothing(_: Snapshot) -> dict[str, bool]:
    return {}


def _blob_and_text(snapshot: Snapshot, path: str) -> tuple[str, str]:
    if isinstance(snapshot, CommitSnapshot | OverlaySnapshot):
        return snapshot.blobs()[path], snapshot.any_text(path)
    data = snapshot.read(path)  # the file may have changed since it was listed
    return blob_id(data), data.decode("utf-8", "replace")
