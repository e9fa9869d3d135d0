"""Figures of earlier runs. A unit's own figures are keyed by its blob and the code that measured.

The anchor phrases in it depend on the registry as well, but only on the phrases: a row says for which set of phrases
the unit was searched, and which of them it has. After a change of the registry a unit is searched for the new phrases
alone, and nothing is counted again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from codex.cache.engine import code_digest
from codex.cache.store import Store
from codex.continuity.anchors import AnchorPhrases, AnchorUse
from codex.continuity.measure import Figures
from codex.continuity.text import read_text
from codex.continuity.throughline import Beat, FlowThroughline, measure_flow
from codex.continuity.worker import Measured, measure_all
from codex.corpus import connections
from codex.snapshot import Snapshot, blob_id, decoded

_FIGURES, _PHRASES, _FLOWS, _REGISTRY = "figures", "phrases", "flows", "registry"


def phrases_in(registry: bytes) -> list[str]:
    """The anchor phrases of a registry, in its order. Raises DataError when it is not JSON."""
    parsed = connections.parse(decoded(connections.PATH, registry))
    return [each.anchor_phrase for each in parsed.connections]


def known_anchors(snapshot: Snapshot, store: Store) -> AnchorPhrases:
    """The anchor phrases of the snapshot's registry, which is read only if no earlier run has read it."""
    if not snapshot.exists(connections.PATH):
        return AnchorPhrases()
    blob = snapshot.blobs()[connections.PATH]
    rows = store.load(_REGISTRY, [_key(blob)])
    if _key(blob) in rows:
        return AnchorPhrases(rows[_key(blob)])
    data = snapshot.read(connections.PATH)
    phrases = phrases_in(data)
    store.keep(_REGISTRY, _key(blob_id(data)), phrases)
    return AnchorPhrases(phrases)


def measure_known(snapshot: Snapshot, paths: Iterable[str], anchors: AnchorPhrases, store: Store) -> list[Measured]:
    """What is known or found out of the units at ``paths``, in their order; what is new goes to the store."""
    blobs = {path: snapshot.blobs()[path] for path in paths}
    rows = store.load(_FIGURES, map(_key, blobs.values()))
    searched = _Searched(snapshot, anchors, store, {row[1] for row in rows.values()})
    found: dict[str, Measured] = {}
    for path, blob in blobs.items():
        row = rows.get(_key(blob))
        known = searched.recall(path, blob, *row) if row else None
        if known:
            found[path] = known
    new = {path: snapshot.read(path) for path in blobs if path not in found}
    for (path, data), measured in zip(new.items(), measure_all(list(new.values()), anchors), strict=True):
        found[path] = measured
        searched.keep(blob_id(data), measured)
    return [found[path] for path in blobs]


class _Searched:
    """Which phrases units were searched for in earlier runs: sets of phrases, by digest."""

    def __init__(self, snapshot: Snapshot, anchors: AnchorPhrases, store: Store, digests: set[str]) -> None:
        self._snapshot, self._anchors, self._store = snapshot, anchors, store
        today = frozenset(anchors.phrases)
        self._today = _digest(today)
        sets = store.load(_PHRASES, digests | {self._today})
        if self._today not in sets:
            store.keep(_PHRASES, self._today, sorted(today))
        #: Digest of an earlier set → the phrases of today that are not in it.
        self._missing = {each: AnchorPhrases(sorted(today - set(sets.get(each, ())))) for each in digests}

    def recall(self, path: str, blob: str, figures: list[Any], digest: str, uses: Mapping[str, int]) -> Measured | None:
        """The measured values that a row stands for; None when the file has changed since it was listed."""
        if digest == self._today:
            return Figures(*figures), self._use(uses)
        missing = self._missing[digest]
        if len(missing):
            data = self._snapshot.read(path)
            if blob_id(data) != blob:
                return None
            new = missing.search(read_text(data).body)
            uses = {**uses, **{phrase: int(phrase in new.altered) for phrase in new.found}}
        measured = Figures(*figures), self._use(uses)
        self.keep(blob, measured)
        return measured

    def _use(self, uses: Mapping[str, int]) -> AnchorUse:
        """The phrases of today among those that a unit uses (phrase → 1 where its letter case differs)."""
        found = tuple(phrase for phrase in self._anchors.phrases if phrase in uses) if uses else ()
        return AnchorUse(found, tuple(phrase for phrase in found if uses[phrase]))

    def keep(self, blob: str, measured: Measured) -> None:
        figures, use = measured
        uses = {phrase: int(phrase in use.altered) for phrase in use.found}
        self._store.keep(_FIGURES, _key(blob), [figures, self._today, uses])


def measure_known_flows(snapshot: Snapshot, paths: Iterable[str], store: Store) -> list[FlowThroughline]:
    """The throughlines of the flows at ``paths``, in their order; those of earlier runs from the store."""
    blobs = {path: snapshot.blobs()[path] for path in paths}
    keys = {path: f"{_key(blob)}:{path}" for path, blob in blobs.items()}
    rows = store.load(_FLOWS, keys.values())
    found = []
    for path, key in keys.items():
        if key in rows:
            found.append(_flow(path, *rows[key]))
            continue
        data = snapshot.read(path)
        flow = measure_flow(data, path)
        beats = [[beat.after_step, beat.claim, beat.hit] for beat in flow.beats]
        store.keep(_FLOWS, f"{_key(blob_id(data))}:{path}", [flow.flow_id, beats, flow.problem])
        found.append(flow)
    return found


def _flow(path: str, flow_id: str, beats: list[list[Any]], problem: str) -> FlowThroughline:
    return FlowThroughline(path, flow_id, tuple(Beat(*beat) for beat in beats), problem)


def _key(blob: str) -> str:
    return f"{code_digest('continuity', 'corpus', 'units')}:{blob}"


def _digest(phrases: Iterable[str]) -> str:
    return hashlib.blake2b("\0".join(sorted(phrases)).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
