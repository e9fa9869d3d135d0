"""What agent calls have cost, against the ceilings of book, tier and campaign (protocol §9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from codex.campaign.costs import grand_total, totals
from codex.campaign.definition import tier_letter
from codex.oversight.sheet import Bar, Column, Fact, Line, Sheet, Tone, count, one_line, tokens, usd
from codex.oversight.view import View
from codex.tracks.naming import name_of

#: Books with the greatest share of their ceiling spent, as many as the screen shows.
BOOKS = 5
#: From this share of a ceiling on it is worth a look (protocol §9: the watchdog watches for overruns).
NEAR = Decimal("0.8")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Spent:
    """US dollars spent under one ceiling; ``ceiling_usd`` None: there is none. ``scope``: campaign, tier or book."""

    scope: str
    name: str
    spent_usd: Decimal
    ceiling_usd: Decimal | None

    @property
    def share(self) -> Decimal | None:
        return self.spent_usd / self.ceiling_usd if self.ceiling_usd else None

    @property
    def tone(self) -> Tone:
        if self.ceiling_usd is None or (not self.spent_usd and not self.ceiling_usd):
            return ""
        return "bad" if self.spent_usd >= self.ceiling_usd else "warn" if (self.share or _ZERO) >= NEAR else ""


@dataclass(frozen=True, slots=True)
class Costs:
    """Sums of the cost ledger. ``reserved_usd``: set aside for calls under way; None without a journal."""

    spent_usd: Decimal
    ceiling_usd: Decimal | None
    reserved_usd: Decimal | None
    calls: int
    calls_estimated: int
    tokens_in: int
    tokens_out: int
    rows: tuple[Spent, ...]

    def sheet(self) -> Sheet:
        ceiling = f" of {usd(self.ceiling_usd)}" if self.ceiling_usd is not None else ", no ceiling"
        whole = Spent("campaign", "", self.spent_usd, self.ceiling_usd)
        facts = [Fact("set aside for calls under way", usd(self.reserved_usd))] if self.reserved_usd else []
        facts += [
            Fact("agent calls", count(self.calls)),
            Fact("tokens read, written", f"{tokens(self.tokens_in)}, {tokens(self.tokens_out)}"),
        ]
        note = f"Token counts of {count(self.calls_estimated)} calls are estimated." if self.calls_estimated else ""
        return Sheet(
            "Costs against budgets",
            bars=(Bar("campaign", float(self.spent_usd), float(self.ceiling_usd or 0),
                      f"{usd(self.spent_usd)}{ceiling}", whole.tone),),
            facts=tuple(facts),
            columns=(Column("budget"), Column("spent", right=True), Column("ceiling", right=True),
                     Column("used", right=True)),
            lines=tuple(_line(row) for row in self.rows),
            note=note,
        )  # fmt: skip


def _line(row: Spent) -> Line:
    used = "–" if row.share is None else f"{row.share:.0%}"
    name = one_line(f"tier {row.name}" if row.scope == "tier" else row.name, 80)
    return Line((name, usd(row.spent_usd), usd(row.ceiling_usd), used), row.tone)


def costs(view: View) -> Costs:
    tiers = {
        name_of(subject): tier_letter(view.ledger.entry(subject).get("tier")) or ""
        for subject in view.ledger.subjects("book")
    }
    total = grand_total(view.costs)
    own = view.budget.campaign_usd
    return Costs(
        spent_usd=total.usd,
        ceiling_usd=view.campaign.total_usd if own is None else own,
        reserved_usd=view.reserved,
        calls=total.calls,
        calls_estimated=total.estimated,
        tokens_in=total.input_tokens + total.cache_read_tokens + total.cache_write_tokens,
        tokens_out=total.output_tokens,
        rows=(*_by_tier(view, tiers), *_by_book(view, tiers)),
    )


def _by_tier(view: View, tiers: Mapping[str, str]) -> Iterator[Spent]:
    """The tiers that have a ceiling or have cost something."""
    paid = {name: total.usd for name, total in totals(view.costs, "tier", tiers).items()}
    for name, tier in view.campaign.tiers.items():
        if tier.total_usd is not None or paid.get(name):
            yield Spent("tier", name, paid.get(name, _ZERO), tier.total_usd)


def _by_book(view: View, tiers: Mapping[str, str]) -> list[Spent]:
    """The books that have used most of their ceilings."""
    of_tier = {name: tier.per_book_usd for name, tier in view.campaign.tiers.items()} | view.budget.tiers_usd
    rows = [
        Spent("book", slug, total.usd, view.budget.books_usd.get(slug, of_tier.get(tiers.get(slug, ""))))
        for slug, total in totals(view.costs, "book").items()
    ]
    return sorted(rows, key=lambda row: (-(row.share or _ZERO), -row.spent_usd, row.name))[:BOOKS]
