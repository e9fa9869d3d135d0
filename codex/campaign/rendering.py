"""campaign.json again after a few events: entries that did not change are not written out anew.

Gives the very bytes that ``projection.render`` gives, which says what the file is. A document with the records of ten
thousand units takes a third of a second to write out, and each integration changes one entry of it.
"""

from __future__ import annotations

import json
from typing import Any

from codex.campaign.projection import Document
from codex.tracks.registry import shelves

#: Shelf and name of an entry → the entry and its text. Entries in it are never changed.
Texts = dict[tuple[str, str], tuple[Any, str]]


def render_known(document: Document, known: Texts) -> tuple[bytes, Texts]:
    """The bytes of campaign.json and the texts of its entries; ``known`` are those of an earlier document."""
    texts: Texts = {}
    shelved = set(shelves().values())
    members = [
        f"  {_dump(key)}: {_shelf(key, value, known, texts) if key in shelved and value else _indented(value, 2)}"
        for key, value in document.items()
    ]
    whole = "{\n" + ",\n".join(members) + "\n}\n"
    return whole.encode("utf-8", "surrogatepass"), texts


def _shelf(shelf: str, entries: dict[str, Any], known: Texts, texts: Texts) -> str:
    for name, entry in entries.items():
        before = known.get((shelf, name))
        texts[shelf, name] = before if before and before[0] is entry else (entry, _indented(entry, 4))
    members = [f"    {_dump(name)}: {texts[shelf, name][1]}" for name in entries]
    return "{\n" + ",\n".join(members) + "\n  }"


def _indented(value: Any, by: int) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n" + " " * by)


def _dump(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
