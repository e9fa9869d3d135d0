"""What may be spent: ceilings by book, tier and campaign, in US dollars (protocol §9).

The campaign's file gives them by tier; the workspace's settings (topic ``budget``) override single ones.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import ValidationError

from codex.campaign.definition import Campaign, load_campaign, tier_letter
from codex.errors import UserError
from codex.settings import BudgetSettings, Settings
from codex.units.ids import is_id

if TYPE_CHECKING:
    from codex.campaign.ledger import Ledger
    from codex.snapshot import Snapshot

CAMPAIGN_SCOPE = "campaign"


def book_scope(slug: str) -> str:
    return f"book:{slug}"


def unit_scope(unit_id: str) -> str:
    return f"unit:{unit_id}"


def tier_scope(letter: str) -> str:
    return f"tier:{letter}"


def ceilings(
    ledger: Ledger, slug: str, campaign: Campaign | None = None, budget: BudgetSettings | None = None
) -> dict[str, Decimal]:
    """The ceilings that a book's calls count against: scope (``book:<slug>``, ``tier:α``, ``campaign``) → US dollars.

    For the id of a unit that is a subject of its own those of ``unit:<id>`` and of the campaign. A tier or campaign
    without a ceiling has no scope here. Raises UserError for a book that has no ceiling of its own: an unknown tier, or
    an optional one that nobody gave a budget.
    """
    campaign = campaign or load_campaign()
    budget = budget or BudgetSettings()
    if is_id(slug):
        return {unit_scope(slug): budget.unit_usd} | _of_campaign(campaign, budget)
    letter = tier_letter(ledger.book(slug).get("tier"))
    tier = campaign.tiers.get(letter or "")
    own = budget.books_usd.get(slug)
    of_tier = budget.tiers_usd.get(letter or "", tier.per_book_usd if tier else None)
    ceiling = own if own is not None else of_tier
    if ceiling is None:
        raise _no_ceiling(slug, letter)
    found = {book_scope(slug): ceiling}
    if letter and tier and tier.total_usd is not None:
        found[tier_scope(letter)] = tier.total_usd
    return found | _of_campaign(campaign, budget)


def _of_campaign(campaign: Campaign, budget: BudgetSettings) -> dict[str, Decimal]:
    total = campaign.total_usd if budget.campaign_usd is None else budget.campaign_usd
    return {} if total is None else {CAMPAIGN_SCOPE: total}


def book_ceiling(ledger: Ledger, slug: str, settings: Settings, campaign: Campaign | None = None) -> Decimal:
    """The ceiling of one book, in US dollars; raises UserError for a book without one."""
    return ceilings(ledger, slug, campaign, settings.budget)[book_scope(slug)]


def _no_ceiling(slug: str, letter: str | None) -> UserError:
    where = f"tier {letter}" if letter else "no tier"
    return UserError(
        f"Nothing may be spent on {slug}: it is in {where}, which has no ceiling for a book.",
        remedy=f'Give it one in codex.toml: [budget] books_usd = {{ "{slug}" = "20" }}.',
    )


def spent_by_scope(ledger: Ledger, slug: str) -> dict[str, Decimal]:
    """What the ledger's events say was spent, by the scopes that a book (or a unit, by its id) counts against."""
    if is_id(slug):
        return {unit_scope(slug): ledger.spent(unit_scope(slug)), CAMPAIGN_SCOPE: ledger.spent()}
    letter = tier_letter(ledger.book(slug).get("tier"))
    books = ledger.subjects("book")
    peers = [s for s in books if tier_letter(ledger.entry(s).get("tier")) == letter]
    found = {book_scope(slug): ledger.spent(book_scope(slug)), CAMPAIGN_SCOPE: ledger.spent()}
    return found | ({tier_scope(letter): sum(map(ledger.spent, peers), Decimal(0))} if letter else {})


def exceeded(
    ledger: Ledger, slug: str, campaign: Campaign | None = None, budget: BudgetSettings | None = None
) -> list[str]:
    """The scopes in which the ceiling has been reached."""
    paid = spent_by_scope(ledger, slug)
    return [
        scope for scope, usd in ceilings(ledger, slug, campaign, budget).items() if paid.get(scope, Decimal(0)) >= usd
    ]


def budget_settings(snapshot: Snapshot) -> BudgetSettings:
    """The topic ``budget`` of the codex.toml in a snapshot; raises UserError when it is wrong."""
    try:
        table = tomllib.loads(snapshot.text("codex.toml", "")).get("budget", {})
        return BudgetSettings.model_validate(table)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as exc:
        raise UserError(f"codex.toml, topic budget: {exc}.", remedy="Correct it.") from exc
