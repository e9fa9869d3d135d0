"""The unit as a whole: never raises, round trip, sections, lines, exercises."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from codex.units import Unit, parse_unit

UNIT = """---
id: 00.01.02
title: Even numbers
prerequisites: [00.01.01, 3.5]
status: shipped
---

## One [Beginner]

Text one.

### Part

No tier.

## Two [Intermediate+]

<aside class="exercise" data-difficulty="easy" data-type="multiple-choice">

**Exercise 1 (easy).** Which is $a < b$?

A. one
B. two

<details class="exercise__hint"><summary>Hint</summary>

Look.

</details>
<details class="exercise__answer"><summary>Answer</summary>

**A.**

</details>

</aside>

<aside class='exercise' data-type=numeric>
<p class="exercise__label"><strong>Exercise 2</strong></p>
<p>How many?</p>
<ol class="exercise__options"><li>one</li><li>two</li></ol>
</aside>

## Three

```
## Four [Master]
```
"""


def parse(text: str, path: str = "content/a/b/00.01.02-even-numbers.md") -> Unit:
    return parse_unit(text.encode(), path)


@settings(deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass")))
@example(b"")
@example(b"---\n[a]\n---\n")
@example(b'---\na: "\\ud800"\n---\n\n## \xff')
def test_never_raises_and_keeps_the_bytes(data: bytes) -> None:
    unit = parse_unit(data, "content/a/b/x.md")
    assert unit.render() == data
    assert len(unit.sections) == len(unit.headings) >= len(unit.blocks)
    assert all(unit.block_at(exercise.offset) or exercise.tier is None for exercise in unit.exercises)
    assert set(unit.tier_texts) == {"beginner", "intermediate", "master"}
    assert unit.text[: unit.body_offset] + unit.body == unit.text


@settings(deadline=None)
@given(st.text(alphabet="ab#\n[]+ -:<>\"'$`", max_size=120).map(lambda t: f"---\nid: x\n---\n{t}"))
def test_line_ends_make_no_difference(text: str) -> None:
    one, two, three = parse(text), parse(text.replace("\n", "\r\n")), parse(text.replace("\n", "\r"))
    assert one.headings == two.headings == three.headings
    assert one.exercises == two.exercises == three.exercises
    assert one.body == two.body == three.body


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"---\na: 1\n---\nx\n\xff", "PE001", 5),
        (b"", "PE002", 1),
        (b"no front matter", "PE002", 1),
        (b"\xef\xbb\xbf---\nid: 1\n---\n", "PE002", 1),
        (b"\n---\nid: 1\n---\n", "PE002", 1),
        (b"---\nid: 1\n---", "PE002", 1),
        (b"---\n---\n", "PE002", 1),
        (b"---\nid: 1\na: b: c\n---\n", "PE003", 3),
        (b"---\n- a\n---\n", "PE004", 2),
        (b"---\n\n---\n", "PE004", 2),
    ],
)
def test_errors(data: bytes, code: str, line: int) -> None:
    error = parse_unit(data, "x.md").error
    assert error
    assert (error.code, error.line) == (code, line)
    assert error.sentence.endswith((".", "go."))


def test_values_and_lines() -> None:
    unit = parse(UNIT)
    assert (unit.id, unit.title, unit.status, unit.slug) == ("00.01.02", "Even numbers", "shipped", "")
    assert unit.prerequisites == ("00.01.01", "3.5")
    assert unit.name == "00.01.02-even-numbers.md"
    assert unit.line_of_key("status") == 5
    assert unit.line_of_key("absent") == 1
    assert unit.line_at(unit.headings[0].start) == UNIT.split("\n").index("## One [Beginner]") + 1
    assert unit.body_line == 8  # blank lines behind the delimiter are not part of the body


def test_tiers_do_not_inherit() -> None:
    unit = parse(UNIT)
    assert unit.tier_texts["beginner"].strip() == "Text one."
    assert [unit.body[s.start : s.end].strip() for s in unit.sections if not s.heading.tiers] == ["No tier.", "```"]
    assert [block.heading.title for block in unit.blocks] == ["One", "Two", "Three", "Four"]
    assert "No tier." in unit.section_text(unit.blocks[0])


def test_exercises() -> None:
    first, second = parse(UNIT).exercises
    assert (first.difficulty, first.type, first.tier) == ("easy", "multiple-choice", "intermediate")
    assert (first.label, first.hint, first.answer) == ("Exercise 1 (easy).", "Look.", "**A.**")
    assert first.prompt.startswith("Which is $a < b$?")
    assert first.options == ("one", "two")
    assert (second.difficulty, second.type, second.label) == (None, "numeric", "Exercise 2")
    assert (second.prompt, second.options, second.hint, second.answer) == ("How many?", ("one", "two"), "", "")
    assert UNIT.split("\n")[second.line - 1] == "<aside class='exercise' data-type=numeric>"


def test_hostile_asides_take_linear_time() -> None:
    assert len(parse("---\nid: x\n---\n" + '<aside class="exercise">' * 5_000).exercises) == 5_000


@pytest.mark.soak
def test_every_unit_of_the_corpus_is_read(fasttrack: Path) -> None:
    read = exercises = 0
    for path in sorted((fasttrack / "content").rglob("*.md")):
        unit = parse_unit(path.read_bytes(), path.relative_to(fasttrack).as_posix())
        assert unit.error is None
        exercises += len(unit.exercises)
        read += bool(unit.headings)
    assert (read, exercises) == (953, 9489)
