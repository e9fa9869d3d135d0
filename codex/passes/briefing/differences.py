"""Where the sources of a brief disagree: one small detector each, in one list. A brief says so and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from codex.corpus import booklist
from codex.corpus.notation import workspace_notation
from codex.corpus.titles import DIFFERENT, SAME, likeness, overlap, telling_words
from codex.passes.briefing.case import Case
from codex.passes.briefing.connected import catalog_concepts
from codex.passes.briefing.conventions import CONVENTIONS, Convention
from codex.passes.briefing.excerpts import defined, stated
from codex.passes.briefing.lengths import Length
from codex.passes.briefing.locators import locators
from codex.planning.store import live_plan


@dataclass(frozen=True)
class Difference:
    """``what`` disagrees, with places; ``do`` is what the writer is to do about it."""

    what: str
    do: str


Detector = Callable[[Case, Length], Iterator[Difference]]

#: Units whose conventions are compared, beside the prerequisites.
_NEIGHBOURS = 12
#: A length that an audit asks for counts as another one from this factor on.
_OTHER_LENGTH = 1.6
_ENTRY = re.compile(r"^# (?P<head>.*?)\(Fast Track (?P<entry>[0-9][0-9.]*[a-z]?)\b", re.MULTILINE)
_ARROW = re.compile(r"←\s*(?:\{(?P<set>[^}]*)\}|(?P<one>(?:`[0-9.]+`(?:\s*,\s*)?)+))")
_ID = re.compile(r"`([0-9]{2}\.[0-9]{2}\.[0-9]{2})`")


def titles_of_the_id(case: Case, length: Length) -> Iterator[Difference]:
    """Two plans give the id to two units, or the plan has moved this one here from another id."""
    del length
    for each in live_plan(case.context.snapshot).get("collisions", ()):
        if each["resolved_to"] == case.id != each["written"]:
            yield Difference(
                f"{each['place']} writes {each['written']} for “{each['title']}”; that id is “{each['holder']}”.",
                f"The plan gives it {case.id} ({each['how']}): use that throughout, {each['written']} for the other.",
            )
        elif each["written"] == case.id:
            yield Difference(
                f"{each['place']} gives {case.id} to “{each['title']}” too; the plan to “{case.title}”.",
                f"Write the unit of the plan's title; what that entry wants is {each['resolved_to']}.",
            )
    yield from _mentions(case)


def _mentions(case: Case) -> Iterator[Difference]:
    """Audits that speak of the id by a slug of another topic."""
    slug = re.compile(rf"`{re.escape(case.id)}(?:` |-)(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)+)")
    other: dict[str, list[str]] = {}
    for audit in case.audits:
        text = case.context.snapshot.text(audit.path)
        for found in slug.finditer(text):
            if overlap(found["slug"], case.title) <= DIFFERENT:
                place = f"{audit.path}:{text.count(chr(10), 0, found.start()) + 1}"
                other.setdefault(found["slug"], []).append(place)
    for name, places in other.items():
        yield Difference(
            f"{case.id} is called `{name}` in {', '.join(places[:3])}{' …' if len(places) > 3 else ''}.",
            "These lines speak of another numbering: the plan's title decides, ignore what they say of the id.",
        )


def same_title(case: Case, length: Length) -> Iterator[Difference]:
    """A unit of the same title stands or is planned elsewhere."""
    del length
    written = ((u, unit.title, "is written") for u, unit in case.units.items() if u != case.id)
    planned = ((u, title, "is planned") for u, title in case.planned.items() if u != case.id)
    for unit_id, title, state in (*written, *planned):
        if likeness(title, case.title) >= SAME:
            yield Difference(
                f"`{unit_id}` “{title}” {state} and has the same title.",
                f"Do not repeat it: write what it leaves out, refer to [{unit_id}] for the rest, and say so at the "
                "start of the formal definition.",
            )


def catalog_entries(case: Case, length: Length) -> Iterator[Difference]:
    """The catalog gives the unit, or its title, to another concept."""
    del length
    catalog = case.corpus.catalog
    for slug in catalog_concepts(case):
        title = catalog.keys(slug).get("title", "")
        if slug != case.concept:
            like = "the same topic" if overlap(title, case.title) > DIFFERENT else f"another topic (“{title}”)"
            yield Difference(
                f"The catalog's entry {slug} names {case.id}: {like}. The task's concept is {case.concept}.",
                "`concept_catalog_id` is the one of the task, letter for letter.",
            )


def prerequisites_that_follow(case: Case, length: Length) -> Iterator[Difference]:
    """A prerequisite that is listed as a successor, or that needs this unit by another way."""
    del length
    graph = case.corpus.deps
    for unit in dict.fromkeys([*case.prerequisites, *graph.prerequisites.get(case.id, ())]):
        if unit in case.successors:
            kept, other = ("prerequisite", "successor") if unit in case.prerequisites else ("successor", "prerequisite")
            yield Difference(
                f"{unit} {case.name(unit)} is listed as a prerequisite and as a successor.",
                f"The plan has it as a {kept}: name it under `{kept}s`, not under `{other}s`.",
            )
        elif graph.has_path(case.id, unit):
            yield Difference(
                f"{unit} {case.name(unit)} is a prerequisite, and by the graph it needs this unit through others.",
                "Use only its definitions and rest no proof of this unit on results that it takes from here.",
            )


def unwritten_prerequisites(case: Case, length: Length) -> Iterator[Difference]:
    """Prerequisites that are named and not there."""
    del length
    for unit in case.named_prerequisites:
        if unit in case.context.shipped:
            continue
        announced = unit in case.prerequisites
        keep = (
            "Keep it in `prerequisites` with `pending_prereqs: true`"
            if announced
            else "Leave it out of `prerequisites`"
        )
        yield Difference(
            f"The prerequisite {unit} {case.name(unit) or '(nobody names its title)'} is not written yet.",
            f"{keep}; state what is used of it in a sentence here.",
        )


def templated_prerequisites(case: Case, length: Length) -> Iterator[Difference]:
    """Prerequisites whose definitions are a template's: the name is there, the mathematics is not."""
    del length
    for unit_id in case.prerequisites:
        unit = case.units.get(unit_id)
        pieces = [*defined(unit), *stated(unit)] if unit else []
        own = [p for p in pieces if unit and case.is_own(unit, p)]
        if unit and pieces and len(own) * 2 < len(pieces):
            yield Difference(
                f"{unit_id} {unit.title} is listed for what its title says; most of its definitions are a template's, "
                "word for word those of other units.",
                "State what is used of it in a sentence of its own where it is first used, with the id.",
            )


