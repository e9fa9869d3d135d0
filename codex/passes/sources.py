"""Are cited sources well-formed? URL, DOI and ISBN by form and check digit; looking them up is not done here."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+")
_DOI_PREFIX = re.compile(r"^(?:https?://(?:dx\.|www\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_ISBN_PREFIX = re.compile(r"^ISBN(?:[- ]?1[03](?=[:\s]))?:?\s*", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s\u2010-\u2013-]")
#: A name with at least two labels, the last of which begins with a letter: an address of digits is no public source.
_HOST = re.compile(r"(?:\w(?:[\w-]*\w)?\.)+[^\W\d_][\w-]*\w")


def isbn_problem(text: str) -> str:
    """What is wrong with an ISBN-10 or ISBN-13 (ISO 2108 check digits), or ""."""
    digits = _isbn_digits(text)
    if re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        values = [10 if c == "X" else int(c) for c in digits]
        good = sum(weight * value for weight, value in zip(range(10, 0, -1), values, strict=True)) % 11 == 0
    elif re.fullmatch(r"97[89][0-9]{10}", digits):
        good = sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(digits)) % 10 == 0
    else:
        return f"{text!r} is not an ISBN of 10 or 13 digits"
    return "" if good else f"the check digit of ISBN {text!r} is wrong"


def _isbn_digits(text: str) -> str:
    return _SEPARATORS.sub("", _ISBN_PREFIX.sub("", text.strip())).upper()


def url_problem(text: str) -> str:
    """What is wrong with an http(s) address of a named host, or ""."""
    parts = _split(text)
    well = (
        parts is not None
        and parts.scheme in {"http", "https"}
        and "@" not in parts.netloc
        and _HOST.fullmatch(parts.hostname or "")
        and not re.search(r"\s", text.strip())
    )
    return "" if well else f"{text!r} is not an http(s) address"


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text.strip())
        parts.port  # noqa: B018 (read for the ValueError that a port out of range raises)
    except ValueError:
        return None
    return parts


def doi_problem(text: str) -> str:
    """What is wrong with a DOI (10.<registrant>/<suffix>), or ""."""
    return "" if _DOI.fullmatch(_bare_doi(text)) else f"{text!r} is not a DOI"


def _bare_doi(text: str) -> str:
    return _DOI_PREFIX.sub("", text.strip())


#: Kind of locator → its check.
CHECKS = {"isbn": isbn_problem, "url": url_problem, "doi": doi_problem}


def shown_locator(kind: str, text: str) -> str:
    """A well-formed locator as the plan document has it: an ISBN by its thirteen digits, others as they are."""
    return _canonical_isbn(text).removeprefix("isbn:") if kind == "isbn" else text.strip()


def canonical_locator(kind: str, text: str) -> str:
    """Two well-formed locators of the same thing become equal: both forms of an ISBN, a DOI and its address, http and
    https, ``www.`` and a final slash or fragment. Identifiers are compared without letter case, paths with it.
    """
    if kind == "isbn":
        return _canonical_isbn(text)
    if kind == "doi" or not doi_problem(text):
        return "doi:" + _bare_doi(text).casefold()
    parts = _split(text)
    host = (parts.hostname or "").removeprefix("www.") if parts else text
    rest = f"{parts.path.rstrip('/')}?{parts.query}".rstrip("?") if parts else ""
    return f"url:{host}{rest}"


def _canonical_isbn(text: str) -> str:
    """The thirteen digits: an ISBN-10 is the 978 one with another check digit."""
    digits = _isbn_digits(text)
    if len(digits) != 10:
        return f"isbn:{digits}"
    body = "978" + digits[:9]
    check = -sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(body)) % 10
    return f"isbn:{body}{check}"
