"""Which units a change can affect: those that asked something whose answer is another one now.

A verdict is a function of a unit's bytes and of the answers that its rules got (recording.py). So after a change only
the changed units and those whose answers changed are judged again, and the result is that of judging the whole corpus.
Who asked what is found out once for a state, and brought along with each change. It may come from the cache, because
it only tells where to look: no verdict is taken from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, takewhile
from pathlib import PurePosixPath
from typing import Any

from codex.cache.place import store_of
from codex.check.corpus import CATALOG, CONTENT, NOTATION, SITE, SnapshotAnswers
from codex.check.depsfile import DEPS
from codex.check.judging import Judged
from codex.check.policy import Policy
from codex.check.runner import judge_corpus, judge_paths
from codex.corpus import catalog
from codex.corpus.catalog import Catalog
from codex.snapshot import Layered, OverlaySnapshot, Snapshot

_OF_IDS = ("is_shipped", "is_known", "is_shipped_anywhere", "files_with_id")
#: In the order of ``SnapshotAnswers.listed_ids``.
_OF_THE_GRAPH = ("is_pending", "is_edge_end")

#: A question and its argument ("" for one without).
Question = tuple[str, Any]
#: What units ask, by path.
_Asked = Mapping[str, tuple[Question, ...]]
_NOBODY: Layered[Any, tuple[str, ...]] = Layered()


@dataclass(frozen=True, eq=False)
class Questions:
    """Who asked what. ``askers``: question → argument → paths; ``always``: units whose questions cannot be repeated.

    ``longest``: no text that the catalog was asked for has more characters; ``broken``: those of several lines. Never
    changed once it is made.
    """

    asked: Layered[str, tuple[Question, ...]] = field(default_factory=Layered)
    askers: Mapping[str, Layered[Any, tuple[str, ...]]] = field(default_factory=dict)
    always: frozenset[str] = frozenset()
    longest: int = 0
    broken: frozenset[str] = frozenset()

    def with_units(self, judged: Iterable[Judged], gone: Collection[str] = ()) -> Questions:
        """With what these units asked in place of what they asked before, and without those that are gone."""
        new = {each.path: each for each in judged}
        asked = {path: _questions(each) for path, each in new.items()}
        before = {path: self.asked[path] for path in {*new, *gone} if path in self.asked}
        askers = self._with_askers(asked, before)
        open_ended = {each.path for each in new.values() if not all(j.repeatable for j in each.judgements.values())}
        texts = [argument for path in new for name, argument in asked[path] if name == "catalog_contains"]
        return Questions(
            self.asked.changed(asked, gone),
            askers,
            self.always - {*new, *gone} | open_ended,
            max(self.longest, max(map(len, texts), default=0)),
            self.broken.union(text for text in texts if "\n" in text),
        )

    def _with_askers(self, new: _Asked, old: _Asked) -> dict[str, Layered[Any, tuple[str, ...]]]:
        """Who asks, when these units ask what is new instead of what is old."""
        found: dict[str, dict[Any, list[str]]] = {}
        for name, argument in dict.fromkeys(chain.from_iterable((*old.values(), *new.values()))):
            before = self.askers.get(name, _NOBODY).get(argument, ())
            found.setdefault(name, {})[argument] = [path for path in before if path not in old]
        for path, questions in new.items():
            for name, argument in questions:
                found[name][argument].append(path)
        changed = {
            name: self.askers.get(name, _NOBODY).changed({a: tuple(paths) for a, paths in by.items() if paths}, by)
            for name, by in found.items()
        }
        return {**self.askers, **changed}


def _questions(judged: Judged) -> tuple[Question, ...]:
    asked = (one for judgement in judged.judgements.values() if judgement.repeatable for one in judgement.asked)
    return tuple(dict.fromkeys((name, given[0] if given else "") for name, given, _ in asked))


def questions_of(snapshot: Snapshot, policy: Policy) -> Questions:
    """Who asked what in a state of the corpus, under these rules."""

    def make(state: Snapshot) -> Questions:
        return Questions().with_units(judge_corpus(state, policy, store_of(state)).values())

    def follow(before: Questions, state: OverlaySnapshot) -> Questions:
        units = [path for path in state.changes if path.startswith(f"{CONTENT}/") and path.endswith(".md")]
        again = {*filter(state.exists, units), *_affected(before, state.base, state, state.changes)}
        judged = judge_paths(SnapshotAnswers(state), sorted(again), policy.rules_for, recording=True)
        return before.with_units((each for each, _ in judged), [path for path in units if not state.exists(path)])

    return snapshot.derived(f"questions {policy.key}", make, follow)


def affected_units(before: Snapshot, after: Snapshot, changed: Collection[str], policy: Policy) -> set[str]:
    """The units that got other answers in the state after, the changed ones left out. ``changed``: what differs."""
    return _affected(questions_of(before, policy), before, after, changed)


def _affected(questions: Questions, before: Snapshot, after: Snapshot, changed: Collection[str]) -> set[str]:
    old, new = SnapshotAnswers(before), SnapshotAnswers(after)
    found = set(questions.always)
    for name, argument in _candidates(questions, old, new, changed):
        askers = questions.askers.get(name, {}).get(argument, ())
        given = (argument,) if argument != "" or name != "reference_digest" else ()
        if askers and getattr(old, name)(*given) != getattr(new, name)(*given):
            found.update(askers)
    return {path for path in found if path not in changed}


def _candidates(
    questions: Questions, old: SnapshotAnswers, new: SnapshotAnswers, changed: Collection[str]
) -> Iterator[Question]:
    """Questions whose answer may be another one; all others have the answer they had."""
    askers = questions.askers
    for path in changed:
        if path.startswith((f"{CONTENT}/", f"{SITE}/")):
            ids = {identity.id for answers in (old, new) if (identity := answers.identity_at(path))}
            yield from ((name, unit_id) for name in _OF_IDS for unit_id in ids)
    if DEPS in changed:
        for name, was, now in zip(_OF_THE_GRAPH, old.listed_ids(), new.listed_ids(), strict=True):
            yield from ((name, unit_id) for unit_id in was ^ now)
    if CATALOG in changed:
        near = _near_change(questions, catalog.parse(old.catalog_text), catalog.parse(new.catalog_text))
        yield from (("catalog_contains", text) for text in near)
    if NOTATION in changed:
        yield from (("notation_contains", macro) for macro in askers.get("notation_contains", ()))
    if any(path.startswith("reference/") for path in changed):
        yield "reference_digest", ""
    yield from _candidate_paths(questions, old, new, changed)


def _candidate_paths(
    questions: Questions, old: SnapshotAnswers, new: SnapshotAnswers, changed: Collection[str]
) -> Iterator[Question]:
    moved = {path for path in changed if old.snapshot.exists(path) != new.snapshot.exists(path)}
    touched = {str(place) for path in moved for place in (PurePosixPath(path), *PurePosixPath(path).parents)}
    for name, places in (("path_exists", touched), ("file_is_empty", {*changed})):
        for argument in questions.askers.get(name, ()) if places else ():
            if ".." in argument or str(PurePosixPath(argument)) in places:
                yield name, argument


@lru_cache(maxsize=2)
def _near_change(questions: Questions, old: Catalog, new: Catalog) -> list[str]:
    """Asked texts that one of two versions has at the place where they differ, and the other has not.

    Several places make that a long one, so that only lines count which one version alone has.
    """
    texts, longest = questions.askers.get("catalog_contains", _NOBODY), questions.longest
    start, same = _shared_ends(old, new)
    windows = [text[max(start - longest, 0) : len(text) - same + longest] for text in (old.text, new.text)]
    lines = [{*window.split("\n")} for window in windows]
    differing = "\n".join(lines[0] ^ lines[1])
    near = {*filter(differing.__contains__, texts.superset()), *questions.broken}
    return [text for text in near if (text in windows[0]) != (text in windows[1])]


def _shared_ends(old: Catalog, new: Catalog) -> tuple[int, int]:
    """How long a beginning and, after it, how long an end two catalogs share.

    Whole parts first: those that an edit left alone are the same objects, and nothing of them is compared.
    """
    one, other = ([part.text for part in each.parts] for each in (old, new))
    first = _alike(one, other)
    last = _alike(reversed(one[first:]), reversed(other[first:]))
    start, end = (sum(map(len, parts)) for parts in (one[:first], one[len(one) - last :]))
    between = old.text[start : len(old.text) - end], new.text[start : len(new.text) - end]
    more = _common(*between, lambda text, begin, end: text[begin:end])
    rest = between[0][more:], between[1][more:]
    return start + more, end + _common(*rest, lambda text, begin, end: text[len(text) - end : len(text) - begin])


def _alike(one: Iterable[str], other: Iterable[str]) -> int:
    """How many of the first are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _common(one: str, other: str, part: Callable[[str, int, int], str]) -> int:
    """How long a beginning (by ``part``, an end) two texts share: halving, as slices are compared at full speed."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if part(one, low, middle) == part(other, low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def changed_paths(before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]) -> Sequence[str]:
    """The paths in which two sets of changes to one state differ."""
    nothing = object()
    return [p for p in {**before, **after} if before.get(p, nothing) != after.get(p, nothing)]
