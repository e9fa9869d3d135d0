from __future__ import annotations

import pytest

from codex.campaign import plantext
from codex.campaign.about import unmet
from codex.campaign.conditions import CATALOG_FILES, WEAVING_REPORT
from codex.campaign.definition import load_campaign
from codex.campaign.events import Kind
from codex.tracks.fasttrack.books import BOOK

from .helpers import BOOK as SUBJECT
from .helpers import Book, book_at, draft, moved, overlay, registered

BODY = "a sentence that fills it"


def plan(*numbers: str, sources: str = "", units: str = "") -> bytes:
    parts = [f"### {n} Title\n\n{units if n == '3.1' and units else BODY}\n" for n in numbers]
    return ("# Plan\n\n" + "\n".join(parts) + f"\n### Sources\n\n{sources}\n").encode()


def missing(name: str, book: Book | None = None, **files: bytes) -> str:
    book = book or Book(registered())
    paths = {"plan": "plans/fasttrack/lee-manifolds.md", "flow": "flows/f.md", "toml": "codex.toml"}
    subject = "flow:f" if name.startswith("flow_") else SUBJECT
    if subject == "flow:f":
        book.add(registered(subject))
    snapshot = overlay(book.files | {paths.get(key, key): data for key, data in files.items()})
    found = unmet([name], book.ledger, snapshot, subject)
    return found[0] if found else ""


SECTIONS = {
    "audit_filled": ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"],
    "coverage_filled": ["2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7"],
    "scorecard_filled": ["2.8"],
    "plan_filled": ["3.1"],
    "decomposition_filled": ["3.6"],
    "verification_filled": ["4.1", "4.2", "4.3", "4.4"],
}


@pytest.mark.parametrize(("name", "numbers"), SECTIONS.items())
def test_filled_sections(name, numbers):
    assert missing(name, plan=plan(*numbers)) == ""
    for gone in numbers:
        left = [n for n in numbers if n != gone]
        assert missing(name, plan=plan(*left)).endswith(f"lacks §{gone}")
    assert missing(name).startswith("the plan of lee-manifolds lacks")
    fenced = b"```\n" + plan(*numbers) + b"\n```\n"
    assert missing(name, plan=fenced), "headings in code are quoted, not meant"
    empty = "\n".join(f"### §{n} Title\n#### Sub-heading of some length\n| --- | --- |" for n in numbers)
    assert missing(name, plan=empty.encode())


def test_headings_of_the_real_plans_are_read(fasttrack):
    texts = [
        (fasttrack / "plans/fasttrack" / f"{s}.md").read_text()
        for s in ("lawson-michelsohn-spin-geometry", "bott-tu-differential-forms")
    ]
    for text in texts:
        found = plantext.sections(text)
        wanted = [number for numbers in SECTIONS.values() for number in numbers]
        assert all(plantext.is_filled(found[number]) for number in wanted)
        assert len(plantext.sources(text)) >= 9
    units = plantext.planned_units(texts[0])
    assert len(units) == 12 + 6 + 2 and {"03.09.11", "03.09.02", "03.09.E1"} <= set(units)


@pytest.mark.parametrize(
    ("sources", "met"),
    [
        (
            "| 1 | A | https://a.example/x |\n| 2 | B | doi 10.1515/9781400883912 |\n| 3 | C | 978-0-691-08542-5 |",
            True,
        ),
        ("- 0-691-08542-0\n- https://a.example\n- https://b.example", True),
        ("- https://a.example\n- https://a.example\n- https://b.example", False),
        ("- my own memory\n- another book\n- a third", False),
    ],
)
def test_three_sources(sources, met):
    assert (missing("three_sources", plan=plan("1.1", sources=sources)) == "") is met


def test_the_audit_is_pending_until_it_is_completed():
    book = Book(registered())
    assert missing("audit_pending", book) == ""
    book.add(draft(Kind.PASS_COMPLETED, pass_name="P1_audit"))
    assert missing("audit_pending", book) == "the audit is completed already"


def test_the_corpus_files_are_there():
    assert missing("corpus_readable", **dict.fromkeys(CATALOG_FILES, b"{}")) == ""
    assert missing("corpus_readable", **dict.fromkeys(CATALOG_FILES[1:], b"{}")) == f"missing: {CATALOG_FILES[0]}"


PUNCH = """1. **`03.01.01` Tensor.** [NEW] do it
2. **`03.01.02` Later.** [DEFERRED] not now
3. **`03.01.E1` Pack.** [NEW] more"""


def test_planned_units():
    assert plantext.planned_units(plan("3.1", units=PUNCH).decode()) == ["03.01.01", "03.01.E1"]
    assert missing("plan_lists_units", plan=plan("3.1", units=PUNCH)) == ""
    assert missing("plan_lists_units", plan=plan("3.1")) == "§3 of the plan lists no unit"


def test_units_are_shipped_with_all_their_checks():
    book = book_at("in-production")

    def lacks():
        return missing("units_shipped", book, plan=plan("3.1", units=PUNCH))

    assert lacks() == "not shipped with all checks passed: 03.01.01, 03.01.E1"
    book.add(draft(Kind.UNIT_SHIPPED, unit="03.01.01", data={"checks": "26/27"}))
    book.add(draft(Kind.UNIT_SHIPPED, unit="03.01.E1", data={"checks": "27/27"}))
    assert lacks().endswith(": 03.01.01")
    book.add(draft(Kind.UNIT_SHIPPED, unit="03.01.01", data={"checks": "27/27"}))
    assert lacks() == ""
    book.add(draft(Kind.UNIT_REJECTED, unit="03.01.09"))
    assert lacks().endswith(": 03.01.09")
    book.add(draft(Kind.UNIT_WITHDRAWN, unit="03.01.09"))
    assert lacks() == ""
    book.add(draft(Kind.DELIVERABLES, data={"outstanding": [{"id": "03.01.05"}]}))
    assert lacks() == "still outstanding: 1 deliverables" == missing("nothing_outstanding", book)


