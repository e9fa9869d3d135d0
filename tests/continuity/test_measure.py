"""One unit: what is cut out, what is counted, and what the fast ways of counting must agree with."""

from __future__ import annotations

import pickle
import re
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from codex.continuity import phrases, worker
from codex.continuity.anchors import AnchorPhrases
from codex.continuity.corpus import measure_files
from codex.continuity.measure import measure
from codex.continuity.text import read_text
from codex.continuity.words import corrected_word_count, word_count

NONE = AnchorPhrases()

UNIT = """---
id: 01.02.03
---

A first part [Beginner] without a heading.

## Plain [Beginner]
We will see 01.02.03 and 04.05.06, which builds  toward more.
## Formal [Intermediate+]
This is exactly the same; putting this
together generalises it.
### Not a cut [Master]
in the next
## Both [All tiers]
The bridge is 04.05.06.
## Connections [Master]
- one
 * two
**bold**
-three
## Last [Master]
- four
"""

#: Text in which everything that is counted is likely to occur, whole or broken.
WORDS = """
we will see build builds toward toward, in the next forshadow forshadows later appear appears again this pattern recur
recurs core reason is exactly generalises dual to limit an instance of putting these together index = topology bridge
between identifies identifie x with WE Buılds ſee İs 01.02.03 11.12.13 1.02.03 01.02.034 $ $$ ``` < > a-b 'tis it's
naïve _x x1 ### ## [Master] .02.03 .04 ٠١.02.03
"""
BLOCKS = ["\n", "\n## Connections [Master]\n- ", "\n## Key [Intermediate+]\n", "---\nid: 01.02.03\n---\n"]
PARTS = st.sampled_from([*WORDS.split(), *BLOCKS])
TEXTS = st.lists(st.tuples(PARTS, st.sampled_from([" ", "", "\n", "\t "])), max_size=60).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)


def test_a_unit_in_all_its_figures() -> None:
    unit = measure(UNIT.encode(), "x.md", AnchorPhrases(["Generalises it", "builds  toward", "absent", "one"]))
    assert unit.unit_id == "01.02.03"
    assert unit.backward_refs == 2
    assert unit.forward_promises == 3
    assert unit.synthesis_claims_intermediate == 4
    assert unit.synthesis_claims_master == 1
    assert unit.lateral_connections_master == 2
    assert (unit.anchor_phrases_invoked, unit.anchor_phrases_verbatim) == (3, 2)
    assert unit.anchors_altered == ("Generalises it",)
    assert unit.anchor_reuse_rate == pytest.approx(2 / 3)
    assert unit.backward_density == 2 / unit.word_count_total * 1000


def test_the_id_keeps_its_quotation_marks_and_then_counts_itself() -> None:
    quoted = measure(b'---\nid: "01.02.03"\n---\n01.02.03\n', "x.md", NONE)
    assert (quoted.unit_id, quoted.backward_refs) == ('"01.02.03"', 1)


@pytest.mark.parametrize("opening", ["--- \n", "\ufeff---\n", "\n---\n"])
def test_without_exact_delimiters_everything_is_body(opening: str) -> None:
    text = read_text(f"{opening}id: 01.02.03\n---\nbody\n".encode())
    assert text.unit_id == ""
    assert "id: 01.02.03" in text.body


def test_undecodable_bytes_are_dropped() -> None:
    assert read_text(b"---\nid: a\n---\nne\xffxt").body == "next"


def test_words_between_display_formulas() -> None:
    text = "one two $$x$$ three four $$y$$ five six"
    assert word_count(text) == 4
    assert corrected_word_count(text) == 6
    assert corrected_word_count("one $a < b$ two three <b>four</b>") == 4


@given(TEXTS)
def test_word_count_is_the_pattern_of_the_rubric(text: str) -> None:
    plain = text
    for pattern in (r"```.*?```", r"<[^>]+>", r"\$[^$]+\$", r"\$\$.*?\$\$"):
        plain = re.sub(pattern, "", plain, flags=re.DOTALL)
    assert word_count(text) == len(re.findall(r"\b[A-Za-z][A-Za-z'-]+\b", plain))


