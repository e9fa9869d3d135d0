"""Are cited sources well-formed? URL, DOI and ISBN by form and check digit; looking them up is not done here."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_DOI = re.compile(r"10\.\d{4,9}/\S+")


def isbn_problem(text: str) -> str:
    """What is wrong with an ISBN-10 or ISBN-13 (ISO 2108 check digits), or ""."""
    digits = re.sub(r"[\s-]", "", text).upper()
    if re.fullmatch(r"\d{9}[\dX]", digits):
        values = [10 if c == "X" else int(c) for c in digits]
        good = sum(weight * value for weight, value in zip(range(10, 0, -1), values, strict=True)) % 11 == 0
    elif re.fullmatch(r"97[89]\d{10}", digits):
        good = sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(digits)) % 10 == 0
    else:
        return f"{text!r} is not an ISBN of 10 or 13 digits"
    return "" if good else f"the check digit of ISBN {text!r} is wrong"


def url_problem(text: str) -> str:
    """What is wrong with an http(s) address, or ""."""
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname or ""
    except ValueError:
        return f"{text!r} is not an address"
    if parts.scheme not in {"http", "https"} or "." not in host or re.search(r"\s", text.strip()):
        return f"{text!r} is not an http(s) address"
    return ""


def doi_problem(text: str) -> str:
    """What is wrong with a DOI (10.<registrant>/<suffix>), or ""."""
    bare = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", text.strip(), flags=re.IGNORECASE)
    return "" if _DOI.fullmatch(bare) else f"{text!r} is not a DOI"


#: Kind of locator → its check.
CHECKS = {"isbn": isbn_problem, "url": url_problem, "doi": doi_problem}


def canonical_locator(kind: str, text: str) -> str:
    """Two locators of the same thing in the same kind become equal."""
    if kind == "isbn":
        digits = re.sub(r"[\s-]", "", text).upper()
        return "isbn:" + (digits[3:12] if len(digits) == 13 else digits[:9])
    return kind + ":" + text.strip().rstrip("/").casefold()
