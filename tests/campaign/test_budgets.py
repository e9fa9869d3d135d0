from __future__ import annotations

from decimal import Decimal

import pytest

from codex.campaign.budgets import ceilings, exceeded, spent_by_scope
from codex.campaign.definition import PATH, load_campaign, tier_letter
from codex.campaign.events import Kind
from codex.errors import DataError, UserError
from codex.settings import BudgetSettings, Settings, settings_in

from .helpers import Book, draft, overlay, registered

BOOKS = Book(
    *(
        registered(f"book:{n}", tier=t)
        for n, t in {"a1": "α", "a2": "alpha", "b1": "β", "c1": "γ", "d1": "δ", "x1": "ω"}.items()
    )
)


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("a1", {"book:a1": 50, "tier:α": 600, "campaign": 2256}),
        ("a2", {"book:a2": 50, "tier:α": 600, "campaign": 2256}),
        ("b1", {"book:b1": 30, "tier:β": 720, "campaign": 2256}),
        ("c1", {"book:c1": 20, "tier:γ": 560, "campaign": 2256}),
    ],
)
def test_the_protocols_ceilings(slug, expected):
    found = ceilings(BOOKS.ledger, f"book:{slug}")
    assert found == expected and all(isinstance(usd, Decimal) for usd in found.values())


@pytest.mark.parametrize("slug", ["d1", "x1"])
def test_a_book_without_a_ceiling_spends_nothing(slug):
    with pytest.raises(UserError, match=rf"Nothing may be spent on {slug}.*\[budget\] books_usd"):
        ceilings(BOOKS.ledger, f"book:{slug}")


def test_settings_override_single_ceilings():
    budget = BudgetSettings(campaign_usd="100", tiers_usd={"α": "5", "δ": "1"}, books_usd={"b1": "0.5", "x1": "2"})
    assert ceilings(BOOKS.ledger, "book:a1", budget=budget) == {"book:a1": 5, "tier:α": 600, "campaign": 100}
    assert ceilings(BOOKS.ledger, "book:b1", budget=budget)["book:b1"] == Decimal("0.5")
    assert ceilings(BOOKS.ledger, "book:d1", budget=budget) == {"book:d1": 1, "campaign": 100}
    assert ceilings(BOOKS.ledger, "book:x1", budget=budget) == {"book:x1": 2, "campaign": 100}
    assert ceilings(BOOKS.ledger, "book:a2", budget=Settings(budget=budget).budget)["book:a2"] == 5


def test_a_ceiling_of_nothing_is_a_ceiling():
    assert ceilings(BOOKS.ledger, "book:a1", budget=BudgetSettings(books_usd={"a1": "0"}))["book:a1"] == 0


def test_what_was_spent_counts_in_every_scope():
    book = Book(*(registered(f"book:{n}", tier=t) for n, t in {"a1": "α", "a2": "alpha", "b1": "β"}.items()))
    book.add(*(draft(Kind.NOTED, f"book:{n}", cost_usd=c) for n, c in {"a1": "49.99", "a2": "0.01", "b1": "7"}.items()))
    assert spent_by_scope(book.ledger, "book:a1") == {"book:a1": Decimal("49.99"), "tier:α": 50, "campaign": 57}
    assert exceeded(book.ledger, "book:a1") == []
    book.add(draft(Kind.NOTED, "book:a1", cost_usd="0.01"))
    assert exceeded(book.ledger, "book:a1") == ["book:a1"]
    assert exceeded(book.ledger, "book:b1", budget=BudgetSettings(campaign_usd="57")) == ["campaign"]


def test_the_campaign_that_comes_with_codex():
    campaign = load_campaign()
    assert {t: (x.books, x.release) for t, x in campaign.tiers.items()} == {
        "α": (12, "v0.7"),
        "β": (24, "v0.9"),
        "γ": (28, "v1.0"),
        "δ": (8, None),
    }
    budgeted = [t for t in campaign.tiers.values() if t.total_usd is not None]
    assert all(t.books * t.per_book_usd == t.total_usd for t in budgeted)
    assert campaign.total_usd == sum(t.total_usd for t in budgeted) * Decimal("1.2")
    assert list(campaign.layers.values()) == [95, 80, 90, 100, 100, 100, 80]


def test_the_thresholds_are_those_of_the_measuring_code():
    from codex.continuity.thresholds import THRESHOLDS

    assert load_campaign().continuity == {t.name: t.minimum for t in THRESHOLDS}


def test_a_workspace_has_a_campaign_of_its_own():
    own = b'name="x"\ntitle="X"\n[tiers."\xce\xb1"]\nbooks=1\nper_book_usd="3"\n[layers]\ntheorem=50\n[continuity]\n'
    campaign = load_campaign(overlay({PATH: own}))
    assert (campaign.name, campaign.layers) == ("x", {"theorem": 50})
    assert ceilings(BOOKS.ledger, "book:a1", campaign) == {"book:a1": 3}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"name = ", "not valid TOML"),
        (b"\xff", "not valid TOML"),
        (b'name="x"', "title is wrong: Field required"),
        (b'name="x"\ntitle="x"\nlayers={}\ncontinuity={}\ntiers={"a"={books=-1}}', "tiers.a.books is wrong"),
        (b'name="x"\ntitle="x"\nlayers={t=101}\ncontinuity={}\ntiers={}', "layers.t is wrong"),
        (b'name="x"\ntitle="x"\nlayers={}\ncontinuity={}\ntiers={}\nlayer={}', "layer is wrong"),
    ],
)
def test_a_wrong_campaign_file_names_the_key(data, why):
    with pytest.raises(DataError, match=f"manifests/fasttrack/campaign.toml.*{why}"):
        load_campaign(overlay({PATH: data}))


@pytest.mark.parametrize("data", [b"[budget]\ncampaign_usd = -1", b"[budget]\nother = 1", b"[budget", b"\xff"])
def test_wrong_settings_are_a_users_error(data):
    with pytest.raises(UserError, match=r"codex\.toml"):
        settings_in(overlay({"codex.toml": data}))


def test_settings_come_from_the_snapshot():
    assert settings_in(overlay({})).budget == BudgetSettings()
    assert settings_in(overlay({"codex.toml": b'[budget]\ncampaign_usd = "7"'})).budget.campaign_usd == 7


@pytest.mark.parametrize(
    ("name", "letter"), [("alpha", "α"), ("Gamma", "γ"), ("β", "β"), ("", None), (None, None), (3, None)]
)
def test_tier_names(name, letter):
    assert tier_letter(name) == letter
