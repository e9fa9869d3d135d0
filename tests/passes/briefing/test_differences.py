"""Where sources disagree, a brief says so and what to do; where they agree it is silent."""

from __future__ import annotations

import pytest

from codex.passes.briefing.case import Case
from codex.passes.briefing.differences import DETECTORS, Difference, differences
from codex.passes.briefing.lengths import length_of
from codex.passes.briefing.locators import locators
from codex.passes.production import path_of
from tests.passes.briefing.desks import ARROW, AUDIT, AUDIT_TEXT, UNIT, case_of, deps, edge
from tests.passes.worlds import SPIN, planned

CLIFFORD = "content/03-modern-geometry/09-spin-geometry/03.09.02-clifford-algebra.md"
SECOND = "plans/fasttrack/zweite-schrift.md"
CATALOG = "docs/catalogs/CONCEPT_CATALOG.md"


def found(files: dict[str, str] = {}, unit: str = UNIT) -> list[Difference]:  # noqa: B006 (read only)
    case = case_of(files, unit)
    return differences(case, length_of(case))


def about(files: dict[str, str], word: str, unit: str = UNIT) -> Difference:
    (one,) = [each for each in found(files, unit) if word in each.what]
    return one


def other_audit(bullet: str) -> dict[str, str]:
    return {SECOND: f"# Zweite Schrift (Fast Track 3.91)\n\n**Priority 2**\n\n{bullet}\n"}


def unit_text(unit_id: str, title: str, body: str = "Text.", more: str = "") -> str:
    return f"---\nid: {unit_id}\ntitle: {title}\nstatus: shipped\nprerequisites: []\n{more}---\n\n{body}\n"


def test_where_all_agree_only_the_arrow_and_the_length_are_told() -> None:
    assert [each.what for each in found()] == [
        f"{AUDIT}:10 also has 03.01.05 Quotient algebra before {UNIT}.",
        *(each.what for each in found() if "words; the units around" in each.what),
    ]
    quiet = {AUDIT: AUDIT_TEXT.replace(ARROW, "").replace("~900 words. ", "")}
    assert found(quiet) == []


def test_two_plans_give_one_id_to_two_titles() -> None:
    both = other_audit(f"1. **`{UNIT}` Kähler manifolds.** [NEW] Something else.")
    told = about(both, "Kähler manifolds")
    assert told.what.startswith(f"{SECOND}:5 gives {UNIT} to “Kähler manifolds” too; the plan to “Spinor modules”")
    moved = told.do.rpartition(" ")[2].rstrip(".")
    there = about(both, "writes", unit=moved)  # the other one's brief says where its id comes from
    assert there.what == f"{SECOND}:5 writes {UNIT} for “Kähler manifolds”; that id is “Spinor modules”."
    assert f"The plan gives it {moved}" in there.do
    akin_one = found(other_audit(f"1. **`{UNIT}` Spinor modules and ideals.** [NEW] The same."))
    assert not [each for each in akin_one if "gives" in each.what]


def test_an_audit_that_speaks_of_the_id_by_another_slug() -> None:
    table = f"| row | `{UNIT}` kaehler-manifolds | done |\n| row | `{UNIT}-spinor-modules` | done |\n"
    told = about({SECOND: f"# Zweite Schrift\n\n{table}"}, "kaehler-manifolds")
    assert f"{SECOND}:3" in told.what
    assert "spinor-modules" not in told.what


def test_a_unit_of_the_same_title_elsewhere() -> None:
    """The production plan sees that for queued units; for those of a book's own plan the brief does."""
    title = planned().context("P4_production", SPIN).deliverable.title
    path = "content/01-foundations/01-linear-algebra/01.01.20-again.md"
    context = planned().write({path: unit_text("01.01.20", f'"{title}"')}).context("P4_production", SPIN)
    case = Case(context, path_of(context))
    (told,) = [each for each in differences(case, length_of(case)) if "has the same title" in each.what]
    assert told.what == f"`01.01.20` “{title}” is written and has the same title."
    assert "[01.01.20]" in told.do


def test_a_catalog_entry_that_gives_the_unit_to_another_topic() -> None:
    entry = f"### geometry.kaehler\n\n- **title**: Kähler manifolds\n- **unit**: `{UNIT}`\n"
    case = case_of()
    catalog = case.context.snapshot.text(CATALOG)
    told = about({CATALOG: f"{catalog}\n{entry}"}, "geometry.kaehler")
    assert "another topic (“Kähler manifolds”)" in told.what
    assert "letter for letter" in told.do


def test_the_catalogs_own_id_is_taken_where_it_is_on_the_topic() -> None:
    entry = f"### spin.modules\n\n- **title**: Spinor modules\n- **unit**: `{UNIT}`\n"
    files = {CATALOG: f"{case_of().context.snapshot.text(CATALOG)}\n{entry}"}
    assert case_of(files).concept == "spin.modules"
    assert not [each for each in found(files) if "catalog" in each.what]


def test_a_prerequisite_that_is_a_successor() -> None:
    both = {"manifests/deps.json": deps(edge("03.09.02", UNIT), edge(UNIT, "03.09.02"))}
    told = about(both, "as a successor")
    assert told.what.startswith("03.09.02 The Clifford algebra")
    round_about = deps(edge("03.09.02", UNIT), edge(UNIT, "03.01.05"), edge("03.01.05", "03.09.02"))
    assert "needs this unit through others" in about({"manifests/deps.json": round_about}, "through others").what


