"""The booklist and the plan documents of books."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.plantext import sections
from codex.corpus import booklist, bookplan
from codex.corpus.booklist import Book
from codex.errors import ContentError, UserError

PLAN = """---
book: A Book  # with a remark
## §9 not a section
year: 1999
---

# A Book

Preface.

## §1. Book audit

### 1.1 Contents

chapters

### §1.2 Theorems

| t |

```
## §7 not a section
```

## §3 Production plan

1. **`05.09.01` Title.** [NEW] specification
"""

BODIES = st.text(alphabet="ab#§1 \n\r-`|", max_size=20)
DOCUMENTS = st.builds(
    lambda head, sections, crlf: (head + "".join(f"## §{n} T\n{body}\n" for n, body in sections)).replace(
        "\n", "\r\n" if crlf else "\n"
    ),
    st.sampled_from(["", "# T\n", "---\na: 1\n---\n\n# T\n\n"]),
    st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from(["", "text\n", "### 1.1 x\n\ny\n", "## Other\n\n"])), max_size=4
    ),
    st.booleans(),
)


def test_rows_of_the_booklist() -> None:
    text = """| # | Title | Author | Topic | Status |
|---|-------|--------|-------|--------|
| 1.05a | A, with commas | X, Y | T | **FREE** (author PDF) |
|2.1|B|Z|U|PD? (1912)|
| x | no | row | at | all |
| 3.1 | four | cells | only |
"""
    books = booklist.parse(text)
    assert books == (
        Book("1.05a", "A, with commas", "X, Y", "T", "FREE (author PDF)"),
        Book("2.1", "B", "Z", "U", "PD? (1912)"),
    )
    assert booklist.find(books, "2.1") == books[1]
    assert booklist.find(books, "9.9") is None


def test_the_published_booklist(fasttrack: Path) -> None:
    books = booklist.parse((fasttrack / booklist.PATH).read_text(encoding="utf-8"))
    assert (len(books), books[0].entry, books[-1].entry) == (93, "0.1", "3.48")
    assert books[0] == Book("0.1", "Basic Mathematics", "Serge Lang", "Pre-calc foundations", "BUY")


def test_a_plan_is_read() -> None:
    plan = bookplan.parse(PLAN)
    assert plan.front_matter == {"book": "A Book", "year": 1999}
    assert [(s.number, s.heading) for s in plan.sections] == [(1, "## §1. Book audit"), (3, "## §3 Production plan")]
    audit = plan.section(1)
    assert audit is not None and plan.section(2) is None
    assert sections(audit.text)["1.1"].strip() == "chapters"
    assert sections(audit.text)["1.2"].strip().startswith("| t |\n\n```")


def test_a_section_is_added_at_its_place() -> None:
    text = bookplan.set_section(PLAN, 2, "2.8 scorecard\n\n")
    assert text == PLAN.replace("## §3", "## §2 Coverage diff\n\n2.8 scorecard\n\n## §3")
    text = bookplan.set_section(PLAN, 5, "## §5 Rework\n\nrows")
    assert text == PLAN + "\n## §5 Rework\n\nrows\n"


@given(DOCUMENTS, st.integers(1, 6), BODIES)
def test_setting_a_section_keeps_the_others_byte_for_byte(text: str, number: int, body: str) -> None:
    try:
        edited = bookplan.set_section(text, number, body)
    except UserError:
        return
    assert bookplan.set_section(edited, number, body) == edited
    before, after = bookplan.parse(text), bookplan.parse(edited)
    assert after.front_matter == before.front_matter
    assert number in [section.number for section in after.sections]
    old = before.section(number)
    rest = [(s.number, s.text.rstrip()) for s in before.sections if s is not old]
    new = after.section(number)
    kept = [(s.number, s.text.rstrip()) for s in after.sections if s is not new]
    assert kept == rest
    assert len(after.sections) == len(before.sections) + (old is None)
    assert "\r\n" not in edited or edited.count("\n") == edited.count("\r\n")


@given(st.integers(1, 99), st.text(max_size=40))
def test_what_stands_before_the_sections_stays(number: int, body: str) -> None:
    start = PLAN[: PLAN.index("## §1.")]
    try:
        assert bookplan.set_section(PLAN, number, body).startswith(start)
    except UserError:
        return


@pytest.mark.parametrize(
    "markdown", ["a\n\n## §2 Other\n\nb", "## §2 Other\n\nb", "## §1 Audit\n\n## §1 Audit again", "```\nnever closed"]
)
def test_a_text_that_would_change_other_sections_is_refused(markdown: str) -> None:
    with pytest.raises(UserError, match="section 1"):
        bookplan.set_section(PLAN, 1, markdown)


def test_a_new_document_and_its_front_matter() -> None:
    text = bookplan.new_document("A\nBook", {"book": "A: Book", "year": 1999, "sources_consulted": ["é"]})
    assert bookplan.parse(text).front_matter == {"book": "A: Book", "year": 1999, "sources_consulted": ["é"]}
    assert text.endswith("---\n\n# A Book\n")
    edited = bookplan.update_front_matter(PLAN, {"year": 2000, "pages": 7})
    assert edited == PLAN.replace("year: 1999", "year: 2000\npages: 7")
    assert bookplan.update_front_matter(edited, {"year": 2000, "pages": 7}) == edited
    with pytest.raises(ContentError):
        bookplan.update_front_matter("no front matter", {"a": 1})


def test_published_plans_keep_their_bytes_around_a_new_section(fasttrack: Path) -> None:
    paths = sorted((fasttrack / "plans" / "fasttrack").glob("*.md"))
    assert len(paths) == 85
    for path in paths[::7]:
        text = path.read_bytes().decode()
        sections = bookplan.parse(text).sections
        assert sections
        edited = bookplan.set_section(text, 99, "done")
        assert edited.startswith(text.rstrip())
        assert [s.number for s in bookplan.parse(edited).sections] == [*(s.number for s in sections), 99]
