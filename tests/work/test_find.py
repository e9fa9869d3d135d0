"""Finding the book that a person means."""

from __future__ import annotations

import pytest

from codex.campaign.ledger import Ledger
from codex.errors import UserError
from codex.work.find import find_book, has_arrived
from codex.workspace import Workspace
from tests.flows.helpers import SLUG, SUBJECT, start_production


@pytest.fixture
def ledger(seed: Workspace) -> Ledger:
    return Ledger.load(seed.snapshot())


@pytest.mark.parametrize("wanted", [SLUG, SUBJECT, "3.35", " 3.35 "])
def test_slug_and_entry_number_are_the_same_book(ledger: Ledger, wanted: str) -> None:
    assert find_book(ledger, wanted) == SUBJECT


@pytest.mark.parametrize("wanted", ["lawson", "spin geometry", "lawson-michelson-spin-geometry", "3.36"])
def test_a_near_miss_is_answered_with_the_book(ledger: Ledger, wanted: str) -> None:
    with pytest.raises(UserError, match=f"There is no book '{wanted}'") as caught:
        find_book(ledger, wanted)
    assert SLUG in caught.value.remedy


@pytest.mark.parametrize("wanted", ["", "xyzzy", "../../etc", "book:"])
def test_anything_else_is_answered_with_where_to_look(ledger: Ledger, wanted: str) -> None:
    with pytest.raises(UserError) as caught:
        find_book(ledger, wanted)
    assert caught.value.remedy.startswith(("Did you mean", "See `codexctl ledger show`"))


def test_a_book_has_arrived_at_what_is_behind_it(workspace: Workspace, ledger: Ledger) -> None:
    assert not has_arrived(ledger, SUBJECT)
    assert not has_arrived(ledger, SUBJECT, "audited")
    start_production(workspace, {"03.09.02": "Clifford algebra"})
    later = Ledger.load(workspace.snapshot())
    assert has_arrived(later, SUBJECT, "audited")
    assert has_arrived(later, SUBJECT, "in-production")
    assert not has_arrived(later, SUBJECT, "production-complete")
