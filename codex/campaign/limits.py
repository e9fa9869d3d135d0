"""The continuity thresholds of a workspace: the rubric's, the campaign's in their place, codex.toml's in theirs.

Everything that judges continuity asks here, so that a pass, the integrator, a brief and the command line agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codex.continuity.thresholds import THRESHOLDS, Threshold, chosen_thresholds
from codex.snapshot import Snapshot

if TYPE_CHECKING:
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
    from codex.settings import parse_settings

    chosen = settings or parse_settings(snapshot.text(SETTINGS, "")).continuity
    return chosen_thresholds(chosen.words, load_campaign(snapshot).continuity | chosen.minimum)
