"""The parts of the page that are more than a panel: tiles, charts, the map, the matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast

from codex.campaign.matrix import MARKS, Row, percent
from codex.corpus.index import CorpusIndex
from codex.errors import CodexError
from codex.oversight.history import Point, continuity_trend, courses, deepenings
from codex.oversight.page import charts
from codex.oversight.page.chapters import Chapter, chapter_map, chapters_of, edges_between
from codex.oversight.page.parts import card, meter, scrolling, sheet_card
from codex.oversight.page.svg import esc
from codex.oversight.panels.books import NOT_BEGUN, Books, Coverage
from codex.oversight.panels.health import Checks, Continuity, Metric
from codex.oversight.panels.money import Costs
from codex.oversight.panels.progress import BurnDown
from codex.oversight.sheet import Panel, count, one_line, tokens, usd
from codex.oversight.view import View
from codex.tracks.fasttrack.books import BOOK

Panels = Mapping[str, Panel]


def tiles(panels: Panels) -> str:
    """The six figures that say most, large."""
    burn, books = cast(BurnDown, panels["burn_down"]), cast(Books, panels["books"])
    checks, costs = cast(Checks, panels["checks"]), cast(Costs, panels["costs"])
    judged = checks.passing + checks.failing
    ceiling = float(costs.ceiling_usd or 0)
    shown = (
        ("Units", burn.units_done, f"of {count(burn.units_total)}, {count(burn.units_left)} left", burn.units_total),
        ("Audits", burn.audits_done, f"of {count(burn.audits_total)}, {count(burn.audits_left)} left",
         burn.audits_total),
        ("Deepenings", burn.deepenings_done, f"of {count(burn.deepenings_total)}, {count(burn.deepenings_left)} left",
         burn.deepenings_total),
        ("Books covered", books.covered, f"of {count(books.total)}", books.total),
        ("Units passing", checks.passing,
         f"of {count(judged)} judged" + (f", {count(checks.not_judged)} not" if checks.not_judged else ""), judged),
    )  # fmt: skip
    made = [_tile(name, count(done), told, done / total if total else 0.0) for name, done, told, total in shown]
    told = f"of {usd(costs.ceiling_usd)}" if costs.ceiling_usd is not None else "no ceiling"
    made.append(_tile("Spent", usd(costs.spent_usd), told, float(costs.spent_usd) / ceiling if ceiling else 0.0))
    return f'<div class="tiles">{"".join(made)}</div>'


def _tile(name: str, figure: str, told: str, share: float) -> str:
    return (
        f'<div class="tile"><span class="label">{esc(name)}</span><b>{esc(figure)}</b><span>{esc(told)}</span>'
        f"{meter(min(max(share, 0.0), 1.0))}</div>"
    )


def stuck(panels: Panels) -> str:
    """First on the page where there is something to do, among the others where there is nothing."""
    sheet = panels["stuck"].sheet()
    return sheet_card(sheet, "alarm" if sheet.lines else "")


def burn_down(view: View, panels: Panels) -> str:
    burn, found = cast(BurnDown, panels["burn_down"]), courses(view.workspace)
    kinds = (
        ("units", found.units, burn.units_left, burn.units_done),
        ("audits", found.audits, burn.audits_left, burn.audits_done),
        ("deepenings", deepenings(view.ledger), burn.deepenings_left, burn.deepenings_done),
    )
    note = "What was left after each commit, against everything that is known today."
    if found.first is None or found.last is None:
        return card("Burn-down over time", ['<p class="soft">No git history here, so no course of time.</p>'], "")
    ends = found.first, found.last
    drawn = "".join(_burning(what, course, left, done, ends) for what, course, left, done in kinds)
    return card("Burn-down over time", [f'<div class="burn">{drawn}</div>'], "", note)


def _burning(what: str, course: tuple[Point, ...], left: int, done: int, ends: tuple[datetime, datetime]) -> str:
    chart = charts.burn_down(f"burn-{what}", what, course, left, done, ends)
    told = f"{count(done)} done, {count(left)} left"
    return f"<figure><figcaption><b>{what.capitalize()}</b> {told}</figcaption>{chart}</figure>"


def cost_by_pass(view: View) -> str:
    """Dollars of each pass, as the cost ledger has them."""
    paid: dict[str, float] = {}
    read: dict[str, int] = {}
    for cost in view.costs:
        name = one_line(cost.pass_name.replace("_", " ") or "?", 16)
        paid[name] = paid.get(name, 0.0) + float(cost.cost_usd)
        read[name] = read.get(name, 0) + cost.tokens
    if not paid:
        return card("Cost by pass", ['<p class="soft">No agent call has been paid for yet.</p>'])
    rows = [(name, amount, (usd(amount), tokens(read[name]))) for name, amount in sorted(paid.items(), key=_by_pass)]
    return card("Cost by pass", [charts.bars(rows, ("pass", "US dollars", "tokens"))])


def _by_pass(item: tuple[str, float]) -> tuple[int, str]:
    """In the order of the passes; what is none of them last."""
    order = [name.replace("_", " ") for name in BOOK.passes]
    return order.index(item[0]) if item[0] in order else len(order), item[0]


def continuity(view: View, panels: Panels) -> str:
    """Each metric with its course through the committed reports, up to what it is now."""
    panel, past = cast(Continuity, panels["continuity"]), continuity_trend(view.workspace)
    shown = "".join(_trend(metric, past.get(metric.metric, ()), view) for metric in panel.rows)
    inner = f'<div class="trends">{shown}</div>' if shown else '<p class="soft">There are no units.</p>'
    note = f"{panel.sheet().note} Course: the committed continuity reports, then today. Dashed: what the metric needs."
    return card("Continuity", [inner], "", note)


def _trend(row: Metric, past: tuple[Point, ...], view: View) -> str:
    points = (*past, Point(view.now, row.mean)) if not past or past[-1].value != row.mean else past
    name = row.metric.replace("_", " ")
    tone = "" if row.met else ' class="bad"'
    chart = charts.trend(f"trend-{esc(row.metric)}", name, points, row.needs)
    told = f"needs {row.needs:g}" + ("" if row.met else ", below")
    return (
        f"<figure><figcaption>{esc(name)}<span><b{tone}>{row.mean:.2f}</b> <span{tone}>{told}</span></span>"
        f"</figcaption>{chart}</figure>"
    )


def prerequisites(view: View) -> tuple[str, list[Chapter]]:
    """The map and the chapters on it, for whose sake the style sheet has rules of its own."""
    index = CorpusIndex(view.snapshot)
    try:
        pairs = [(edge.before, edge.after) for edge in index.deps.edges if not edge.broken]
        depth = _depths(index)
    except CodexError as exc:
        return card("Prerequisite map", [f'<p class="soft">{esc(one_line(exc))}</p>'], ""), []
    queued = [unit for unit in view.plan["queue_topo_order"] if unit not in index.paths_by_id]
    chapters = chapters_of(index.paths_by_id, queued, depth)
    drawn = chapter_map(chapters, edges_between(pairs, chapters), _sections(index))
    key = (
        '<p class="key"><span><i></i>shipped unit</span><span><i class="k-queued"></i>queued unit</span>'
        "<span>each box is a chapter; foundations stand on the left</span></p>"
    )
    shown = scrolling(drawn, "Prerequisite map", "map") if drawn else '<p class="soft">There are no units.</p>'
    note = "Lines lead from the two chapters that each rests on most. Point at a chapter to see its own alone."
    return card("Prerequisite map", [key, shown], "", note), chapters


def _depths(index: CorpusIndex) -> dict[str, int]:
    from codex.corpus.prerequisites import Prerequisites

    return Prerequisites.of(index.deps, index.paths_by_id, ()).depth


def _sections(index: CorpusIndex) -> dict[str, str]:
    """Number of a section → its folder's name in words."""
    folders = (path.split("/")[1] for path in index.unit_paths if path.count("/") > 1)
    named = (folder.partition("-") for folder in folders)
    return {number: name.replace("-", " ") for number, _, name in named}


