"""Addresses: written, read back, and safe as file names and headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.agents.call import CallAddress
from codex.errors import UserError

words = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
addresses = st.builds(
    CallAddress,
    subject=st.builds("{}:{}".format, st.sampled_from(["book", "flow", "batch"]), words),
    pass_name=words,
    unit=st.none() | words,
    attempt=st.integers(1, 999_999),
)


@given(addresses)
def test_an_address_is_read_back(address: CallAddress) -> None:
    assert CallAddress.parse(str(address)) == address


@given(addresses)
def test_names_made_of_an_address_stay_in_their_folder(address: CallAddress) -> None:
    for name in (address.slug, address.subject_slug, address.file_stem):
        assert "/" not in name
        assert name not in {".", ".."}
        assert name.isascii()


def test_a_book_and_a_flow_of_the_same_name_are_kept_apart() -> None:
    assert CallAddress("book:abc", "P1").slug != CallAddress("flow:abc", "P1").slug


@pytest.mark.parametrize(
    "text",
    [
        "",
        "book:a",
        "book:a/P1",
        "book:a/P1/x/0",
        "book:../P1/1",
        "a/P1/1",
        "book:a/P1/u/1/2",
        "book:a/P 1/1",
        "book:ä/P1/1",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        CallAddress.parse(text)


@pytest.mark.parametrize("part", ["..", "a/b", "", "a\nb", ".hidden"])
def test_an_address_takes_no_hostile_part(part: str) -> None:
    with pytest.raises(UserError):
        CallAddress("book:a", "P1", part)
