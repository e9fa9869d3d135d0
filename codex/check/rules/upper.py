"""The Intermediate and Master tiers: IM001–IM004, MS001–MS004."""

from __future__ import annotations

from codex.check.answers import Answers
from codex.check.rule import PASS, Example, Finding, Rule, fail, pass_if
from codex.check.rules.values import declared_tiers, id_text
from codex.units import Unit, domain_of

_MATH = "key theorem · key result · key derivation"
#: Which words an evidence heading has, by domain (unit-rubric §1.4); other domains take the row of mathematics.
_EVIDENCE = {
    domain: tuple(terms.split(" · "))
    for domain, terms in {
        "math": _MATH,
        "physics": "key theorem · key derivation · core model · key result",
        "chemistry": "key theorem · key mechanism · key result · key derivation · core model · advanced treatment",
        "biology": "key mechanism · key experiment · evidence pattern · core model · key theorem · key result",
        "philosophy": "key argument · argument reconstruction · case analysis · key theorem · key concepts",
        "psychology": "key mechanism · key experiment · key model · key result · core model · evidence pattern",
        "sociology": "key concepts · key model · case study · comparative framework · institutional analysis · "
        "academic perspectives · social theory · key argument · competing perspectives",
        "language": "key concepts · diagnostics · close reading · rhetorical analysis · linguistic theory · "
        "critical theory",
        "world": "key concepts · key model · case study · comparative framework · institutional analysis · "
        "academic perspectives · political theory · geographic theory · economic theory",
    }.items()
}
#: Domains in which the connections section need not be marked Master.
_UNMARKED_CONNECTIONS = ("language", "world", "philosophy")
#: A Master heading with one of these words is about the unit, not part of its substance.
_META = ("connection", "historical", "philosophical", "bibliograph", "lean")


def evidence_terms(unit_id: str) -> tuple[str, ...]:
    """Lower-case parts of a title, one of which an evidence heading of this unit must have."""
    return _EVIDENCE.get(domain_of(unit_id), _EVIDENCE["math"])


def _titles(unit: Unit, *, master: bool = False) -> list[str]:
    return [h.title.lower() for h in unit.headings if not master or "master" in h.tiers]


def _any(titles: list[str], *terms: str) -> bool:
    return any(term in title for title in titles for term in terms)


def _tier_needs(unit: Unit, tier: str, good: object, detail: str) -> Finding | None:
    return pass_if(good, detail) if tier in declared_tiers(unit) else None


def _definition(unit: Unit, answers: Answers) -> Finding | None:
    good = _any(_titles(unit), "formal definition")
    return _tier_needs(unit, "intermediate", good, "no heading contains “formal definition”")


IM001 = Rule(
    code="IM001",
    name="Intermediate has formal definition section",
    level="core",
    severity="error",
    reads=("tiers_present", "headings"),
    why="The second tier starts from a definition.",
    failing=Example("## Formal definition [Intermediate+]", "## Definitions [Intermediate+]"),
    passing=Example("## Formal definition [Intermediate+]", "## The formal definition of parity [Intermediate+]"),
    hint="Head the section that defines the concept `## Formal definition [Intermediate+]`.",
    constraint="There is a section `## Formal definition [Intermediate+]`.",
    check=_definition,
)


def _evidence(unit: Unit, answers: Answers) -> Finding | None:
    terms = evidence_terms(id_text(unit))
    detail = f"no heading contains any of: {', '.join(terms)}"
    return _tier_needs(unit, "intermediate", _any(_titles(unit), *terms), detail)


IM002 = Rule(
    code="IM002",
    name="Intermediate has domain evidence section",
    level="core",
    severity="error",
    reads=("tiers_present", "headings", "id"),
    why="A unit shows why its central claim holds, in the way of its domain: by theorem, experiment, argument, case.",
    failing=Example("## Key theorem with proof [Intermediate+]", "## Main fact with proof [Intermediate+]"),
    passing=Example("## Key theorem with proof [Intermediate+]", "## Key result with proof [Intermediate+]"),
    hint="Head the section that carries the evidence with a term of its domain; in mathematics `## Key theorem with "
    "proof [Intermediate+]`.",
    constraint="There is a section `## Key theorem with proof [Intermediate+]` (in another domain: its own evidence "
    "heading).",
    check=_evidence,
)


def _exercises(unit: Unit, answers: Answers) -> Finding | None:
    draft = unit.frontmatter.get("status") == "draft" and "<aside data-exercise" in unit.body
    good = _any(_titles(unit), "exercise") or '<aside class="exercise"' in unit.body or draft
    return _tier_needs(unit, "intermediate", good, "no heading contains “exercise” and there is no exercise block")