def arrows_of_audits(case: Case, length: Length) -> Iterator[Difference]:
    """An audit's arrows name prerequisites that the plan does not."""
    del length
    for audit in case.audits:
        for number, line in enumerate(case.context.snapshot.text(audit.path).splitlines(), 1):
            if "←" not in line or f"`{case.id}`" not in line.split("←")[0]:
                continue
            arrow = _ARROW.search(line)
            named = _ID.findall(arrow["set"] or arrow["one"] or "") if arrow else []
            more = [u for u in named if u not in case.prerequisites and u in case.context.shipped]
            if more:
                listed = ", ".join(f"{unit} {case.name(unit)}" for unit in more)
                yield Difference(
                    f"{audit.path}:{number} also has {listed} before {case.id}.",
                    "Add it to `prerequisites` if a definition or a proof here uses it; else refer to it in the text.",
                )


def locators_of_sources(case: Case, length: Length) -> Iterator[Difference]:
    """The audit's locator against the catalog's, and against what prerequisites cite at the same place."""
    del length
    asked = locators(case.wanted.spec)
    entry = " ".join(_catalog_text(case, slug) for slug in catalog_concepts(case))
    for author, places in asked.items():
        listed = locators(entry).get(author, frozenset())
        if listed and not places & listed:
            yield Difference(
                f"{author}: the audit has § {', '.join(sorted(places))}, the catalog § {', '.join(sorted(listed))}.",
                "Cite the place where you are certain that the book treats this; else name its chapter by title.",
            )
    for unit_id in case.prerequisites:
        cited = locators(case.units[unit_id].frontmatter_text if unit_id in case.units else "")
        for author in asked.keys() & cited.keys():
            for place in sorted(asked[author] & cited[author]):
                yield Difference(
                    f"{author} § {place} is the audit's place for this unit, and {unit_id} cites it for its own topic.",
                    "One may be off by a section or an edition: cite what you are certain of, with the edition's year.",
                )


