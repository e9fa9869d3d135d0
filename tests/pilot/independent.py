"""A second validator, small and written from the rubric's Part 1 alone: it shares nothing with ``codex.check``.

For units whose front matter is well-formed; anything else raises. What it says of a unit is compared with what the
project's own validator says, and with the published verdicts, in test_independent.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, and faster where it is to be had
TIERS = ("beginner", "intermediate", "master")
FIELDS = {
    "id", "title", "slug", "section", "chapter", "concept_catalog_id", "prerequisites", "tier_anchors", "tiers_present",
    "references", "lean_status", "estimated_time", "status",
}  # fmt: skip
DOMAINS = {
    "09 10 11 12 13": "physics", "14 15 16": "chemistry", "17 18 19": "biology", "20": "philosophy",
    "22 51": "language", "23 32 52": "world", "29": "psychology", "30": "sociology",
}  # fmt: skip
#: Domain → what a heading may contain, as a pattern; a domain without a row uses that of mathematics.
_WORLD = "key concepts|key model|case study|comparative framework|institutional analysis|academic perspectives"
EVIDENCE = {
    "math": "key theorem|key result|key derivation",
    "physics": "key theorem|key derivation|core model|key result",
    "chemistry": "key theorem|key mechanism|key result|key derivation|core model|advanced treatment",
    "biology": "key mechanism|key experiment|evidence pattern|core model|key theorem|key result",
    "philosophy": "key argument|argument reconstruction|case analysis|key theorem|key concepts",
    "psychology": "key mechanism|key experiment|key model|key result|core model|evidence pattern",
    "sociology": _WORLD + "|social theory|key argument|competing perspectives",
    "language": "key concepts|diagnostics|close reading|rhetorical analysis|linguistic theory|critical theory",
    "world": _WORLD + "|political theory|geographic theory|economic theory",
}
ASIDE, FENCE = re.compile(r"<aside.*?</aside>", re.IGNORECASE | re.DOTALL), re.compile(r"```.*?```", re.DOTALL)
FORBIDDEN = (
    r"\bobviously\b|\bclearly\b|\bit is easy to see\b|\bas we will see\b|\btrivial\b|\btrivially\b"
    r"|now,?\s+let'?s\s+consider"
)
BLOCK_TAGS = "aside|details|summary|div|figure|figcaption|ol|ul|li|p|table|tr|td|th"


class Heading(NamedTuple):
    title: str
    tiers: frozenset[str]
    text: str


def read(path: Path) -> tuple[dict[str, Any], str]:
    """Front matter and body; raises ValueError, TypeError or YAMLError when it is not well-formed."""
    text = path.read_text("utf-8")
    found = re.match(r"---\s*\n(.*?)\n---\s*\n(.*)", text, re.DOTALL)
    if found is None:
        raise ValueError(f"{path}: no front matter")
    return dict(yaml.load(found[1], LOADER)), found[2]


def headings(body: str, level: str = "{2,4}") -> list[Heading]:
    """Every heading with its tiers and the text down to the next one."""
    found = list(re.finditer(rf"^#{level}\s+(.+?)(?:\s*\[(\w+\+?)\])?\s*$", body, re.MULTILINE))
    ends = [each.start() for each in found[1:]] + [len(body)]
    return [
        Heading(each[1], _tiers(each[2] or ""), body[each.end() : end]) for each, end in zip(found, ends, strict=True)
    ]


def _tiers(marker: str) -> frozenset[str]:
    word = marker.lower().rstrip("+")
    if word not in TIERS:
        return frozenset()
    return frozenset(TIERS[TIERS.index(word) :] if marker.endswith("+") else [word])


class Corpus:
    """What a unit's checks ask of everything around it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.content = self._statuses("content")
        self.everywhere = {unit: set(found) for unit, found in self.content.items()}
        for unit, found in self._statuses("site/src/content").items():
            self.everywhere.setdefault(unit, set()).update(found)
        self.catalog = self._text("docs/catalogs/CONCEPT_CATALOG.md")
        graph = json.loads(self._text("manifests/deps.json") or "{}")
        self.pending = set(graph.get("pending", []))
        for edge in graph.get("edges", []):
            if edge.get("state") == "pending":
                self.pending |= {edge["from"], edge["to"]}

    def _text(self, name: str) -> str:
        return (self.root / name).read_text("utf-8") if (self.root / name).exists() else ""

    def _statuses(self, folder: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for path in (self.root / folder).rglob("*.md"):
            try:
                front, _ = read(path)
            except (ValueError, TypeError, yaml.YAMLError):
                continue
            found.setdefault(str(front.get("id", "")).strip(), set()).add(str(front.get("status")).strip())
        return found


def check(path: Path, corpus: Corpus) -> list[tuple[str, bool]]:
    """Every check of Part 1 that applies to the unit, in its order: code and whether it passes."""
    front, body = read(path)
    found = headings(body)
    present = set(front.get("tiers_present", ()))
    results = list(_universal(path.name, front, body, found, corpus))
    results += _beginner(body, found) if "beginner" in present else []
    results += _intermediate(front, body, found) if "intermediate" in present else []
    return results + (list(_master(front, found)) if "master" in present else [])


def _universal(name: str, front: Any, body: str, found: list[Heading], corpus: Corpus) -> Iterator[tuple[str, bool]]:
    listed = front.get("tiers_present", [])
    used = frozenset[str]().union(*(each.tiers for each in found))
    concept = front.get("concept_catalog_id")
    yield "FM001", set(front) >= FIELDS
    yield "ID001", name.startswith(f"{front.get('id', '')}-") and name.endswith(".md")
    yield "TR001", isinstance(listed, list) and bool(listed) and set(listed) <= set(TIERS)
    yield "CC001", bool(concept) and concept in corpus.catalog
    yield "TR002", set(listed) <= used
    yield "TR003", used <= set(listed)
    yield "PR001", all(_resolves(each, front, corpus) for each in front.get("prerequisites") or ())
    yield from _references(front.get("references"), corpus.root)
    yield from _lean(front, corpus.root)
    declared = {each.get("source") for each in front.get("references") or () if isinstance(each, dict)} | {"TODO_REF"}
    yield "CT001", set(re.findall(r"\[ref:\s+([\w-]+)", body)) <= declared
    hooks = front.get("hooks_out")
    yield ("HK002" if hooks else "HK001"), not hooks or all(_hook(each, corpus) for each in hooks)
    yield "PH001", re.search(FORBIDDEN, FENCE.sub("", body).lower()) is None
    counted = [piece for piece in _pieces(body) if not piece.startswith(("#", "---")) and "```" not in piece]
    yield "PG001", all(len(piece.split()) <= 250 for piece in counted)


def _resolves(wanted: Any, front: dict[str, Any], corpus: Corpus) -> bool:
    flagged = bool(front.get("pending_prereqs"))
    return (
        "shipped" in corpus.content.get(str(wanted), ())
        or ((flagged or front.get("status") == "draft") and str(wanted) in corpus.everywhere)
        or (flagged and wanted in corpus.pending)
    )


def _references(references: Any, root: Path) -> Iterator[tuple[str, bool]]:
    yield "RF001", bool(references)
    if references:
        maps = [each for each in references if isinstance(each, dict)]
        yield "RF002", len(maps) == len(references) and all(_stands(each, root) for each in maps)
        yield "RF003", any(not each.get("pending") for each in maps)


def _stands(reference: dict[str, Any], root: Path) -> bool:
    if reference.get("pending"):
        return bool(reference.get("pointer"))
    source, path = reference.get("source", ""), reference.get("path", "")
    places = (f"{source}/{path}", path, path.replace("md/", "")) if path else ()
    return source == "TODO_REF" or any((root / "reference" / place).exists() for place in places)


def _lean(front: dict[str, Any], root: Path) -> Iterator[tuple[str, bool]]:
    status, module = front.get("lean_status"), front.get("lean_module")
    if status in ("full", "partial"):
        yield {"full": "LN001", "partial": "LN002"}[status], bool(module)
        if module:
            yield "LN003", (root / "lean" / (module.replace(".", "/") + ".lean")).exists()
    elif status == "none":
        unit = str(front.get("id", ""))
        long = unit.startswith(("20.01.", *(f"{n:02}." for n in (*range(20), *range(37, 48)))))
        gap = front.get("lean_mathlib_gap")
        yield "LN004", not module
        yield "LN005", bool(gap) and len(str(gap).split()) >= (30 if long else 5)
    else:
        yield "LN006", False


def _hook(hook: Any, corpus: Corpus) -> bool:
    if not isinstance(hook, dict):
        return False
    target, kind = str(hook.get("target")), hook.get("kind")
    essay = re.fullmatch(r"[0-9]{2}\.essays\.[0-9]{2}", target) is not None
    known = corpus.everywhere.get(target, ())
    well = essay or re.fullmatch(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}", target) is not None
    confirmed = bool(hook.get("confirmed_by")) and ("shipped" in known or (essay and bool(known)))
    stands = kind == "proposed" or (kind == "confirmed" and confirmed)
    return well and stands and len(str(hook.get("why", "")).strip()) >= 30


def _beginner(body: str, found: list[Heading]) -> list[tuple[str, bool]]:
    text = "\n".join(each.text for each in found if "beginner" in each.tiers)
    if not text.strip():
        return []
    open_text = ASIDE.sub("", text)
    prose = [piece for piece in _pieces(text) if _is_prose(piece)]
    proof = r"Proof\.|QED|∎|It follows that|Hence,|Hence "
    signs = r"\\(?:nabla|otimes|sum|int|prod|partial|forall|exists)"
    shown = r"```|^[^\S\n]*\|.+\|[^\S\n]*$"
    visual = [each for each in headings(body, "{2}") if "visual" in each.title.lower() and "beginner" in each.tiers]
    return [
        ("BG001", all(len(piece.split()) <= 120 for piece in prose)),
        ("BG002", re.search(proof, FENCE.sub("", open_text)) is None),
        ("BG003", re.search(signs, open_text) is None),
        (
            "BG004",
            re.search(r"!\[[^\]]*\]\([^)]+\)", text) is not None
            or any(re.search(shown, v.text, re.MULTILINE) for v in visual),
        ),
    ]


def _pieces(text: str) -> list[str]:
    return [piece.strip() for piece in re.split(r"\n{2,}", text)]


def _is_prose(piece: str) -> bool:
    formula = piece.startswith("$") and piece.endswith("$") and "\n" not in piece
    marked = piece.startswith(("#", ":::", "```", "$$", "![", ">", "|"))
    return bool(piece) and not (marked or formula or re.match(rf"</?(?:{BLOCK_TAGS})\b", piece, re.IGNORECASE))


def _domain(front: dict[str, Any]) -> str:
    prefix = str(front.get("id", "")).partition(".")[0]
    return next((name for listed, name in DOMAINS.items() if prefix in listed.split()), "math")


def _intermediate(front: dict[str, Any], body: str, found: list[Heading]) -> Iterator[tuple[str, bool]]:
    titles = [each.title.lower() for each in found]
    marks = ['<aside class="exercise"', *(["<aside data-exercise"] if front.get("status") == "draft" else [])]
    yield "IM001", any("formal definition" in title for title in titles)
    yield "IM002", any(re.search(EVIDENCE[_domain(front)], title) for title in titles)
    yield "IM003", any("exercise" in title for title in titles) or any(mark in body for mark in marks)
    if front.get("lean_status") in ("full", "partial"):
        yield "IM004", any("lean" in title for title in titles)


def _master(front: dict[str, Any], found: list[Heading]) -> Iterator[tuple[str, bool]]:
    titles = [each.title.lower() for each in found if "master" in each.tiers]
    anywhere = (
        [each.title.lower() for each in found] if _domain(front) in ("language", "world", "philosophy") else titles
    )
    meta = ("connection", "historical", "philosophical", "bibliograph", "lean")
    yield "MS001", any("connection" in title for title in anywhere)
    yield "MS002", any("historical" in title or "philosophical" in title for title in titles)
    yield "MS003", any("bibliograph" in title for title in titles)
    yield "MS004", any(not any(word in title for word in meta) for title in titles)