@settings(max_examples=400)
@given(st.text("aZ'-_7 .\n\té’—\u00a0٣\ud800", max_size=30))
def test_words_among_marks_digits_and_other_letters(text: str) -> None:
    assert word_count(text) == len(re.findall(r"\b[A-Za-z][A-Za-z'-]+\b", text))


@given(TEXTS)
def test_phrases_are_counted_as_with_case_ignored_and_a_boundary_in_front(text: str) -> None:
    def slow(table: tuple[phrases.Phrase, ...]) -> int:
        return sum(len(re.findall(rf"\b{head}{tail}", text, re.IGNORECASE)) for head, tail in table)

    assert phrases.forward_promises(phrases.fold(text)) == slow(phrases.FORWARD)
    assert phrases.synthesis_claims(phrases.fold(text)) == slow(phrases.SYNTHESIS)


@pytest.mark.parametrize(
    ("text", "forward", "synthesis"),
    [
        ("we will\n see", 1, 0),
        ("foreshadows", 0, 0),
        ("forshadowing", 1, 0),
        ("rebuilds toward", 0, 0),
        ("build towards", 0, 0),
        ("It appears again in", 1, 0),
        ("This pattern recurs", 1, 0),
        ("the core insight", 0, 1),
        ("this is the same as", 0, 1),
        ("generalizes", 0, 0),
        ("is an instance of", 0, 1),
        ("recurs a special case of", 0, 1),
        ("index=topology", 0, 1),
        ("identify x with y", 0, 0),
        ("identifies x with y", 0, 1),
        ("identifies the x with y", 0, 0),
    ],
)
def test_phrases_by_example(text: str, forward: int, synthesis: int) -> None:
    assert phrases.forward_promises(phrases.fold(text)) == forward
    assert phrases.synthesis_claims(phrases.fold(text)) == synthesis


@given(TEXTS)
@example(".02.03.02.03.02.03 ")
def test_references_are_the_pattern_of_the_rubric(text: str) -> None:
    found = re.findall(r"\b\d\d\.\d\d\.\d\d\b", text)
    assert phrases.backward_refs(text, "01.02.03") == sum(ref != "01.02.03" for ref in found)


@given(TEXTS, st.lists(st.lists(PARTS, min_size=1, max_size=4).map(" ".join), max_size=8))
def test_anchor_phrases_are_found_as_by_plain_search(text: str, registered: list[str]) -> None:
    use = AnchorPhrases(registered).search(text)
    invoked = [p for p in registered if p and p.lower() in text.lower()]
    assert use.invoked == len(invoked)
    assert use.verbatim == sum(p in text for p in invoked)


@given(st.binary(max_size=400) | TEXTS.map(str.encode))
def test_measuring_never_raises_and_ignores_line_ends(data: bytes) -> None:
    unit = measure(data, "x.md", AnchorPhrases(["in the next"]))
    plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert measure(plain.replace(b"\n", b"\r\n"), "x.md", AnchorPhrases(["in the next"])) == unit
    assert 0 <= unit.anchor_reuse_rate <= 1


@pytest.mark.parametrize("python", [sys.executable, "/nowhere/python", "/bin/false"])
def test_several_processes_give_what_one_gives(python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the second process cannot be started, or dies."""
    files = {f"content/{n}.md": UNIT.encode() * (n + 1) for n in range(8)}
    anchors = AnchorPhrases(["generalises it"])
    monkeypatch.setattr(worker, "_WORTH_A_PROCESS", 1000)
    monkeypatch.setattr(worker, "_cores", lambda: 3)
    monkeypatch.setattr(sys, "executable", python)
    report = measure_files(files, anchors)
    assert list(report.units) == [measure(data, path, anchors) for path, data in files.items()]


def test_anchor_phrases_can_be_sent_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(AnchorPhrases(["one two three", ""])))
    assert again.phrases == ("one two three",)
    assert again.search("One two three").altered == ("one two three",)
