"""Where two catalogs differ: what both have in common is found part by part."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.check.affected import Questions, _near_change, _shared_ends
from codex.corpus import catalog, catalogparts
from codex.snapshot import Layered

ENTRIES = st.lists(st.sampled_from(["### a.b\n\n", "### a.c\nab\n", "## G\n", "```\n", "aab\n", "b"]), max_size=8)


def broken_of(texts):
    return frozenset(text for text in texts if "\n" in text)


@st.composite
def versions(draw: st.DrawFn) -> tuple[str, str]:
    """A catalog and the same with a piece of it replaced; or another one."""
    pieces = draw(ENTRIES)
    at, until = sorted(draw(st.tuples(*[st.integers(0, len(pieces))] * 2)))
    changed = [*pieces[:at], *draw(ENTRIES), *pieces[until:]]
    return "".join(pieces), "".join(changed)


@given(versions(), st.lists(st.text("ab#.\n", min_size=1, max_size=5), max_size=6), st.integers(1, 3))
@settings(deadline=None)
def test_what_two_catalogs_share_is_left_out_and_nothing_else(
    texts: tuple[str, str], asked: list[str], size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogparts, "SIZE", size)
        old, new = map(catalog.parse, texts)
        start, end = _shared_ends(old, new)
        near = _near_change(
            Questions(
                askers={"catalog_contains": Layered(dict.fromkeys(asked, ()))}, longest=5, broken=broken_of(asked)
            ),
            old,
            new,
        )
    one, other = texts
    assert start + end <= min(map(len, texts))
    assert one[:start] == other[:start] and one[len(one) - end :] == other[len(other) - end :]
    middles = one[start : len(one) - end], other[start : len(other) - end]
    assert all(middles) is False or (middles[0][0] != middles[1][0] and middles[0][-1] != middles[1][-1])
    assert {text for text in asked if (text in one) != (text in other)} <= {*near}
