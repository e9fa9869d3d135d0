"""manifests/units/<id>.json."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.corpus import unitstatus
from codex.corpus.unitstatus import UnitStatus
from codex.errors import DataError, UserError

STATUSES = st.builds(
    UnitStatus,
    id=st.just("03.09.02"),
    path=st.sampled_from(["", "content/a.md"]),
    status=st.sampled_from(["shipped", "rejected"]),
    validator=st.sampled_from(["27/27", "19/19"]),
    continuity=st.dictionaries(st.sampled_from(["backward_density", "é"]), st.integers(0, 9), max_size=2),
    flags=st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True).map(tuple),
    attestations=st.lists(st.fixed_dictionaries({"by": st.sampled_from("xy")}), max_size=2).map(tuple),
)


@given(STATUSES, STATUSES)
def test_recording_replaces_figures_and_adds_to_lists(first: UnitStatus, second: UnitStatus) -> None:
    text = unitstatus.record("", first)
    assert unitstatus.record(text, first) == text
    again = unitstatus.record(text.replace('{\n  "id"', '{\n  "own": [1],\n  "id"'), second)
    assert json.loads(again)["own"] == [1]
    found = unitstatus.parse(again)
    assert (found.path, found.status, found.continuity) == (second.path, second.status, second.continuity)
    assert set(found.flags) == {*first.flags, *second.flags}
    assert all(each in found.attestations for each in (*first.attestations, *second.attestations))


@given(STATUSES, st.sampled_from(["a", "c"]))
def test_flags_and_attestations_come_once_and_flags_go(status: UnitStatus, flag: str) -> None:
    text = unitstatus.record("", status)
    flagged = unitstatus.add_flag(text, flag)
    assert unitstatus.add_flag(flagged, flag) == flagged
    assert unitstatus.parse(flagged).flags.count(flag) == 1
    cleared = unitstatus.clear_flag(flagged, flag)
    assert flag not in unitstatus.parse(cleared).flags
    assert unitstatus.clear_flag(cleared, flag) == cleared
    attested = unitstatus.add_attestation(text, {"by": "z", "at": "2026-01-01"})
    assert unitstatus.add_attestation(attested, {"by": "z", "at": "2026-01-01"}) == attested
    assert unitstatus.parse(attested).attestations[-1] == {"by": "z", "at": "2026-01-01"}


def test_the_path_names_no_other_file() -> None:
    assert unitstatus.path_of("03.09.E1") == "manifests/units/03.09.E1.json"
    for wrong in ("../campaign", "03.09.02/..", "", "03.09.02\n"):
        with pytest.raises(UserError, match="no unit id"):
            unitstatus.path_of(wrong)
        with pytest.raises(UserError, match="no unit id"):
            unitstatus.record("", UnitStatus(wrong))


def test_values_of_another_type_are_not_read() -> None:
    text = '{"id": "03.09.02", "path": null, "continuity": {"a": "x", "b": 1.5}, "flags": "no", "attestations": [1]}'
    assert unitstatus.parse(text) == UnitStatus("03.09.02", continuity={"b": 1.5})
    with pytest.raises(DataError):
        unitstatus.parse("[]")
