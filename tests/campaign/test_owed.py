from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.events import Kind
from codex.campaign.owed import KEY, Deliverable, ever_owed, owed, owed_ids, owing

from .helpers import BOOK, book_at, draft

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
)


@given(_JSON)
def test_whatever_a_ledger_lists_is_read_and_never_raises(listed: object) -> None:
    assert all(each.id for each in owed({KEY: listed}))
    assert all(each.id for each in owed({KEY: [listed, {"id": "03.01.01", "rows": listed, "title": listed}]}))


def test_an_entry_of_another_age_may_be_a_bare_id() -> None:
    entry = {KEY: ["03.01.01", "unit:03.01.02", {"id": "03.01.03", "action": "deepen"}, {"title": "no id"}, 7]}
    assert owed_ids(entry) == ["03.01.01", "03.01.02", "03.01.03"]
    assert owed({}) == owed({KEY: None}) == ()


def test_keys_that_nobody_knows_are_kept_and_do_not_make_another_thing() -> None:
    data = {"id": "03.01.01", "action": "new", "title": "T", "rows": ["T1"], "estimate": {"tokens": 7}}
    found = Deliverable.of(data)
    assert data.items() <= found.as_data().items()
    assert found == Deliverable("03.01.01", "new", "T", rows=("T1",))


def test_what_was_ever_owed_is_as_it_was_asked_for_last() -> None:
    book = book_at("in-production")
    first, later = Deliverable("03.01.01", "new", "First"), Deliverable("03.01.01", "deepen", "Later")
    other = Deliverable("03.01.02", "new", "Other")
    for listed in ((first, other), (later,)):
        book.add(draft(Kind.DELIVERABLES, data=owing(listed, deferred=(other,))))
    assert ever_owed(book.ledger, BOOK) == {"03.01.01": later, "03.01.02": other}
    assert owed(book.ledger.entry(BOOK)) == (later,)
    assert [each["id"] for each in book.ledger.entry(BOOK)["deferred"]] == ["03.01.02", "03.01.02"]
