"""What may be spent: ceilings by book, tier and campaign, in US dollars (protocol §9).

The campaign's file gives them by tier; the workspace's settings (topic ``budget``) override single ones.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from codex.campaign.definition import Campaign, load_campaign, tier_letter
from codex.errors import UserError
from codex.settings import BudgetSettings
from codex.tracks.fasttrack.units import UNIT
from codex.tracks.naming import kind_of, name_of
from codex.tracks.registry import machine_of

if TYPE_CHECKING:
    from codex.campaign.ledger import Ledger

CAMPAIGN_SCOPE = "campaign"


def tier_scope(letter: str) -> str:
    return f"tier:{letter}"


def ceilings(
    ledger: Ledger, subject: str, campaign: Campaign | None = None, budget: BudgetSettings | None = None
) -> dict[str, Decimal]:
    """The ceilings that a subject's calls count against: scope (the subject, ``tier:α``, ``campaign``) → US dollars.

    A tier or campaign without a ceiling has no scope here. Raises UserError for a subject that has no ceiling of its
    own: an unknown tier, or an optional one that nobody gave a budget.
    """
    campaign, budget = campaign or load_campaign(), budget or BudgetSettings()
    letter, name = _tier(ledger, subject), name_of(subject)
    tier = campaign.tiers.get(letter or "")
    of_tier = budget.tiers_usd.get(letter or "", tier.per_book_usd if tier else None)
    given = (budget.books_usd.get(name), of_tier, _of_kind(subject, budget))
    own = next((usd for usd in given if usd is not None), None)
    if own is None:
        raise _no_ceiling(name, letter)
    found = {subject: own}
    if letter and tier and tier.total_usd is not None:
        found[tier_scope(letter)] = tier.total_usd
    total = campaign.total_usd if budget.campaign_usd is None else budget.campaign_usd
    return found if total is None else found | {CAMPAIGN_SCOPE: total}


def _tier(ledger: Ledger, subject: str) -> str | None:
    """The subject's tier; None without one. Raises UserError for a subject that the ledger has to know and does not."""
    machine = machine_of(subject)
    if machine and machine.made_by_naming and not ledger.knows(subject):
        return None
    return tier_letter(ledger.entry(subject).get("tier"))


def _of_kind(subject: str, budget: BudgetSettings) -> Decimal | None:
    """What one subject of its kind may cost where nothing else is said."""
    machine = machine_of(subject)
    return {UNIT.kind: budget.unit_usd}.get(machine.kind, machine.ceiling_usd) if machine else None


def _no_ceiling(name: str, letter: str | None) -> UserError:
    where = f"tier {letter}" if letter else "no tier"
    return UserError(
        f"Nothing may be spent on {name}: it is in {where}, which has no ceiling for a book.",
        remedy=f'Give it one in codex.toml: [budget] books_usd = {{ "{name}" = "20" }}.',
    )


def spent_by_scope(ledger: Ledger, subject: str) -> dict[str, Decimal]:
    """What the ledger's events say was spent, by the scopes that a subject counts against."""
    found = {subject: ledger.spent(subject), CAMPAIGN_SCOPE: ledger.spent()}
    letter = _tier(ledger, subject)
    if letter is None:
        return found
    peers = (each for each in ledger.subjects(kind_of(subject)) if _tier(ledger, each) == letter)
    return found | {tier_scope(letter): sum(map(ledger.spent, peers), Decimal(0))}


def exceeded(
    ledger: Ledger, subject: str, campaign: Campaign | None = None, budget: BudgetSettings | None = None
) -> list[str]:
    """The scopes in which the ceiling has been reached."""
    paid = spent_by_scope(ledger, subject)
    return [
        scope
        for scope, usd in ceilings(ledger, subject, campaign, budget).items()
        if paid.get(scope, Decimal(0)) >= usd
    ]
