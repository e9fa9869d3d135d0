"""Running rules: selection, paths, errors of fields, verdicts that depend on the rest of the corpus."""

from __future__ import annotations

import pytest

from codex.check import SnapshotAnswers, UnitResult, check_corpus, check_text, check_unit
from codex.check.brief import constraints, defect_list
from codex.check.registry import RULES, rules_at
from codex.check.rule import Example
from codex.check.samples import SAMPLE, SAMPLE_PATH, sample_snapshot
from codex.errors import DataError, UserError
from codex.units import parse_unit


def check(old: str = "", new: str = "", *, files: tuple[tuple[str, str | None], ...] = ()) -> UnitResult:
    snapshot, path = sample_snapshot(Example(old, new, files=files))
    return check_unit(parse_unit(snapshot.read(path), path), SnapshotAnswers(snapshot))


def verdicts(result: UnitResult) -> dict[str, str]:
    return {check.code: check.verdict for check in result.checks}


REFERENCE = '  - {source: TODO_REF, path: "Euclid — Elements", locator: "Book IX"}'


@pytest.mark.parametrize(
    ("reference", "files", "verdict"),
    [
        ("{source: a, path: b.md}", {}, "not_judged"),
        ("{source: a, path: b.md}", {"reference/x.md": ""}, "fail"),
        ("{source: a, path: b.md}", {"reference/a/b.md": ""}, "pass"),
        ("{source: a, path: b.md}", {"reference/b.md": ""}, "pass"),
        ("{source: a, path: md/b.md}", {"reference/b.md": ""}, "pass"),
        ("{source: a, path: b}", {"reference/a/b/c.md": ""}, "pass"),
        ("{source: a, path: ../../OVERVIEW.md}", {"reference/a/b.md": ""}, "pass"),
        ("{source: a, path: ../../../etc/hostname}", {"reference/a/b.md": ""}, "fail"),
        ("{source: a, path: x/../b.md}", {"reference/a/b.md": ""}, "fail"),
        ("{source: a, path: /etc/hostname}", {}, "fail"),
        ("{source: /etc, path: hostname}", {"reference/hostname": ""}, "pass"),
        ("{source: a, path: ''}", {}, "fail"),
        ("{source: a}", {}, "fail"),
        ("{pending: true, pointer: here}", {}, "pass"),
        ("just text", {}, "fail"),
    ],
)
def test_references(reference: str, files: dict[str, str], verdict: str) -> None:
    result = check(REFERENCE, f"  - {reference}", files=tuple(files.items()))
    assert verdicts(result)["RF002"] == verdict
    assert result.state == {"pass": "passing", "fail": "failing", "not_judged": "not_judged"}[verdict]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("tiers_present: [beginner, intermediate, master]", "tiers_present: null", "tiers_present"),
        ("tiers_present: [beginner, intermediate, master]", "tiers_present: [[beginner]]", "tiers_present"),
        ("concept_catalog_id: numbers.parity", "concept_catalog_id: [a]", "concept_catalog_id"),
        ("prerequisites:\n  - 00.01.01", "prerequisites: 5", "prerequisites"),
        (REFERENCE, "  - {source: a, path: null}", "references"),
        (REFERENCE, "  - {source: null, path: b}", "references"),
        ("hooks_out: []", "hooks_out: 7", "hooks_out"),
        ("lean_status: none\n", "lean_status: full\nlean_module: 3\n", "lean_module"),
    ],
)
def test_unfit_fields_are_an_error_and_the_rest_is_judged(old: str, new: str, key: str) -> None:
    result = check(old, new)
    assert result.error
    assert result.error.code == "PE004"
    assert key in result.error.sentence
    assert result.error.line > 1
    assert result.state == "failing"
    assert verdicts(result)["PH001"] == "pass"


