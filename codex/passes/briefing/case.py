"""The case of a brief: the unit that is wanted, and what the corpus has around it. Read once, used by every part."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from codex.agents.search import rank
from codex.campaign.limits import thresholds_of
from codex.campaign.owed import Deliverable
from codex.continuity.corpus import registered_anchors
from codex.continuity.measure import UnitContinuity, measure
from codex.continuity.thresholds import Threshold
from codex.corpus.index import CorpusIndex
from codex.passes.bookcontext import BookContext
from codex.passes.briefing.excerpts import defined, pattern_of, stated
from codex.planning.audits import read_audits
from codex.planning.bullets import Audit
from codex.planning.store import live_plan
from codex.units import Unit
from codex.units.ids import UNIT_ID

#: Weights of what makes a unit near: steps in the graph, a common chapter, a common section, common words (best: 1).
_STEP, _CHAPTER, _SECTION, _WORDS = 3.0, 1.5, 0.5, 2.0
_FAR = 4
_NAMED = re.compile(r"(?<![\d.])[0-9]{2}\.[0-9]{2}\.[0-9]{2}(?![\d.])")
#: So many units with a paragraph alike make it a template.
_TEMPLATE = 3


@dataclass(frozen=True)
class Case:
    """One unit to be written or deepened."""

    context: BookContext
    path: str

    @cached_property
    def wanted(self) -> Deliverable:
        return self.context.deliverable

    @property
    def id(self) -> str:
        return self.wanted.id

    @property
    def chapter(self) -> str:
        """The chapter's number, as ``03.09``."""
        return self.id.rpartition(".")[0]

    @property
    def corpus(self) -> CorpusIndex:
        return self.context.corpus

    @property
    def units(self) -> Mapping[str, Unit]:
        return self.context.units

    @cached_property
    def shipped(self) -> Unit | None:
        """The unit as it stands, when it is to be deepened."""
        return self.units.get(self.id)

    @cached_property
    def concept(self) -> str:
        return self.wanted.concept or (self.shipped.text_value("concept_catalog_id") if self.shipped else "")

    @cached_property
    def title(self) -> str:
        return self.wanted.title or (self.shipped.title if self.shipped else self.id)

    @cached_property
    def named_prerequisites(self) -> tuple[str, ...]:
        """What the plan names, then what the shipped version has."""
        return tuple(dict.fromkeys([*self.wanted.prerequisites, *(self.shipped.prerequisites if self.shipped else ())]))

    @cached_property
    def prerequisites(self) -> tuple[str, ...]:
        """Those of the named ones that front matter may have (rule PR001): shipped, or announced as in flight."""
        known = self.context.shipped.keys() | self.corpus.deps.pending_ids
        return tuple(unit for unit in self.named_prerequisites if unit in known)

    @cached_property
    def successors(self) -> tuple[str, ...]:
        """What needs this unit: in the graph, and by the plan."""
        planned = self.context.queued.successors if self.context.queued else ()
        return tuple(dict.fromkeys([*self.corpus.deps.dependants.get(self.id, ()), *planned]))

    @cached_property
    def siblings(self) -> tuple[str, ...]:
        """The other units of the chapter, in order, without exercise packs."""
        return tuple(u for u in sorted(self.units) if u[:5] == self.chapter and u != self.id and UNIT_ID.fullmatch(u))

    @cached_property
    def audits(self) -> tuple[Audit, ...]:
        return read_audits(self.context.snapshot)

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The units that the specification names, in its order."""
        return tuple(dict.fromkeys(u for u in _NAMED.findall(self.wanted.spec) if u != self.id))

    @cached_property
    def planned(self) -> Mapping[str, str]:
        """Id → title of the units that are planned and not written."""
        units = live_plan(self.context.snapshot)["units"]
        return {i: str(u["title"]) for i, u in units.items() if u["status"] == "queued" and i not in self.units}

    def name(self, unit_id: str) -> str:
        """The title of a unit, written or planned; "" for an id that nobody names."""
        unit = self.units.get(unit_id)
        return unit.title if unit else self.planned.get(unit_id, "")

    @cached_property
    def linkable(self) -> frozenset[str]:
        """Ids that may stand in brackets: of files, of the graph, announced ones (rule XR001)."""
        return frozenset(self.units) | self.corpus.deps.ids

    @cached_property
    def steps(self) -> Mapping[str, int]:
        """Unit → how many edges of the prerequisite graph away, either way, up to _FAR."""
        around = self.corpus.deps
        found = {self.id: 0} | dict.fromkeys([*self.prerequisites, *self.successors], 1)
        waiting = deque(unit for unit in found if unit != self.id)
        while waiting:
            here = waiting.popleft()
            if found[here] >= _FAR:
                continue
            for other in (*around.prerequisites.get(here, ()), *around.dependants.get(here, ())):
                if other not in found:
                    found[other] = found[here] + 1
                    waiting.append(other)
        return found

    @cached_property
    def likeness(self) -> Mapping[str, float]:
        """Unit → how much of title and specification its title and headings share, as a part of the best (0 … 1)."""
        query = f"{self.title} {self.title} {self.wanted.spec}"
        hits = rank(query, sorted(self.units), self._outline, len(self.units))
        best = max((hit.score for hit in hits), default=1.0)
        return {hit.name: hit.score / best for hit in hits}

    @cached_property
    def near(self) -> tuple[str, ...]:
        """Every written unit but this one and exercise packs, nearest first: graph, chapter, words of title and
        specification. Packs are no units that a text refers to (their ids are not counted).
        """
        score = {unit: _WORDS * share for unit, share in self.likeness.items()}
        for unit in filter(UNIT_ID.fullmatch, self.units):
            step = self.steps.get(unit)
            score[unit] = score.get(unit, 0.0) + (_STEP / step if step else 0.0)
            score[unit] += _CHAPTER * (unit[:5] == self.chapter) + _SECTION * (unit[:2] == self.id[:2])
        others = (u for u in score if u != self.id and UNIT_ID.fullmatch(u))
        return tuple(sorted(others, key=lambda u: (-score[u], u)))

    def _outline(self, unit_id: str) -> str:
        unit = self.units[unit_id]
        return "\n".join([unit.title, unit.title, *(heading.title for heading in unit.headings)])

    @cached_property
    def _templates(self) -> Counter[str]:
        """How many units of the sections around have a paragraph, but for what is particular to each."""
        sections = {unit[:2] for unit in (self.id, *self.prerequisites)}
        around = [unit for unit_id, unit in self.units.items() if unit_id[:2] in sections]
        return Counter(pattern_of(unit, p) for unit in around for p in {*defined(unit), *stated(unit)})

    def is_own(self, unit: Unit, piece: str) -> bool:
        """False for a paragraph that several units have alike: it says nothing of this one, unless it settles a
        convention.
        """
        return "convention" in piece.casefold() or self._templates[pattern_of(unit, piece)] < _TEMPLATE

    @cached_property
    def thresholds(self) -> tuple[Threshold, ...]:
        return thresholds_of(self.context.snapshot)

    @cached_property
    def _measured(self) -> dict[str, UnitContinuity]:
        return {}

    def measured(self, unit_id: str) -> UnitContinuity:
        """The continuity figures of a written unit."""
        if unit_id not in self._measured:
            unit = self.units[unit_id]
            self._measured[unit_id] = measure(unit.data, unit.path, registered_anchors(self.context.snapshot))
        return self._measured[unit_id]
