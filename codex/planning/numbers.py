"""Free ids for units that audits ask for without one, or under one that is taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from codex.planning.bullets import Audit, Bullet

#: A folder of units as audits write it: ``03-modern-geometry/02-manifolds/``.
_FOLDER = re.compile(r"(?<![.\w])([0-9]{2})(?:\.|-[a-z][a-z-]*/)([0-9]{2})-[a-z]")
_ID = re.compile(r"`([0-9]{2})\.([0-9]{2})\.")
_PACK = re.compile(r"exercise[- ]pack|exercises$", re.IGNORECASE)
_MOST = 99
#: Where nothing tells a section, the first.
_ANY_SECTION = "00"


class Numbers:
    """The ids that are taken, and the next free ones. The same questions in the same order get the same answers."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._opened: dict[tuple[str, str, str], str] = {}

    def take(self, unit_id: str) -> None:
        self._taken.add(unit_id)

    def propose(self, audit: Audit, bullet: Bullet) -> str:
        """The next free id for a bullet, in the chapter that it points to; from now on that id is taken."""
        chapter = bullet.id.rpartition(".")[0] or self._chapter(audit, bullet)
        pack = bool(_PACK.search(bullet.title) or ".E" in bullet.provisional)
        found = self._next(chapter, pack=pack) or self._next(self._open(audit.slug, chapter[:2], chapter), pack=pack)
        self.take(found)
        return found

    def _chapter(self, audit: Audit, bullet: Bullet) -> str:
        """The chapter of a bullet without an id: its own home, a new one that the audit opens, or the audit's main."""
        if "." in bullet.home:
            return bullet.home
        wanted = bullet.provisional.split(".")
        opened = wanted[1] if len(wanted) == 3 and wanted[1].isalpha() else ""
        section = bullet.home or (main_chapter(audit).partition(".")[0] if opened else "")
        if opened and section:
            return self._open(audit.slug, section, opened)
        return main_chapter(audit, section) or self._open(audit.slug, section or _ANY_SECTION, "")

    def _open(self, slug: str, section: str, name: str) -> str:
        """The new chapter that an audit calls ``NN``: the one after the last of its section."""
        key = (slug, section, name)
        if key not in self._opened:
            used = {int(i[3:5]) for i in self._taken if i.startswith(f"{section}.") and i[3:5].isdecimal()}
            used |= {int(chapter[3:]) for chapter in self._opened.values() if chapter.startswith(f"{section}.")}
            self._opened[key] = f"{section}.{_free(used):02d}"
        return self._opened[key]

    def _next(self, chapter: str, *, pack: bool) -> str:
        """The next free id of a chapter; "" when it is full."""
        mark = f"{chapter}.E" if pack else f"{chapter}."
        used = {int(i[len(mark) :]) for i in self._taken if i.startswith(mark) and i[len(mark) :].isdecimal()}
        number = _free(used)
        return "" if number > _MOST else f"{mark}{number}" if pack else f"{mark}{number:02d}"


def _free(used: set[int]) -> int:
    """The number after the highest; the lowest free one when the highest is the last."""
    after = max(used, default=0) + 1
    return after if after <= _MOST else next((n for n in range(1, _MOST + 1) if n not in used), after)


def main_chapter(audit: Audit, section: str = "") -> str:
    """The chapter (of a section) that an audit is about: of its bullets, else of the folders, else of the ids in it."""
    ids = (bullet.id.rpartition(".")[0] for bullet in audit.bullets)
    sources = (ids, map(".".join, _FOLDER.findall(audit.text)), map(".".join, _ID.findall(audit.text)))
    for source in sources:
        counted = Counter(chapter for chapter in source if chapter and chapter.startswith(section))
        if counted:
            return min(counted, key=lambda chapter: (-counted[chapter], chapter))
    return ""
