"""What is asked of a book: continuity thresholds, layers, sources; and in which section a verification is written.

The continuity thresholds are the rubric's, the campaign's in their place, codex.toml's in theirs. Whatever judges asks
here, so that a pass, the integrator, a brief and the command line agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codex.continuity.thresholds import THRESHOLDS, Threshold, chosen_thresholds
from codex.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codex.campaign.definition import Campaign
    from codex.campaign.ledger import Ledger
    from codex.settings import ContinuitySettings

#: Where a campaign has its own figures (definition.py, which is imported only where there is such a file), and where
#: an operator has.
CAMPAIGN, SETTINGS = "manifests/fasttrack/campaign.toml", "codex.toml"


def thresholds_of(snapshot: Snapshot, settings: ContinuitySettings | None = None) -> tuple[Threshold, ...]:
    """The thresholds that hold in a snapshot, in the rubric's order.

    Read from ``manifests/fasttrack/campaign.toml`` and from ``[continuity]`` of ``codex.toml`` as the snapshot has
    them (or ``settings``, where the environment counts too); raises DataError or UserError naming file and key. Cheap
    where there is neither file: the campaign that comes with Codex has the rubric's figures.
    """
    if settings is None and not snapshot.exists(CAMPAIGN) and not snapshot.exists(SETTINGS):
        return THRESHOLDS
    from codex.campaign.definition import load_campaign
    from codex.settings import settings_in

    chosen = settings or settings_in(snapshot).continuity
    return chosen_thresholds(chosen.words, load_campaign(snapshot).continuity | chosen.minimum)


#: Distinct sources that an audit cites at least (protocol §4, pass 1).
LEAST_SOURCES = 3

#: The layers that ask for the book's own examples and exercises again.
REPRODUCTION = frozenset({"exercise", "worked_example"})


def layers_of(campaign: Campaign, entry: Mapping[str, Any]) -> dict[str, float]:
    """Layer → percentage of its rows that has to be covered, for the book with this ledger entry.

    A book that goes on with a degraded audit reproduces nothing (protocol §6, pass 1: topic-equivalent only).
    """
    degraded = entry.get("expectations") == "topic-equivalent"
    return {layer: 0 if degraded and layer in REPRODUCTION else least for layer, least in campaign.layers.items()}


def verification_section(ledger: Ledger, subject: str) -> int:
    """The section of a book's plan in which its next verification stands: §4 at first, one more for each round."""
    return 3 + ledger.rounds(subject)