@pytest.mark.parametrize(("state", "do"), [("pending", "pending_prereqs: true"), ("shipped", "Leave it out")])
def test_a_prerequisite_that_is_not_written(state: str, do: str) -> None:
    told = about({"manifests/deps.json": deps(edge("03.09.06", UNIT, state))}, "not written yet")
    assert "03.09.06 (nobody names its title)" in told.what
    assert do in told.do


def test_an_audit_places_it_otherwise_than_the_catalog_and_the_neighbours() -> None:
    entry = f"### spin.modules\n\n- **title**: Spinor modules\n- **unit**: `{UNIT}`\n- **notes**: Chevalley §5.1\n"
    files = {CATALOG: f"{case_of().context.snapshot.text(CATALOG)}\n{entry}"}
    assert "Chevalley: the audit has § 2.3, the catalog § 5.1" in about(files, "the catalog §").what
    text = (
        case_of()
        .context.snapshot.text(CLIFFORD)
        .replace("references:", 'source_note: "Chevalley Ch. 2 §3"\nreferences:')
    )
    assert "03.09.02 cites it for its own topic" in about({CLIFFORD: text}, "for its own topic").what


def test_a_booklist_with_another_book_at_the_audits_entry() -> None:
    row = "| # | Title | Author | Topic | Status |\n| --- | --- | --- | --- | --- |\n| 3.90 | %s | %s | t | BUY |\n"
    booklist = "docs/catalogs/FASTTRACK_BOOKLIST.md"
    told = about({booklist: row % ("Ordinary Differential Equations", "Arnold")}, "Fast Track 3.90")
    assert "Arnold, “Ordinary Differential Equations”" in told.what
    assert not [
        e for e in found({booklist: row % ("The Algebraic Theory of Spinors", "Chevalley")}) if "Fast Track" in e.what
    ]


def test_neighbours_that_differ_in_a_sign() -> None:
    folder = "content/03-modern-geometry/09-spin-geometry"
    plus = "## Formal definition [Intermediate+]\n\nHere $v\\cdot v = q(v)$ for every vector, as some do.\n"
    files = {f"{folder}/03.09.08-pin.md": unit_text("03.09.08", "Spinor groups", plus)}
    told = about(files, "square of a vector")
    assert "$v\\cdot v = q(v)$ in 03.09.08" in told.what
    assert "write $v\\cdot v = -q(v)$" in told.do  # what the workspace's notation says
    far = {"content/01-foundations/01-linear-algebra/01.01.30-far.md": unit_text("01.01.30", "Far off", "Nothing.")}
    assert not [each for each in found(far) if "differ in" in each.what]


@pytest.mark.parametrize(
    ("kind", "what"), [("DEEPEN", "there is no such unit"), ("NEW", "the plan to")], ids=["deepening", "new"]
)
def test_a_kind_that_does_not_fit(kind: str, what: str) -> None:
    text = AUDIT_TEXT.replace("[NEW]", f"[{kind}]")
    assert any(what in each.what for each in found({AUDIT: text})) == (kind == "DEEPEN")


def test_a_new_unit_that_is_there() -> None:
    text = AUDIT_TEXT.replace(UNIT, "03.09.02").replace("Spinor modules.**", "The Clifford algebra.**")
    told = about({AUDIT: text}, "asks for a new unit", "03.09.02")
    assert "Deepen it" in told.do


def test_prerequisites_made_from_a_template() -> None:
    folder = "content/03-modern-geometry/09-spin-geometry"
    body = "## Formal definition [Intermediate+]\n\nThe concept **{t}** is what its data say it is, in every setting.\n"
    titles = {"03.09.21": "First things", "03.09.22": "Second things", "03.09.23": "Third things"}
    files = {f"{folder}/{u}-x.md": unit_text(u, t, body.format(t=t)) for u, t in titles.items()}
    files["manifests/deps.json"] = deps(edge("03.09.21", UNIT), edge("03.09.02", UNIT))
    told = about(files, "a template's")
    assert told.what.startswith("03.09.21 First things")
    del files[f"{folder}/03.09.23-x.md"]  # two alike are no template
    assert not [each for each in found(files) if "template" in each.what]


def test_the_audits_length_against_the_chapters() -> None:
    told = about({}, "words; the units around")
    assert "about 900 words" in told.what
    assert "the audit counts the core alone" in told.do


def test_every_detector_is_in_one_list() -> None:
    import codex.passes.briefing.differences as module

    public = {
        each for name, each in vars(module).items()
        if callable(each) and getattr(each, "__module__", "") == module.__name__ and not name.startswith("_")
    }  # fmt: skip
    assert public - {Difference, differences} == set(DETECTORS)


def test_locators() -> None:
    text = (
        'Ahlfors *Complex Analysis* Ch. 3 §3 (linear); Shilov Ch. 10 §10.2; NAT §B.7; "Lang Ch. IV §2", Euclid Book IX'
    )
    assert locators(text) == {
        "Ahlfors": frozenset({"3.3"}),
        "Shilov": frozenset({"10.2"}),
        "NAT": frozenset({"B.7"}),
        "Lang": frozenset({"4.2"}),
    }
