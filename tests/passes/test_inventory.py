"""What an audit says survives the plan document: rendered as §1, set into the document, read back the same."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.plantext import sections
from codex.corpus import bookplan
from codex.passes.inventory import LAYERS, AuditReply, parse_section, render_section
from codex.passes.tables import cell, parse_tables
from tests.passes.worlds import audit, item

#: What could be taken for a part of the document, beside plain text.
HOSTILE = [
    "## §2 Coverage diff",
    "### 1.2 Theorem inventory",
    "# Title",
    "None: there is none [1]",
    "| id | place | label | statement | sources |\n| --- | --- | --- | --- | --- |\n| T9 | §1 | x | y | 1 |",
    "```\n## §3 Plan\n```",
    "~~~",
    "````markdown",
    "{{ 7 * 7 }}{% raw %}",
    r"$\|x\|$ and |y| \\| z \ ",
    "---\nbook: other\n---",
    "**Priority 1**",
    "1. **`09.09.09` Title.** [NEW] spec",
    "\u2028### 1.3 Exercise inventory",
]
WORDS = st.text(string.ascii_letters + "|\\$#`_ \n\t", min_size=1, max_size=40)
TEXT = st.one_of(WORDS, st.text(min_size=1, max_size=30), st.sampled_from(HOSTILE)).filter(lambda t: t.strip())
FREE = st.lists(TEXT, min_size=1, max_size=5).map("\n\n".join)


def _items(layer_letter: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    rows = st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=4)
    return rows.map(
        lambda found: [
            {"id": f"{layer_letter}{n}", "place": p, "label": label, "statement": s, "sources": [1]}
            for n, (p, label, s) in enumerate(found, 1)
        ]
    )


REPLIES = st.fixed_dictionaries(
    {
        "contents": st.lists(
            st.fixed_dictionaries({"ref": TEXT, "title": TEXT, "summary": TEXT}), min_size=1, max_size=4
        ),
        "theorems": _items("T"),
        "exercises": _items("E"),
        "examples": _items("X"),
        "notation": _items("N"),
        "sequencing": _items("S"),
        "applications": _items("A"),
        "perspective": FREE.map(lambda text: text + " and the rest of the perspective" * 8),
        "sources": st.just(audit()["sources"]),
    }
)


@given(REPLIES)
def test_the_document_is_the_record(given_reply: dict[str, Any]) -> None:
    reply = AuditReply.model_validate(given_reply)
    document = bookplan.set_section(bookplan.new_document("A book", {"book": "A book"}), 1, render_section(reply))
    plan = bookplan.parse(document)
    assert [section.number for section in plan.sections] == [1]
    read = parse_section(plan.sections[0].text)
    for layer, items in reply.items().items():
        wanted = [(i.id, cell(i.place), cell(i.label), cell(i.statement)) for i in items]
        assert [(r.id, r.place, r.label, r.statement) for r in read.of(layer)] == wanted
    assert read.contents == tuple(cell(line.ref) for line in reply.contents)
    assert [(r.label, r.statement) for r in read.of("intuition")] == [
        (cell(line.title), cell(line.summary)) for line in reply.contents
    ]
    assert read.not_applicable == {}
    assert read.voice.replace("\\", "").split() == reply.perspective.replace("\\", "").split()


@given(TEXT)
def test_an_inventory_that_is_none_says_why(reason: str) -> None:
    none = [{"inventory": "exercise", "reason": reason, "sources": [2]}]
    reply = AuditReply.model_validate(audit(exercises=[], none_stated=none))
    read = parse_section(render_section(reply))
    assert read.of("exercise") == []
    assert read.not_applicable == {"exercise": f"{cell(' '.join(reason.split()))} [2]"}


def test_all_layers_have_a_subsection_of_their_own() -> None:
    text = render_section(AuditReply.model_validate(audit()))
    for _, number, title in LAYERS.values():
        assert f"\n### {number} {title}\n" in "\n" + text
        assert sections(text)[number].strip()
    assert [source["kind"] for source in parse_tables(sections(text)["sources"])[0]] == ["isbn", "doi", "url"]


def test_a_missing_subsection_has_no_rows() -> None:
    assert parse_section("").rows == {}
    assert "1.1" not in sections("### 1.10 Other\n\ntext\n")


def test_rows_that_are_there_outweigh_a_line_that_says_none() -> None:
    text = render_section(AuditReply.model_validate(audit(exercises=[item("E1", "§1", "applied")])))
    changed = text.replace("### 1.3 Exercise inventory\n", "### 1.3 Exercise inventory\n\nNone: no exercises.\n")
    read = parse_section(changed)
    assert [row.id for row in read.of("exercise")] == ["E1"]
    assert read.not_applicable == {}
