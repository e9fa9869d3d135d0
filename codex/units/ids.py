"""Ids of units, packs and essays, and the domain that an id's first part stands for (unit-rubric §1.4)."""

from __future__ import annotations

import re

UNIT_ID = re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}")
PACK_ID = re.compile(r"[0-9]{2}\.[0-9]{2}\.E[0-9]+")
ESSAY_ID = re.compile(r"[0-9]{2}\.essays\.[0-9]{2}")
#: Any of the three, as it stands in running text.
ANY_ID = re.compile(r"[0-9]{2}\.(?:[0-9]{2}\.(?:[0-9]{2}|E[0-9]+)|essays\.[0-9]{2})")

_DOMAINS: dict[str, str] = {
    "physics": "09 10 11 12 13",
    "chemistry": "14 15 16",
    "biology": "17 18 19",
    "philosophy": "20",
    "language": "22 51",
    "world": "23 32 52",
    "numerical-pde": "24",
    "statistics": "26",
    "earth-science": "27",
    "astronomy": "28",
    "psychology": "29",
    "sociology": "30",
    "anthropology": "31",
    "history-of-science": "33",
    "music-art": "34",
    "health-medicine": "35",
    "media-literacy": "36",
    "other": "47",
    "computing": "50",
}
_DOMAIN_OF_PREFIX = {prefix: domain for domain, prefixes in _DOMAINS.items() for prefix in prefixes.split()}


def is_id(text: str) -> bool:
    """True for a unit id, an exercise-pack id or an essay id, and nothing around it."""
    return ANY_ID.fullmatch(text) is not None


def id_prefix(unit_id: str) -> str:
    """The part before the first dot; "" when there is no dot."""
    head, dot, _ = unit_id.partition(".")
    return head if dot else ""


def domain_of(unit_id: str) -> str:
    """The domain of a unit; prefixes that the rubric does not list are mathematics."""
    return _DOMAIN_OF_PREFIX.get(id_prefix(unit_id), "math")