def matrix(panels: Panels) -> str:
    panel = cast(Coverage, panels["coverage"])
    if not panel.rows:
        return card("Books and passes", ['<p class="soft">There are no books.</p>'], "")
    kinds = [("", name) for name in ("Book", "No.", "Tier", "State")]
    kinds += [(" class=c", name.partition("_")[0]) for name in panel.passes]
    kinds += [(" class=n", layer.replace("_", " ")) for layer in panel.layers]
    head = "".join(f'<th scope="col"{kind}>{esc(name)}</th>' for kind, name in kinds)
    rows = "".join(map(_book, panel.rows))
    shown = f'<table class="matrix"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return card("Books and passes", [scrolling(shown, "Books and passes", "tall")], "", panel.sheet().note)


#: A pass's word → tone of its mark.
_TONES = {"done": "good", "under way": "warn", "short": "bad"}


def _book(row: Row) -> str:
    title, entry, tier, state = (one_line(each, 160) for each in (row.title, row.entry, row.tier, row.state))
    told = f'<th scope="row" title="{esc(title)}">{esc(title)}</th>'
    told += "".join(f"<td>{esc(cell)}</td>" for cell in (entry or "–", tier or "–", state or NOT_BEGUN))
    return f"<tr>{told}{''.join(_marks(row))}{''.join(map(_layer, row.layers))}</tr>"


def _marks(row: Row) -> Iterator[str]:
    for word in row.passes:
        kind = f"c {_TONES.get(word, 'l0')}"
        yield f'<td class="{kind}"><span role="img" aria-label="{word}">{MARKS[word]}</span></td>'


def _layer(share: float | None) -> str:
    level = "l0" if share is None else "l3" if share >= 90 else "l2" if share >= 50 else "l1"
    return f'<td class="n {level}">{percent(share)}</td>'
