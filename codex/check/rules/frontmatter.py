"""Front matter, file name, tiers, catalog and prerequisites: FM001 ID001 TR001–TR003 CC001 PR001."""

from __future__ import annotations

from codex.check.answers import Answers
from codex.check.rule import PASS, Example, Finding, Rule, UnfitField, fail, pass_if, show
from codex.check.rules.values import declared_tiers, id_text, items
from codex.units import TIERS, Unit

REQUIRED_KEYS = (
    "id",
    "title",
    "slug",
    "section",
    "chapter",
    "concept_catalog_id",
    "prerequisites",
    "tier_anchors",
    "tiers_present",
    "references",
    "lean_status",
    "estimated_time",
    "status",
)


def _required_keys(unit: Unit, answers: Answers) -> Finding:
    missing = [key for key in REQUIRED_KEYS if key not in unit.frontmatter]
    return pass_if(not missing, f"missing: {', '.join(missing)}", 1)


FM001 = Rule(
    code="FM001",
    name="frontmatter: all required fields present",
    level="core",
    severity="error",
    reads=("front matter",),
    why="Index, plan and graph are built from these thirteen keys. Only their presence is asked for here.",
    failing=Example("estimated_time:", "time_needed:"),
    passing=Example(),
    hint="Add the missing keys to the front matter, with real values.",
    constraint=f"The front matter has all of these keys: {', '.join(REQUIRED_KEYS)}.",
    check=_required_keys,
)


def _file_name(unit: Unit, answers: Answers) -> Finding:
    wanted = f"{id_text(unit)}-"
    good = unit.name.startswith(wanted) and unit.name.endswith(".md")
    return pass_if(good, f"the file is called {show(unit.name)}, expected {show(wanted)}<slug>.md", 1)


ID001 = Rule(
    code="ID001",
    name="filename matches id-slug pattern",
    level="core",
    severity="error",
    reads=("file name", "id"),
    why="People and tools find a unit by its file name. The slug is not compared at this level (see XI002).",
    failing=Example(name="00.01.02_even-numbers.md"),
    passing=Example(name="00.01.02-even-and-odd-numbers.md"),
    hint="Make the id in the front matter and the start of the file name equal: `<id>-<slug>.md`.",
    constraint="The file is called `<id>-<slug>.md`, the id being exactly the one in the front matter.",
    check=_file_name,
)


def _tiers_known(unit: Unit, answers: Answers) -> Finding:
    value = unit.frontmatter.get("tiers_present")
    good = isinstance(value, list) and value and all(isinstance(t, str) and t in TIERS for t in value)
    return pass_if(good, f"tiers_present is {show(value)}", unit.line_of_key("tiers_present"))


TR001 = Rule(
    code="TR001",
    name="tiers_present is non-empty subset of {beginner, intermediate, master}",
    level="core",
    severity="error",
    reads=("tiers_present",),
    why="Every later tier rule depends on this list.",
    failing=Example("tiers_present: [beginner, intermediate, master]", "tiers_present: [Beginner, advanced]"),
    passing=Example("tiers_present: [beginner, intermediate, master]", "tiers_present: [master]"),
    hint="Write tiers_present as a list with some of: beginner, intermediate, master (lower case).",
    constraint="tiers_present is a non-empty list of beginner, intermediate, master, in lower case.",
    check=_tiers_known,
)


def _in_catalog(unit: Unit, answers: Answers) -> Finding:
    value = unit.frontmatter.get("concept_catalog_id")
    if value and not isinstance(value, str):
        raise UnfitField(unit, "concept_catalog_id", "text")
    line = unit.line_of_key("concept_catalog_id")
    if not value:
        return fail("concept_catalog_id is missing or empty", line)
    return pass_if(answers.catalog_contains(value), f"{show(value)} is not in the concept catalog", line)


