"""Shelves are shortened to fit, the most useful first, and what was cut is said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codex.prompts.fitting import Shelf, fit, size

ITEMS = st.lists(st.text(min_size=1, max_size=40), max_size=8).map(tuple)
SHELVES = st.dictionaries(
    st.sampled_from("abcdef"), st.builds(Shelf, st.just("things"), ITEMS, st.integers(1, 4), st.just("ask")), max_size=4
)


def cost(items: list[str]) -> int:
    return sum(size(item) + 6 for item in items)


@given(SHELVES, st.integers(0, 400))
def test_what_stays_is_a_beginning_of_each_shelf_and_keeps_the_room(shelves: dict[str, Shelf], room: int) -> None:
    fitted = fit(shelves, room)
    assert fitted.used == sum(cost(fitted.variables[key]) for key in shelves) <= room
    for key, shelf in shelves.items():
        assert fitted.variables[key] == list(shelf.items[: len(fitted.variables[key])])
    shortened = sum(len(fitted.variables[key]) < len(shelf.items) for key, shelf in shelves.items())
    assert len(fitted.cuts) == shortened


@given(SHELVES)
def test_with_room_nothing_is_cut(shelves: dict[str, Shelf]) -> None:
    fitted = fit({**shelves, "title": "as it is"}, 10_000)
    assert fitted.cuts == ()
    assert fitted.variables["title"] == "as it is"
    assert all(fitted.variables[key] == list(shelf.items) for key, shelf in shelves.items())


def test_a_lower_rank_is_filled_first_and_least_stays_anyway() -> None:
    shelves = {
        "later": Shelf("peers", ("p" * 10, "q" * 10), 2, "read_unit shows them", least=1),
        "first": Shelf("targets", ("a" * 10, "b" * 10), 1),
    }
    fitted = fit(shelves, 40)  # one of `later` in any case; one more has room
    assert fitted.variables["first"] == ["a" * 10]
    assert fitted.variables["later"] == ["p" * 10]
    assert fitted.cuts == ("peers: 1 of 2; read_unit shows them", "targets: 1 of 2")
    assert fitted.shortenable
    none = fit(shelves, 0)
    assert none.variables["later"] == ["p" * 10]
    assert not none.shortenable
    assert none.cuts[1] == "targets: none of 2"


def test_more_than_most_is_not_shown_whatever_room_there_is() -> None:
    fitted = fit({"units": Shelf("units", ("a", "b", "c"), 1, "search finds them", most=2)}, 10_000)
    assert fitted.variables["units"] == ["a", "b"]
    assert fitted.cuts == ("units: 2 of 3; search finds them",)