FULL = {
    "theorem": 95.0,
    "exercise": 80,
    "worked_example": 90,
    "notation": 100,
    "sequencing": 100,
    "intuition": 100,
    "application": 80,
}


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (FULL, ""),
        (FULL | {"application": None}, ""),
        (FULL | {"theorem": 94.9}, "below its threshold: theorem 94.9 < 95"),
        (FULL | {"notation": "all"}, "below its threshold: notation all < 100"),
        ({k: v for k, v in FULL.items() if k != "exercise"}, "below its threshold: exercise absent < 80"),
        (None, "the verification recorded no layer"),
    ],
)
def test_layers_against_their_thresholds(layers, said):
    book = book_at("production-complete")
    book.add(draft(Kind.PASS_COMPLETED, pass_name="P5_verification", data={"layers": layers}))
    assert missing("layers_met", book) == said


def test_a_reduced_threshold_that_was_accepted():
    book = book_at("production-complete")
    book.add(draft(Kind.PASS_COMPLETED, pass_name="P5_verification", data={"layers": {}, "accepted": True}))
    assert missing("layers_met", book) == ""


def test_continuity_metrics_with_and_without_their_suffix():
    book = book_at("woven")
    metrics = dict(load_campaign().continuity)
    named = {f"{key}_avg" if n % 2 else key: value for n, (key, value) in enumerate(metrics.items())}
    book.add(draft(Kind.PASS_COMPLETED, pass_name="PV_continuity", data={"metrics": named}))
    assert missing("continuity_met", book) == ""
    book.add(draft(Kind.PASS_COMPLETED, pass_name="PV_continuity", data={"metrics": metrics | {"anchor_reuse": 0.94}}))
    assert missing("continuity_met", book) == "below its threshold: anchor_reuse 0.94 < 0.95"


def test_the_related_books_of_a_batch_are_verified_first():
    book = book_at("verified", batch="alpha-1")
    assert missing("batch_verified", book) == ""
    book.add(registered("book:peer", batch="alpha-1"), registered("book:stranger", batch="alpha-2"))
    assert missing("batch_verified", book) == "not verified yet: book:peer"
    book.add(moved("draft", "deferred", "book:peer"))
    assert missing("batch_verified", book) == ""


def test_the_weaving_report_is_there():
    assert missing("weaving_reported", **{WEAVING_REPORT: b"# Report"}) == ""
    assert missing("weaving_reported") == f"{WEAVING_REPORT} is missing"


def test_budget_left():
    book = Book(registered())
    assert missing("budget_left", book) == ""
    book.add(draft(Kind.NOTED, cost_usd="50"))
    assert missing("budget_left", book) == "the budget is used up: book:lee-manifolds"
    assert missing("budget_left", book, toml=b'[budget]\nbooks_usd = {"lee-manifolds" = "60"}') == ""


def flow(steps: list[str], outward: str = "") -> bytes:
    return f"---\nsteps:\n{''.join(steps)}{outward}\n---\n\n# Flow\n".encode()


def step(unit="03.01.01", bridge="on we go", pause="") -> str:
    tail = f"\n    pause: {{kind: rest, motivation: {pause}}}" if pause else ""
    return f"  - unit: {unit!r}\n    bridge_after: {bridge!r}{tail}\n"


UNIT = {"content/03-x/01-y/03.01.01-tensor.md": b""}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("flow_has_steps", flow([step()]), b"no front matter"),
        ("flow_units_exist", flow([step()]), flow([step("09.09.09")])),
        ("flow_has_bridges", flow([step(), step(bridge="")]), flow([step(bridge=""), step()])),
        ("flow_has_pauses", flow([step(pause="p")] * 3), flow([step(pause="p")] * 2)),
        ("flow_looks_outward", flow([step()], "connections_outward: [{flow: g}]"), flow([step()])),
    ],
)
def test_what_a_flows_file_must_say(name, good, bad):
    assert missing(name, flow=good, **UNIT) == ""
    assert missing(name, flow=bad, **UNIT)
    assert missing(name, flow=b"---\nsteps: 7\n---\n", **UNIT) or name == "flow_units_exist"


def test_a_whole_book_meets_every_post_condition_of_its_way():
    numbers = [n for group in SECTIONS.values() for n in group]
    urls = "\n".join(f"- https://s{n}.example" for n in range(3))
    files = {"plans/fasttrack/lee-manifolds.md": plan(*numbers, sources=urls, units=PUNCH), WEAVING_REPORT: b"r"}
    book = book_at("woven")
    shipped = [draft(Kind.UNIT_SHIPPED, unit=u, data={"checks": "27/27"}) for u in ("03.01.01", "03.01.E1")]
    book.add(*shipped, draft(Kind.PASS_COMPLETED, pass_name="P5_verification", data={"layers": FULL}))
    book.add(draft(Kind.PASS_COMPLETED, pass_name="PV_continuity", data={"metrics": load_campaign().continuity}))
    for row in BOOK.transitions:
        if row.outcome == "success":
            assert unmet(row.post, book.ledger, overlay(book.files | files), SUBJECT) == []
