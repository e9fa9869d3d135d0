"""What is excerpted from units: definitions and statements without proofs, notation, how they speak of others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codex.passes.briefing.connected import emphasis, voice
from codex.passes.briefing.excerpts import cut_short, fitting, key_statements, linking, notation, pattern_of, pieces
from codex.passes.briefing.parts import parts
from codex.passes.briefing.peers import peers
from codex.prompts.fitting import size
from codex.units import Unit, parse_unit
from tests.passes.briefing.desks import UNIT, case_of, deps, edge

BODY = """
## Intuition [Beginner]

You see a picture.

## Formal definition [Intermediate+]

A *spinor* is an element of $S$ [ref: TODO_REF Chevalley]. We write $S^+$ for the even part.

It satisfies

$$
v \\cdot v = -q(v),
$$

which fixes the sign.

- It is not a vector.

## Key theorem with proof [Intermediate+]

**Theorem (two of them).** There are two spinor modules, and these are equivalent:

1. the one; 2. the other.

**Proof.** Count dimensions. $\\square$

**Corollary.** There is one in odd dimension.

## Synthesis [Master]

The spinor is the central idea here, and it builds toward the Dirac operator [03.09.08]. Another sentence.

## Connections [Master]

- **Clifford algebra [03.09.02].** A specialisation.

- **Other [03.09.03].** A dual.
"""


def unit(body: str = BODY, unit_id: str = "03.09.40", title: str = "Spinors and more") -> Unit:
    return parse_unit(f"---\nid: {unit_id}\ntitle: {title}\nstatus: shipped\n---\n{body}".encode(), f"{unit_id}-x.md")


def test_definitions_and_statements_and_no_proofs() -> None:
    text = key_statements(unit(), 5_000)
    assert "A *spinor* is an element of $S$. We write" in text  # without its citation
    assert "It satisfies\n$$ v \\cdot v = -q(v), $$\nwhich fixes the sign." in text  # a formula stays with its sentence
    assert "these are equivalent:\n1. the one; 2. the other." in text
    assert "**Corollary.**" in text
    assert "Count dimensions" not in text
    assert "picture" not in text


def test_notation_is_what_settles_how_things_are_written() -> None:
    assert notation(unit(), 400) == "We write $S^+$ for the even part."


def test_how_a_unit_speaks_of_others() -> None:
    text = linking(unit(), 2_000)
    assert text.startswith("The spinor is the central idea here")
    assert "- **Clifford algebra [03.09.02].**" in text


def test_the_emphasis_is_a_sentence_on_the_units_own_topic() -> None:
    assert emphasis(unit()) == (
        "The spinor is the central idea here, and it builds toward the Dirac operator [03.09.08]."
    )
    boilerplate = BODY.replace("The spinor is the central idea here", "Putting these together is the central idea")
    assert emphasis(unit(boilerplate)) == ""


@given(st.lists(st.text(st.sampled_from("ab é$\n-*"), max_size=30)), st.integers(0, 120))
def test_an_excerpt_keeps_its_room(texts: list[str], limit: int) -> None:
    found = pieces("\n\n".join(texts))
    kept = fitting(found, limit)
    assert size(kept.removesuffix("\n\n(…)")) <= limit
    assert size(cut_short(" ".join(texts), limit)) <= limit + size(" (…)")
    assert all(piece.strip() for piece in found)


def test_texts_made_from_one_template_become_equal() -> None:
    made = "The concept **{t}** is what its data say, as {t} is. It needs [03.09.02], [01.01.03]."
    one = pattern_of(unit(title="Pin groups"), made.format(t="Pin groups"))
    other = pattern_of(unit(title="Dirac operator"), made.format(t="Dirac operator").replace("01.01.03", "02.01.01"))
    assert one == other != pattern_of(unit(), "Something of its own.")


def test_a_prerequisite_without_a_text_of_its_own_gets_what_the_catalog_notes() -> None:
    folder = "content/03-modern-geometry/09-spin-geometry"
    body = "## Formal definition [Intermediate+]\n\nThe concept **{t}** is what its data say.\n"
    text = "---\nid: {u}\ntitle: {t}\nstatus: shipped\nconcept_catalog_id: spin.c{u}\n---\n\n{body}"
    titles = {"03.09.21": "First things", "03.09.22": "Second things", "03.09.23": "Third things"}
    files = {f"{folder}/{u}-x.md": text.format(u=u, t=t, body=body.format(t=t)) for u, t in titles.items()}
    files["docs/catalogs/CONCEPT_CATALOG.md"] = "# C\n\n### spin.c03.09.21\n\n- **notes**: The first things, noted.\n"
    files["manifests/deps.json"] = deps(edge("03.09.21", UNIT), edge("03.09.22", UNIT))
    first, second = parts(case_of(files))["prerequisites"].items
    assert first == "### 03.09.21 First things\n\nThe catalog notes: The first things, noted."
    assert second.endswith("It states nothing of its own: see “Where the sources disagree”.")


def test_peers_are_near_and_good() -> None:
    case = case_of()
    found = peers(case)
    assert {peer.id for peer in found} <= set(case.near)
    assert found[0].passed == found[0].checks
    ranks = [(peer.passed < peer.checks, -peer.met) for peer in found]
    assert ranks == sorted(ranks)


def test_the_voice_is_taken_from_the_audit_that_asks() -> None:
    audit = (
        "# X — *Spinors* — Audit\n\n## §1 What the book is for\n\nAlgebra first.\n\nThree parts:\n\n## §2\n\nNo.\n\n"
    )
    bullet = f"1. **`{UNIT}` Spinor modules.** [NEW] Spec.\n"
    told = voice(case_of({"plans/fasttrack/chevalley-spinors.md": audit + bullet}))
    assert told == "plans/fasttrack/chevalley-spinors.md: Algebra first."