IM003 = Rule(
    code="IM003",
    name="Intermediate has exercises section",
    level="core",
    severity="error",
    reads=("tiers_present", "headings", "body", "status"),
    why="What is not practised is not learnt.",
    failing=Example("## Exercises [Intermediate+]", "## Tasks [Intermediate+]", also=(("exercise", "task"),)),
    passing=Example("## Exercises [Intermediate+]", "## Graded exercises [Intermediate+]"),
    hint='Add `## Exercises [Intermediate+]` with 5 to 10 blocks `<aside class="exercise" …>`.',
    constraint="There is a section `## Exercises [Intermediate+]`.",
    check=_exercises,
)


def _lean_section(unit: Unit, answers: Answers) -> Finding | None:
    if unit.frontmatter.get("lean_status") not in ("full", "partial"):
        return None
    return _tier_needs(unit, "intermediate", _any(_titles(unit), "lean"), "no heading contains “lean”")


IM004 = Rule(
    code="IM004",
    name="Intermediate has lean formalization section",
    level="core",
    severity="error",
    reads=("tiers_present", "lean_status", "headings"),
    why="A formalised unit shows its formalisation. Any heading with these four letters counts, also `Boolean`.",
    failing=Example("lean_status: none\n", "lean_status: partial\nlean_module: Sample.Parity\n"),
    passing=Example(
        "## Advanced results [Master]",
        "## Lean formalization [Intermediate+]\n\nText.\n\n## Advanced results [Master]",
        also=(("lean_status: none\n", "lean_status: partial\nlean_module: Sample.Parity\n"),),
    ),
    hint="Add `## Lean formalization [Intermediate+]` that shows the statements and says what is proved.",
    constraint="With lean_status partial or full there is a section `## Lean formalization [Intermediate+]`.",
    check=_lean_section,
)


def _connections(unit: Unit, answers: Answers) -> Finding | None:
    anywhere = domain_of(id_text(unit)) in _UNMARKED_CONNECTIONS
    good = _any(_titles(unit, master=not anywhere), "connection")
    return _tier_needs(unit, "master", good, "no Master heading contains “connection”")


MS001 = Rule(
    code="MS001",
    name="Master has connections section",
    level="core",
    severity="error",
    reads=("tiers_present", "headings", "id"),
    why="The third tier places the unit among the others.",
    failing=Example("## Connections [Master]", "## Relations [Master]"),
    passing=Example("## Connections [Master]", "## Connections and outlook [Master]"),
    hint="Add `## Connections [Master]` with one bullet for each connected unit.",
    constraint="There is a section `## Connections [Master]`.",
    check=_connections,
)


def _history(unit: Unit, answers: Answers) -> Finding | None:
    good = _any(_titles(unit, master=True), "historical", "philosophical")
    return _tier_needs(unit, "master", good, "no Master heading contains “historical” or “philosophical”")


MS002 = Rule(
    code="MS002",
    name="Master has historical/philosophical context section",
    level="core",
    severity="error",
    reads=("tiers_present", "headings"),
    why="The third tier says where the idea comes from.",
    failing=Example("## Historical & philosophical context [Master]", "## Background [Master]"),
    passing=Example("## Historical & philosophical context [Master]", "## Historical note [Master]"),
    hint="Add `## Historical & philosophical context [Master]` with names and years.",
    constraint="There is a section `## Historical & philosophical context [Master]`.",
    check=_history,
)


def _bibliography(unit: Unit, answers: Answers) -> Finding | None:
    good = _any(_titles(unit, master=True), "bibliograph")
    return _tier_needs(unit, "master", good, "no Master heading contains “bibliograph”")


MS003 = Rule(
    code="MS003",
    name="Master has bibliography section",
    level="core",
    severity="error",
    reads=("tiers_present", "headings"),
    why="The third tier leads on to the literature.",
    failing=Example("## Bibliography [Master]", "## Literature [Master]"),
    passing=Example("## Bibliography [Master]", "## Annotated bibliography [Master]"),
    hint="Add `## Bibliography [Master]` with full entries (author, title, year).",
    constraint="There is a section `## Bibliography [Master]`.",
    check=_bibliography,
)


def _substance(unit: Unit, answers: Answers) -> Finding | None:
    if "master" not in declared_tiers(unit):
        return None
    good = any(not _any([title], *_META) for title in _titles(unit, master=True))
    return PASS if good else fail("every Master heading is about connections, history, bibliography or Lean")


MS004 = Rule(
    code="MS004",
    name="Master has at least one substantive (non-meta) section",
    level="core",
    severity="error",
    reads=("tiers_present", "headings"),
    why="The third tier must have something to master. `[Intermediate+]` headings count here.",
    failing=Example(
        "## Advanced results [Master]",
        "## Advanced results",
        also=(("## Full proof set [Master]", "## Full proof set"), ("[Intermediate+]", "[Intermediate]")),
    ),
    passing=Example(),
    hint="Add sections such as `## Advanced results [Master]` and `## Full proof set [Master]`.",
    constraint="There are substantive Master sections, such as `## Advanced results [Master]` and `## Full proof set "
    "[Master]`.",
    check=_substance,
)