CC001 = Rule(
    code="CC001",
    name="concept_catalog_id exists in docs/catalogs/CONCEPT_CATALOG.md",
    level="core",
    severity="error",
    reads=("concept_catalog_id", "docs/catalogs/CONCEPT_CATALOG.md"),
    why="The catalog is the list of concepts that connections refer to. Any place in its text counts.",
    failing=Example("concept_catalog_id: numbers.parity", "concept_catalog_id: numbers.no-such-entry"),
    passing=Example(),
    hint="Use the catalog id that the task names; a new concept gets its catalog entry together with the unit.",
    constraint="concept_catalog_id is the catalog id given in the task, letter for letter.",
    check=_in_catalog,
)


def _tiers_marked(unit: Unit, answers: Answers) -> Finding:
    marked = {tier for heading in unit.headings for tier in heading.tiers}
    missing = sorted(show(tier) for tier in declared_tiers(unit) if tier not in marked)
    return pass_if(not missing, f"no heading is marked for: {', '.join(missing)}", unit.line_of_key("tiers_present"))


TR002 = Rule(
    code="TR002",
    name="tiers_present have corresponding section markers",
    level="core",
    severity="error",
    reads=("tiers_present", "headings"),
    why="A tier that is promised must have text of its own.",
    failing=Example("[Beginner]", "[Begginer]"),
    passing=Example("tiers_present: [beginner, intermediate, master]", "tiers_present: [intermediate, master]"),
    hint="Mark at least one heading for each declared tier: `[Beginner]`, `[Intermediate+]`, `[Master]` at the line's "
    "end, spelled exactly so; or take the tier out of tiers_present.",
    constraint="Every tier in tiers_present has headings that end with its marker: [Beginner], [Intermediate+] or "
    "[Master].",
    check=_tiers_marked,
)


def _no_other_tiers(unit: Unit, answers: Answers) -> Finding:
    declared = declared_tiers(unit)
    for heading in unit.headings:
        extra = [tier for tier in TIERS if tier in heading.tiers and tier not in declared]
        if extra:
            detail = f"heading {show(heading.title)} [{heading.marker}] brings in {', '.join(extra)}"
            return fail(detail, unit.line_at(heading.start))
    return PASS


TR003 = Rule(
    code="TR003",
    name="no content for tiers outside tiers_present",
    level="core",
    severity="error",
    reads=("tiers_present", "headings"),
    why="Text of an undeclared tier would be shown to nobody. `[Intermediate+]` stands for intermediate and master.",
    failing=Example("tiers_present: [beginner, intermediate, master]", "tiers_present: [beginner, master]"),
    passing=Example(),
    hint="Add the tier to tiers_present, or change the marker. A unit with intermediate alone writes `[Intermediate]`.",
    constraint="No heading is marked for a tier missing from tiers_present; [Intermediate+] includes master.",
    check=_no_other_tiers,
)


def _prerequisites(unit: Unit, answers: Answers) -> Finding:
    if not unit.frontmatter.get("prerequisites"):
        return PASS
    allowed = bool(unit.frontmatter.get("pending_prereqs"))
    draft = unit.frontmatter.get("status") == "draft"

    def accepted(entry: object) -> bool:
        name = str(entry)
        if answers.is_shipped(name) or ((allowed or draft) and answers.is_known(name)):
            return True
        return allowed and answers.is_pending(entry)

    unmet = [show(entry) for entry in items(unit, "prerequisites") if not accepted(entry)]
    return pass_if(not unmet, f"not shipped, not pending: {', '.join(unmet)}", unit.line_of_key("prerequisites"))


PR001 = Rule(
    code="PR001",
    name="all prerequisites resolve OR are pending-registered",
    level="core",
    severity="error",
    reads=("prerequisites", "pending_prereqs", "status", "ids and statuses of the corpus", "manifests/deps.json"),
    why="A reader must be able to reach what the unit builds on.",
    failing=Example("  - 00.01.01", "  - 77.77.77"),
    passing=Example("  - 00.01.01\n", "  - 00.01.01\n  - 00.01.09\npending_prereqs: true\n"),
    hint="Name only ids that are shipped. For one that is planned, set `pending_prereqs: true` and have the id "
    "registered as pending in manifests/deps.json; otherwise leave it out.",
    constraint="prerequisites names only units that exist in the corpus (those listed in the task).",
    check=_prerequisites,
)