@pytest.mark.parametrize(
    ("old", "new", "total"),
    [
        ("", "", 27),
        ("lean_status: none\n", "lean_status: partial\nlean_module: A.B\n", 28),
        ("lean_status: none\n", "lean_status: partial\n", 27),
        ("lean_status: none\n", "lean_status: odd\n", 26),
        ("tiers_present: [beginner, intermediate, master]", "tiers_present: [intermediate]", 19),
        ("tiers_present: [beginner, intermediate, master]", "tiers_present: [master]", 20),
        ("tiers_present: [beginner, intermediate, master]", "tiers_present: beginner", 16),
        ("[Beginner]", "[Begginer]", 23),
    ],
)
def test_totals(old: str, new: str, total: int) -> None:
    assert len(check(old, new).checks) == total


@pytest.mark.parametrize(
    ("change", "files", "verdict"),
    [
        ("00.01.09", {}, "fail"),
        ("00.01.09\npending_prereqs: true", {}, "pass"),
        ("00.01.09\npending_prereqs: 'false'", {}, "pass"),
        ("00.01.08\npending_prereqs: true", {}, "fail"),
        ("00.02.01", {"content/a/b/x.md": "---\nid: 00.02.01\nstatus: draft\n---\n"}, "fail"),
        ("00.02.01\npending_prereqs: true", {"content/a/b/x.md": "---\nid: 00.02.01\nstatus: draft\n---\n"}, "pass"),
        ("00.02.01\npending_prereqs: true", {"site/src/content/x.md": "---\nid: 00.02.01\n---\n"}, "pass"),
        ("00.02.01", {"content/a/b/x.md": '---\nid: "00.02.01"\nstatus: shipped\n---\n'}, "pass"),
        ("00.02.01", {"content/a/b/x.md": "---\nid: 00.02.01\nstatus: shipped\n---"}, "fail"),
    ],
)
def test_prerequisites(change: str, files: dict[str, str], verdict: str) -> None:
    result = check("  - 00.01.01\n", f"  - {change}\n", files=tuple(files.items()))
    assert verdicts(result)["PR001"] == verdict


def test_a_finding_has_a_line_and_a_hint() -> None:
    result = check("The sum of two even numbers is even.", "Clearly this is\ntrivial.")
    [found] = result.failures
    line = SAMPLE.split("\n").index("**Theorem.** The sum of two even numbers is even.") + 1
    assert (found.code, found.line, found.detail) == ("PH001", line, "“clearly”; “trivial”")
    assert [place.line for place in found.places] == [line, line + 1]
    assert "**PH001**" in defect_list(result)
    assert f"line {line}: “clearly”" in defect_list(result)
    assert f"Repair: {found.hint}" in defect_list(result)


def test_lines_behind_code_and_letters_that_grow_in_lower_case() -> None:
    result = check("The sum of two even numbers is even.", "İİİ ```a\nb``` İ\n\nobviously so")
    line = SAMPLE.split("\n").index("**Theorem.** The sum of two even numbers is even.") + 1
    assert [(c.code, c.line) for c in result.failures] == [("PH001", line + 3)]


def test_a_phrase_that_deleting_code_joins_is_found() -> None:
    assert verdicts(check("The sum of two even", "Obvi```x```ously two even"))["PH001"] == "fail"


def test_draft_is_checked_in_its_place() -> None:
    snapshot, path = sample_snapshot()
    other = "content/00-numbers/01-integers/00.01.05-odd-numbers.md"
    text = SAMPLE.replace("id: 00.01.02", "id: 00.01.05").replace("even-numbers", "odd-numbers")
    assert check_text(snapshot, other, text.encode(), level="full").failures == ()
    assert check_text(snapshot, path, text.encode()).failures[0].code == "ID001"
    assert check_text(snapshot, other, b"\xff").state == "failing"
    assert not snapshot.exists(other)


