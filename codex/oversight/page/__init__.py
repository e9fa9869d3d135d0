"""The dashboard as one page that needs nothing else: no request, no script, no font.

Its content security policy allows the style sheet by its hash and nothing besides, so that even a text that slipped
through the escaping could load and run nothing.
"""

from __future__ import annotations

import base64
import hashlib

from codex.oversight.heading import whence
from codex.oversight.page import sections
from codex.oversight.page.chapters import highlights
from codex.oversight.page.parts import sheet_card
from codex.oversight.page.style import STYLE
from codex.oversight.page.svg import esc
from codex.oversight.panels import all_panels
from codex.oversight.view import View


def page(view: View) -> str:
    """The whole document."""
    panels = all_panels(view)
    plain = {name: panel.sheet() for name, panel in panels.items()}
    chart, chapters = sections.prerequisites(view)
    stuck = sections.stuck(panels)
    nothing_stuck = not plain["stuck"].lines
    left = [
        sheet_card(plain["next"]),
        sheet_card(plain["estimate"], figures=True),
        sections.cost_by_pass(view),
        sheet_card(plain["commits"]),
    ]
    right = [
        *([stuck] if nothing_stuck else []),
        sheet_card(plain["costs"]),
        sections.continuity(view, panels),
        sheet_card(plain["checks"], figures=True),
        sheet_card(plain["books"]),
    ]
    body = [
        *([] if nothing_stuck else [stuck]),
        sections.burn_down(view, panels),
        f'<div class="columns"><div>{"".join(left)}</div><div>{"".join(right)}</div></div>',
        chart,
        sections.matrix(panels),
    ]
    inner = "\n".join(body)
    style = STYLE + highlights(chapters)
    title = f"{view.campaign.title}: dashboard"
    head = f'<h1>{esc(view.campaign.title)}</h1><div class="soft">{esc(" · ".join(whence(view, panels)))}</div>'
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style)}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="referrer" content="no-referrer">'
        f'<link rel="icon" href="data:,"><title>{esc(title)}</title><style>{style}</style></head>\n'
        f"<body><header>{head}</header>\n<main>{sections.tiles(panels)}\n"
        f"{inner}</main>\n"
        f"<footer>Every figure is computed from the repository: <code>codexctl dashboard</code> computes it again."
        f"</footer></body></html>\n"
    )


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
