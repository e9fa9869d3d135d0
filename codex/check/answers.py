"""What a rule may ask about the rest of the corpus. There is no other door.

Every method is a small question with a small answer, so that a recording wrapper can key a cached result by exactly
what was asked and answered: a unit is checked again only when an answer has changed, never because a catalog has.
"""

from __future__ import annotations

from typing import Protocol


class Answers(Protocol):
    """The questions. Ids are compared as text, stripped; paths are relative to the workspace, in POSIX form."""

    def is_shipped(self, unit_id: str) -> bool:
        """Some file below ``content/`` has this id and status ``shipped``."""

    def is_known(self, unit_id: str) -> bool:
        """Some file below ``content/`` or ``site/src/content/`` has this id, whatever its status."""

    def is_shipped_anywhere(self, unit_id: str) -> bool:
        """As ``is_shipped``, ``site/src/content/`` included."""

    def is_pending(self, unit_id: object) -> bool:
        """The id is listed under ``pending`` in deps.json, or is an end of an edge whose state is pending."""

    def is_edge_end(self, unit_id: str) -> bool:
        """The id is ``from`` or ``to`` of any edge in deps.json."""

    def files_with_id(self, unit_id: str) -> tuple[str, ...]:
        """The paths below ``content/`` that carry this id, in path order."""

    def catalog_contains(self, text: str) -> bool:
        """The concept catalog contains this text somewhere."""

    def path_exists(self, path: str) -> bool:
        """A file or folder is there. A path that leaves the workspace (absolute, or by ``..``) never is."""

    def file_is_empty(self, path: str) -> bool:
        """The file is absent or holds nothing but white space."""

    def notation_contains(self, macro: str) -> bool:
        """``_meta/NOTATION.md`` mentions this macro."""

    def reference_digest(self) -> str:
        """A digest of every text file below ``reference/``; "" when there is no such folder."""

    def shared_run(self, words: tuple[str, ...], length: int) -> tuple[int, str] | None:
        """The first run of ``length`` words that also stands below ``reference/``: its position and the file.

        Its answer changes only with ``reference_digest``, which a rule asks first.
        """
