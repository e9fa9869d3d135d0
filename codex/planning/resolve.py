"""Which unit each bullet means: numbering collisions and provisional ids, resolved by proposal.

Audits are written independently, so one id stands for two units, two ids for one, or an id for a unit that was shipped
under another title. Titles decide: a bullet keeps its id when its title agrees with the one that holds the id (the
shipped unit's, else the first bullet's); else it means the unit of that title elsewhere; else it gets the next free id
of its chapter. A proposed id is kept as long as the plan remembers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from codex.corpus.titles import DIFFERENT, FOUND, SAME, Titles, likeness, overlap
from codex.planning.bullets import NEW_UNIT, Audit, Bullet
from codex.planning.numbers import Numbers
from codex.planning.shipped import Shipped

Sort = Literal["shipped-under-another-title", "one-id-two-titles", "two-ids-one-title", "provisional-id"]

#: What a wish is remembered by: the audit, what it wrote for an id, its title.
Wish = tuple[str, str, str]

SHIPPED_THERE, PLANNED_THERE, NEXT_FREE = "shipped there already", "planned there already", "next free id"


@dataclass(frozen=True, slots=True)
class Collision:
    """A bullet that does not mean the unit of the id it writes. ``holder`` is the title that keeps that id."""

    sort: Sort
    audit: str
    place: str
    written: str
    title: str
    holder: str
    resolved_to: str
    how: str

    def as_data(self) -> dict[str, str]:
        return {
            "sort": self.sort, "audit": self.audit, "place": self.place, "written": self.written, "title": self.title,
            "holder": self.holder, "resolved_to": self.resolved_to, "how": self.how,
        }  # fmt: skip


@dataclass
class Resolution:
    """``audits`` with every bullet under the id that it means; ``moved``: audit and written id → that id."""

    audits: tuple[Audit, ...] = ()
    collisions: list[Collision] = field(default_factory=list)
    moved: dict[tuple[str, str], str] = field(default_factory=dict)


def remembered(plan: Mapping[str, Any]) -> dict[Wish, str]:
    """The proposals of an earlier plan, those that have shipped since among them; nothing for another shape."""
    found: dict[Wish, str] = {}
    collisions = plan.get("collisions")
    for each in collisions if isinstance(collisions, list) else ():
        if isinstance(each, dict) and each.get("how") in {NEXT_FREE, SHIPPED_THERE}:
            found[str(each.get("audit")), str(each.get("written")), str(each.get("title"))] = str(each["resolved_to"])
    return found


def resolve(
    audits: tuple[Audit, ...], shipped: Mapping[str, Shipped], taken: Iterable[str], before: Mapping[Wish, str]
) -> Resolution:
    """Every bullet under the id that it means. ``taken`` are further ids nobody may get; ``before`` see remembered."""
    return _Resolver(audits, shipped, taken, before).run()


class _Resolver:
    def __init__(
        self,
        audits: tuple[Audit, ...],
        shipped: Mapping[str, Shipped],
        taken: Iterable[str],
        before: Mapping[Wish, str],
    ) -> None:
        self.audits, self.shipped, self.before = audits, shipped, before
        self.holders = self._holders()
        self.titles = Titles(self.holders)
        self.order = {unit_id: number for number, unit_id in enumerate(self.holders)}
        # An id proposed earlier is held from the beginning; its title counts from where the plan comes to it, as then.
        self.holders |= {i: title for (_, _, title), i in before.items() if i not in shipped}
        written = {bullet.id for audit in audits for bullet in audit.bullets if bullet.id}
        self.numbers = Numbers({*shipped, *written, *taken, *before.values()})
        self.result = Resolution()
        self.proposed: dict[str, list[tuple[str, str]]] = {}  # written id → (title, proposed id)

    def _holders(self) -> dict[str, str]:
        """Id → the title that keeps it: the shipped unit's, else that of the first new unit that asks for the id."""
        found = {unit_id: unit.title for unit_id, unit in self.shipped.items() if unit.title}
        for audit in self.audits:
            for bullet in audit.bullets:
                if bullet.id and bullet.kind == NEW_UNIT:
                    found.setdefault(bullet.id, bullet.title)
        return found

    def run(self) -> Resolution:
        """Whole ids first: what they hold decides where a provisional one belongs; then what is to be written."""
        ids: dict[Bullet, str] = {}
        for _, audit, bullet in sorted(self._bullets(), key=lambda each: each[0]):
            ids[bullet] = self._id(audit, bullet)
            if ids[bullet] == bullet.id:
                self.result.moved.pop((audit.slug, bullet.id), None)  # the audit means it by that id as well
        self.result.audits = tuple(
            replace(audit, bullets=tuple(replace(b, id=ids[b]) for b in audit.bullets)) for audit in self.audits
        )
        return self.result

    def _bullets(self) -> Iterator[tuple[int, Audit, Bullet]]:
        """Every bullet with its turn."""
        for audit in self.audits:
            for bullet in audit.bullets:
                yield (0 if bullet.id else 1 if bullet.kind == NEW_UNIT else 2), audit, bullet

    def _id(self, audit: Audit, bullet: Bullet) -> str:
        if bullet.id and (bullet.kind != NEW_UNIT or ".E" in bullet.id):
            return bullet.id
        known = self.result.moved.get((audit.slug, bullet.provisional), "") if bullet.kind != NEW_UNIT else ""
        if known:  # more of a unit that this audit asks for
            self._note(audit, bullet, "provisional-id", known, PLANNED_THERE)
            return known
        sort = self._sort(bullet)
        if sort is None:
            return bullet.id
        found, how = self._elsewhere(audit, bullet, sort)
        self._note(audit, bullet, sort, found, how)
        return found

    def _sort(self, bullet: Bullet) -> Sort | None:
        """What is wrong with the id that a bullet writes; None when nothing is."""
        if not bullet.id:
            return "provisional-id"
        holder = self.holders[bullet.id]
        agreed = overlap(holder, bullet.title)
        if bullet.id not in self.shipped and self._earlier(bullet):
            return "two-ids-one-title"
        # A title that agrees a little is a doubtful case, unless another unit's title agrees much better.
        better = self._same(bullet, FOUND) if DIFFERENT < agreed < FOUND else None
        if agreed > DIFFERENT and not (better and likeness(self.holders[better], bullet.title) > agreed):
            return None
        return "shipped-under-another-title" if bullet.id in self.shipped else "one-id-two-titles"

    def _same(self, bullet: Bullet, least: float) -> str | None:
        """Another unit of that title."""
        return self.titles.nearest(bullet.title, least, bullet.id)

    def _earlier(self, bullet: Bullet) -> str | None:
        """Another unit of that title that is shipped, or was asked for before this one: the later id gives way."""
        there = self._same(bullet, SAME)
        first = there and (there in self.shipped or self.order.get(there, 0) < self.order[bullet.id])
        return there if first else None

    def _elsewhere(self, audit: Audit, bullet: Bullet, sort: Sort) -> tuple[str, str]:
        written = bullet.id or bullet.provisional
        known = self.before.get((audit.slug, written, bullet.title), "")
        if known and known not in self.shipped:
            return self._proposed(known, bullet, written)
        if known and overlap(self.holders.get(known, ""), bullet.title) > DIFFERENT:
            return known, SHIPPED_THERE
        there = self._same(bullet, SAME if sort == "provisional-id" else FOUND)
        if there is None and bullet.id:
            there = self.titles.holding(bullet.title, bullet.id.rpartition(".")[0] + ".", bullet.id)
        if there:
            return there, SHIPPED_THERE if there in self.shipped else PLANNED_THERE
        for title, unit_id in self.proposed.get(written, ()) if written else ():
            if overlap(title, bullet.title) >= FOUND:
                return unit_id, NEXT_FREE
        return self._proposed(self.numbers.propose(audit, bullet), bullet, written)

    def _proposed(self, found: str, bullet: Bullet, written: str) -> tuple[str, str]:
        self.proposed.setdefault(written, []).append((bullet.title, found))
        self.titles.add(found, bullet.title)
        self.holders[found] = bullet.title
        return found, NEXT_FREE

    def _note(self, audit: Audit, bullet: Bullet, sort: Sort, found: str, how: str) -> None:
        written = bullet.id or bullet.provisional
        holder = self.holders.get(written, "")
        if written:
            self.result.moved[audit.slug, written] = found
        self.result.collisions.append(
            Collision(sort, audit.slug, bullet.place, written, bullet.title, holder, found, how)
        )
