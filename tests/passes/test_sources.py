"""Locators by form and check digit, and when two of them are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.passes.sources import CHECKS, canonical_locator, doi_problem, isbn_problem, shown_locator, url_problem


@pytest.mark.parametrize(
    "text",
    ["978-0-691-08542-5", "9780691085425", "0-691-08542-0", "0691085420", "080442957X", "ISBN 978-0-691-08542-5",
     "ISBN-13: 978 0 691 08542 5", "978‑0‑691‑08542‑5"],
)  # fmt: skip
def test_good_isbns(text: str) -> None:
    assert isbn_problem(text) == ""


@pytest.mark.parametrize(
    "text", ["978-0-691-08542-6", "0-691-08542-1", "12345", "", "97806910854255", "9700691085425", "٠٦٩١٠٨٥٤٢٠"]
)
def test_bad_isbns(text: str) -> None:
    assert repr(text) in isbn_problem(text)


@given(st.integers(0, 10**9 - 1), st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_shows(number: int, place: int, by: int) -> None:
    """Both check digits detect every error in a single digit."""
    body = f"{number:09d}"
    remainder = -sum((10 - i) * int(d) for i, d in enumerate(body)) % 11
    good = body + ("X" if remainder == 10 else str(remainder))
    assert isbn_problem(good) == ""
    wrong = body[:place] + str((int(body[place]) + by) % 10) + body[place + 1 :]
    assert isbn_problem(wrong + good[9])
    long = shown_locator("isbn", good)
    assert isbn_problem(long) == ""
    assert isbn_problem(long[:3] + wrong + long[12])


@pytest.mark.parametrize(
    "text",
    ["https://example.org/a?b=c", "http://www.math.example.org", " https://müller.example/x ", "https://a.b.cc:8080/"],
)
def test_good_addresses(text: str) -> None:
    assert url_problem(text) == ""


@pytest.mark.parametrize(
    "text",
    ["example.org", "ftp://example.org", "https://", "https://localhost/x", "https://..", "http://127.0.0.1/x",
     "https://example.org/a b", "https://u:p@example.org/", "https://example.org:99999/", "javascript:alert(1)",
     "http://[::1/", "https://-.example.org"],
)  # fmt: skip
def test_bad_addresses(text: str) -> None:
    assert repr(text) in url_problem(text)


@pytest.mark.parametrize(
    "text",
    ["10.1090/S0273-0979-1990-15969-9", "doi:10.1007/BF01404072", "https://doi.org/10.1016/0040-9383(64)90003-5"],
)
def test_good_dois(text: str) -> None:
    assert doi_problem(text) == ""


@pytest.mark.parametrize("text", ["11.1090/x", "10.1090", "10.10/x", "10.1090/", "doi 10.1090/x y", ""])
def test_bad_dois(text: str) -> None:
    assert repr(text) in doi_problem(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("isbn", "978-0-691-08542-5"), ("isbn", "0691085420")),
        (("doi", "10.1090/ABC"), ("doi", "https://doi.org/10.1090/abc")),
        (("doi", "10.1090/abc"), ("url", "https://doi.org/10.1090/abc")),
        (("url", "https://www.example.org/a/"), ("url", "http://example.org/a#top")),
    ],
)
def test_the_same_source_twice(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert canonical_locator(*one) == canonical_locator(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("url", "https://example.org/a"), ("url", "https://example.org/A")),
        (("url", "https://example.org/a?x=1"), ("url", "https://example.org/a?x=2")),
        (("isbn", "978-0-691-08542-5"), ("isbn", "979-0-691-08542-4")),
    ],
)
def test_different_sources(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert canonical_locator(*one) != canonical_locator(*other)


@given(st.sampled_from(sorted(CHECKS)), st.text(max_size=40))
def test_no_text_breaks_a_check(kind: str, text: str) -> None:
    assert isinstance(CHECKS[kind](text), str)
    if not CHECKS[kind](text):
        assert canonical_locator(kind, text) == canonical_locator(kind, shown_locator(kind, text))