def test_paths_are_files_or_folders_without_duplicates() -> None:
    snapshot, path = sample_snapshot()
    folder = path.rpartition("/")[0]
    report = check_corpus(snapshot, [folder, path, "content"])
    assert [r.path for r in report.results] == list(snapshot.under("content"))
    assert [r.path for r in check_corpus(snapshot, [path]).results] == [SAMPLE_PATH]
    with pytest.raises(UserError, match="no-such"):
        check_corpus(snapshot, ["content/no-such"])


def test_selection() -> None:
    snapshot, path = sample_snapshot()
    report = check_corpus(snapshot, [path], select=["ph001", "XE"])
    assert [check.code for check in report.results[0].checks][:2] == ["PH001", "XE001"]
    with pytest.raises(UserError, match="QQ"):
        check_corpus(snapshot, select=["QQ"])


def test_warnings_do_not_fail_a_unit() -> None:
    snapshot, path = sample_snapshot(Example("Oxford, 1938", "Oxford"))
    report = check_corpus(snapshot, [path], level="full")
    assert [check.code for check in report.results[0].failures] == ["XH001"]
    assert (report.results[0].state, report.exit_status()) == ("passing", 0)


def test_not_judged_counts_when_strict() -> None:
    snapshot, path = sample_snapshot(Example(REFERENCE, "  - {source: a, path: b.md}"))
    report = check_corpus(snapshot, [path])
    assert (report.exit_status(), report.exit_status(strict=True)) == (0, 1)
    assert defect_list(report.results[0]) == ""


def test_graph_is_checked_with_the_whole_corpus_only() -> None:
    snapshot, path = sample_snapshot(Example(files=(("manifests/deps.json", '{"pending": ["00.01.01"]}'),)))
    assert check_corpus(snapshot).workspace == ()
    assert check_corpus(snapshot, [path], level="full").workspace == ()
    [graph] = check_corpus(snapshot, level="full").workspace
    assert (graph.state, graph.checks[0].detail) == ("failing", "00.01.01 is listed as pending, but it is shipped")


@pytest.mark.parametrize(
    ("edges", "part"),
    [
        (
            '[{"from": "00.01.01", "to": "00.01.02"}, {"from": "00.01.02", "to": "00.01.01"}]',
            "cycle: 00.01.01 → 00.01.02",
        ),
        ('[{"from": "00.01.01", "to": "00.01.01"}]', "its own prerequisite"),
        ('[{"from": "00.01.01", "to": "00.01.02"}, {"from": "00.01.01", "to": "00.01.02"}]', "listed 2 times"),
        ('[{"from": "[", "to": "00.01.02"}, {"to": "00.01.02"}, 3]', "2 edges have an end that is no id"),
    ],
)
def test_graph_defects(edges: str, part: str) -> None:
    snapshot, _ = sample_snapshot(Example(files=(("manifests/deps.json", f'{{"edges": {edges}}}'),)))
    [graph] = check_corpus(snapshot, level="full").workspace
    assert part in graph.checks[0].detail


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_a_broken_graph_file_is_named(text: str) -> None:
    snapshot, path = sample_snapshot(Example("  - 00.01.01\n", "  - x\npending_prereqs: true\n"))
    broken = snapshot.with_changes({"manifests/deps.json": text.encode("latin-1")})
    with pytest.raises(DataError, match=r"deps\.json"):
        check_corpus(broken, [path])


def test_constraints_are_the_rules_a_writer_can_break() -> None:
    core = dict(constraints())
    assert len(core) >= 25
    assert set(core) <= {rule.code for rule in rules_at("core")}
    assert {code for code, _ in constraints("full")} > set(core)
    assert "HK001" not in core
    assert all(sentence.endswith(".") for sentence in core.values())


def test_rules_stand_in_the_order_of_the_rubric() -> None:
    codes = [rule.code for rule in RULES]
    assert codes[:7] == ["FM001", "ID001", "TR001", "CC001", "TR002", "TR003", "PR001"]
    assert [rule.level for rule in RULES] == sorted((rule.level for rule in RULES), key=["core", "full"].index)
