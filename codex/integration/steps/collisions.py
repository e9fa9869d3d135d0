"""Numbering collisions: an id that another unit has, and a title that another unit has (seed 000, failure modes)."""

from __future__ import annotations

import re

from codex.corpus.bookplan import FOLDER
from codex.corpus.index import CONTENT, CorpusIndex
from codex.corpus.planfile import planned_units
from codex.corpus.titles import DIFFERENT, likeness, overlap, telling_words
from codex.errors import UserError
from codex.integration.proposal import UnitChange
from codex.integration.steps.refused import Rejected, rejected
from codex.snapshot import OverlaySnapshot, Snapshot
from codex.units import Unit

_TITLE = re.compile(rb"^title:[ \t]*[\"']?([^\r\n]*?)[\"']?[ \t]*\r?$", re.MULTILINE)
#: Bytes of a file in which its title is looked for: the front matter begins with it.
_HEAD = 4_000
#: Units beyond which titles are not compared: a state that is seen for the first time would be read as a whole.
_MOST = 3_000


def taken(change: UnitChange, there: Unit, index: CorpusIndex) -> Rejected:
    """The rejection of a unit whose id another one has, with the next id that is free."""
    advice = _advice(index, change.id)
    return rejected(change.id, "id-taken", f"the id belongs to {there.title!r} ({there.path}); {advice}")


def is_another(new: Unit, there: Unit) -> bool:
    """True when what is handed in as a change to a unit is another unit: it keeps neither title nor slug."""
    if new.error or there.error:
        return False
    titles, slugs = (new.title, there.title), (new.slug, there.slug)
    return titles[0] != titles[1] and likeness(*titles) < 1 and slugs[0] != slugs[1]


def _advice(index: CorpusIndex, unit_id: str) -> str:
    chapter = unit_id.rpartition(".")[0]
    try:
        return f"the next free id is {index.next_free_id(chapter, besides=_audited(index.snapshot, chapter))}"
    except UserError as exc:
        return exc.what


def _audited(snapshot: Snapshot, chapter: str) -> frozenset[str]:
    """Ids of a chapter that an audit or a plan of a book names, whatever production plan there is."""
    wanted = re.compile(rf"(?<![\d.]){re.escape(chapter)}\.\d{{2}}(?!\d)".encode())
    found = (wanted.findall(snapshot.read(path)) for path in snapshot.under(FOLDER, ".md"))
    return frozenset(each.decode() for ids in found for each in ids)


def doubts(unit: Unit, index: CorpusIndex) -> list[str]:
    """What a person should look at before a new unit stays: the same title twice, another title in the plan."""
    found = [
        f"{unit.id} has the title of {other}: {unit.title!r} may be written twice."
        for other in _titled_alike(unit, index.snapshot)
    ]
    planned = _planned_title(index.snapshot, unit.id)
    if planned and overlap(planned, unit.title) <= DIFFERENT:
        found.append(f"The plan queues {unit.id} as {planned!r}, and the unit is called {unit.title!r}.")
    return found


def _titled_alike(unit: Unit, snapshot: Snapshot) -> list[str]:
    titles, own = snapshot.derived("titles", _titles, _titles_after), unit.title.casefold()
    return [
        path.rpartition("/")[2].partition("-")[0]
        for path, title in sorted(titles.items())
        if path != unit.path and (title.casefold() == own or _same_words(title, unit.title))
    ]


def _same_words(one: str, other: str) -> bool:
    """Titles of numbers alone have the same ones easily."""
    return likeness(one, other) == 1 and any(word.isalpha() for word in telling_words(one))


def _titles(snapshot: Snapshot) -> dict[str, str]:
    """The titles of the shipped units, by path; none for a corpus that is too large to be read for it."""
    paths = list(snapshot.under(CONTENT, ".md"))
    return {path: _title(snapshot.read(path)) for path in paths} if len(paths) <= _MOST else {}


def _titles_after(before: dict[str, str], state: OverlaySnapshot) -> dict[str, str]:
    found = dict(before)
    for path in state.changes:
        if path.startswith(f"{CONTENT}/") and path.endswith(".md"):
            found.pop(path, None)
            if state.exists(path):
                found[path] = _title(state.read(path))
    return found


def _title(data: bytes) -> str:
    found = _TITLE.search(data[:_HEAD])
    return found[1].decode("utf-8", "replace") if found else ""


def _planned_title(snapshot: Snapshot, unit_id: str) -> str:
    """The title under which the production plan queues an id; "" when it does not."""
    entry = planned_units(snapshot).get(unit_id)
    return str(entry.get("title", "")) if isinstance(entry, dict) and entry.get("status") == "queued" else ""