def _catalog_text(case: Case, slug: str) -> str:
    entry = case.corpus.catalog.get(slug)
    return case.corpus.catalog.text[entry.start : entry.limit] if entry else ""


def entries_of_the_booklist(case: Case, length: Length) -> Iterator[Difference]:
    """An audit names an entry of the booklist where another book stands."""
    del length
    asked = {e.path for e in case.context.queued.excerpts} if case.context.queued else set()
    for path in sorted(asked):
        head = _ENTRY.search(case.context.snapshot.text(path, "")[:600])
        book = booklist.find(case.corpus.books, head["entry"]) if head else None
        if head and book and not telling_words(head["head"]) & telling_words(f"{book.title} {book.author}"):
            yield Difference(
                f"{path} is headed Fast Track {head['entry']}; the booklist has {book.author}, “{book.title}” there.",
                "Cite the book by author and title as the audit's heading has them; the entry number is used nowhere.",
            )


def conventions(case: Case, length: Length) -> Iterator[Difference]:
    """Signs and symbols that neighbours write in different ways."""
    del length
    around = list(dict.fromkeys([*case.prerequisites, *case.near[:_NEIGHBOURS]]))
    texts = {u: case.units[u].body for u in around if u in case.units}
    settled = workspace_notation(case.context.snapshot)
    for convention in CONVENTIONS:
        found = {name: [u for u in texts if sign.search(texts[u])] for name, sign in convention.variants.items()}
        found = {name: users for name, users in found.items() if users}
        if len(found) > 1 and {u for users in found.values() for u in users} & {*case.prerequisites}:
            listed = "; ".join(f"{name} in {', '.join(users[:5])}" for name, users in found.items())
            yield Difference(
                f"Neighbours differ in {convention.subject}: {listed}.",
                f"If it comes up, write {_choice(case, convention, found, settled)} and say so where it first occurs; "
                "where a unit that you cite has the other one, say that its formula changes accordingly.",
            )


def _choice(case: Case, convention: Convention, found: Mapping[str, list[str]], settled: str) -> str:
    """The variant that the workspace's notation has, else the one that the prerequisites write most often."""
    by_notation = next((name for name, sign in convention.variants.items() if sign.search(settled)), "")
    before = "\n".join(case.units[u].body for u in case.prerequisites if u in case.units)
    often = {name: len(convention.variants[name].findall(before)) for name in found}
    return by_notation or max(found, key=lambda name: (often[name], len(found[name])))


def lengths(case: Case, length: Length) -> Iterator[Difference]:
    """The audit asks for a length that no unit around has."""
    del case
    asked = length.asked
    if asked and length.peers and not length.total / _OTHER_LENGTH <= asked <= length.total * _OTHER_LENGTH:
        yield Difference(
            f"The audit asks for about {asked} words; the units around have {length.low}–{length.high}.",
            f"Aim at the units around ({length.total} words in all three tiers): the audit counts the core alone.",
        )


def kinds(case: Case, length: Length) -> Iterator[Difference]:
    """The audit's kind does not fit what is there."""
    del length
    kind = case.context.queued.kind if case.context.queued else ""
    if kind == "deepening" and case.shipped is None:
        yield Difference(
            f"The audit speaks of deepening {case.id}; there is no such unit.",
            "Write the whole unit: what the audit calls additions belongs in it.",
        )
    if kind == "new_unit" and case.shipped is not None:
        yield Difference(
            f"The audit asks for a new unit; {case.id} “{case.shipped.title}” is there.",
            "Deepen it: hand in edits that add what the audit asks for and the text lacks.",
        )


#: Every detector, in the order in which a brief tells what they found.
DETECTORS: tuple[Detector, ...] = (
    titles_of_the_id,
    same_title,
    kinds,
    catalog_entries,
    prerequisites_that_follow,
    unwritten_prerequisites,
    templated_prerequisites,
    arrows_of_audits,
    locators_of_sources,
    entries_of_the_booklist,
    conventions,
    lengths,
)


def differences(case: Case, length: Length) -> list[Difference]:
    """What all detectors find, each once."""
    return list(dict.fromkeys(found for detector in DETECTORS for found in detector(case, length)))
