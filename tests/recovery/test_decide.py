"""The decision: the playbook's scenarios, and one action for every state."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.recovery.decide import BatchState, Item, ItemState, decide
from codex.recovery.figures import Figures, saving

ONE = Figures(10, 1000, Decimal(1), 60.0)


def state(*items: Item) -> BatchState:
    return BatchState({item.id: item for item in items})


def item(name: str, batch: int, is_: ItemState, needs: tuple[str, ...] = (), **more: object) -> Item:
    return Item(name, batch, is_, needs, cost=ONE, **more)  # type: ignore[arg-type]


def test_a_batch_in_the_middle_with_the_rest_not_run_is_mended_and_the_work_goes_on() -> None:
    found = decide(
        state(
            item("a", 1, "done"),
            item("b", 2, "done", ("a",)),
            item("c", 3, "failed", ("b",), codes=("X",)),
            item("d", 4, "open", ("c",)),
            item("e", 5, "open", ("d",)),
        )
    )
    assert (found.action, found.redo, found.batches_kept) == ("recover_and_continue", ("c",), (1, 2))
    assert not found.person


def test_the_last_batch_is_mended_alone() -> None:
    found = decide(state(*(item(n, k, "done") for k, n in enumerate("abcd", 1)), item("e", 5, "failed", ("d",))))
    assert (found.action, found.redo) == ("recover_one", ("e",))


def test_independent_failures_are_mended_side_by_side() -> None:
    done = [item("a", 1, "done"), item("b", 2, "done")]
    third = [item("c1", 3, "failed", ("b",)), item("c2", 3, "failed", ("b",)), item("c3", 3, "done", ("b",))]
    found = decide(state(*done, *third))
    assert (found.action, found.redo, found.batches_rerun) == ("recover_one", ("c1", "c2"), (3,))


def test_what_everything_is_made_from_is_not_mended_by_redoing_items() -> None:
    found = decide(state(item("a", 1, "done"), item("b", 2, "failed", ("a",), codes=("schema",))))
    assert (found.action, found.person) == ("full_restart", True)
    assert "schema" in found.reason


def test_one_defect_everywhere_is_systemic() -> None:
    found = decide(
        state(
            *(item(f"a{n}", 1, "done") for n in range(9)),
            item("b", 2, "failed", codes=("PH001",)),
            item("c", 3, "failed", codes=("PH001",)),
            item("d", 3, "failed", codes=("PH001",)),
        )
    )
    assert (found.action, found.person) == ("full_restart", True)


def test_after_two_failed_recoveries_a_person_is_told() -> None:
    done = [item(n, 1, "done") for n in "abc"]
    assert decide(state(*done, item("x", 2, "failed", recoveries=1))).action == "recover_one"
    found = decide(state(*done, item("x", 2, "failed", recoveries=2)))
    assert (found.action, found.person) == ("full_restart", True)


def test_only_the_dependent_half_is_redone() -> None:
    found = decide(
        state(
            item("a", 1, "done"),
            item("b", 2, "failed", ("a",)),
            item("b2", 2, "done", ("a",)),
            item("c1", 3, "done", ("b",)),
            item("c2", 3, "done", ("b2",)),
            item("d", 4, "done", ("b2",)),
            item("e", 4, "done", ("b2",)),
        )
    )
    assert (found.action, found.redo) == ("restart_from", ("b", "c1"))
    assert found.batches_kept == (1, 4)


def test_an_early_batch_that_mostly_failed_is_redone_with_everything() -> None:
    first = [item(f"a{n}", 1, "failed") for n in range(3)] + [item("a3", 1, "done"), item("a4", 1, "done")]
    found = decide(state(*first, *(item(f"b{n}", 2, "done") for n in range(9))))
    assert (found.action, found.person) == ("full_restart", False)


def test_a_recovery_as_dear_as_a_restart_is_none() -> None:
    found = decide(state(item("a", 1, "failed"), *(item(f"b{n}", 2, "done", ("a",)) for n in range(4))))
    assert found.action == "full_restart"
    assert "100%" in found.reason


def test_the_figures_of_the_playbooks_example() -> None:
    batch = Figures(2, 8_000, Decimal(0), 1200.0)
    third = Figures(2, 4_000, Decimal(0), 600.0)
    found = decide(
        state(
            Item("a", 1, "done", cost=batch),
            Item("b", 2, "done", ("a",), cost=Figures(2, 12_000, Decimal(0), 1800.0)),
            Item("c", 3, "failed", ("b",), cost=third),
        )
    )
    assert (found.restart.tokens, found.recovery.tokens) == (24_000, 4_000)
    assert (found.restart.seconds, found.recovery.seconds) == (3600.0, 600.0)
    assert saving(found.recovery.tokens, found.restart.tokens) == pytest.approx(0.83, abs=0.01)


def test_nothing_failed_is_no_state_to_decide_on() -> None:
    with pytest.raises(ValueError, match="nothing has failed"):
        decide(state(item("a", 1, "done")))


@st.composite
def states(draw: st.DrawFn) -> BatchState:
    """Any batches with hard edges to earlier ones; at least one item failed."""
    items: list[Item] = []
    for batch in range(1, draw(st.integers(1, 5)) + 1):
        for number in range(draw(st.integers(1, 4))):
            earlier = [i.id for i in items if i.batch < batch]
            needs = tuple(draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True))) if earlier else ()
            is_ = draw(st.sampled_from(("done", "failed", "open")))
            codes = tuple(draw(st.lists(st.sampled_from(("X", "Y", "cycle")), max_size=2)))
            cost = Figures(1, 10, Decimal(draw(st.integers(0, 5))), 1.0)
            items.append(Item(f"{batch}.{number}", batch, is_, needs, codes, draw(st.integers(0, 3)), cost))
    items.append(Item("last", 6, "failed", tuple(i.id for i in items[:1]), cost=ONE))
    return state(*items)


@given(states())
def test_every_state_has_one_action_that_redoes_what_it_must_and_no_more(found: BatchState) -> None:
    decision = decide(found)
    failed = {i.id for i in found.failed}
    assert failed <= set(decision.redo)
    assert decision.reason
    assert not set(decision.batches_kept) & set(decision.batches_rerun)
    open_ones = {i.id for i in found.items.values() if i.state == "open"}
    assert not open_ones & set(decision.redo), "what has not run is not redone"
    made = {i.id for i in found.dependents if i.state == "done"}
    if decision.action == "recover_one":
        assert not found.dependents
    elif decision.action == "recover_and_continue":
        assert found.dependents and not made
    elif decision.action == "restart_from":
        assert set(decision.redo) == failed | made
