"""Teaching flows: their state machine as a table (curriculum §4)."""

from __future__ import annotations

from codex.tracks.machine import BESIDE_THE_WAY, FellShort, Machine, State, Transition, by_persons

_WAY = (
    Transition(
        "draft",
        "trajectory-extracted",
        "the flow joins the campaign",
        "PA_trajectory",
        post=("flow_has_steps", "flow_units_exist"),
    ),
    Transition(
        "trajectory-extracted",
        "bridged",
        "the steps are there",
        "PB_bridges",
        pre=("flow_has_steps",),
        post=("flow_has_bridges",),
    ),
    Transition(
        "bridged", "paused", "the bridges are there", "PC_pauses", pre=("flow_has_bridges",), post=("flow_has_pauses",)
    ),
    Transition(
        "paused",
        "verified",
        "the pauses are there",
        "PD_verification",
        pre=("flow_has_pauses",),
        post=("flow_units_exist",),
    ),
    Transition("verified", "woven", "the flow is verified", "PE_weaving", post=("flow_looks_outward",)),
    Transition(
        "woven",
        "woven",
        "attenuation fell short: weave again",
        "PE_weaving",
        post=("flow_looks_outward",),
        when=FellShort("PV_attenuation", "PE_weaving"),
    ),
    Transition("woven", "attenuation-verified", "the flow is woven", "PV_attenuation", pre=("flow_looks_outward",)),
)

_FAILURES = (
    Transition("paused", "draft", "the sequence does not hold", "PD_verification", outcome="failure"),
    Transition("paused", "trajectory-extracted", "a bridge does not hold", "PD_verification", outcome="failure"),
    Transition("paused", "bridged", "a pause does not hold", "PD_verification", outcome="failure"),
)


_WORKING = ("draft", "trajectory-extracted", "bridged", "paused", "verified", "woven")

FLOW = Machine(
    kind="flow",
    shelf="flows",
    initial="draft",
    states=(*map(State, _WORKING), State("attenuation-verified", final=True), *BESIDE_THE_WAY),
    passes=("PA_trajectory", "PB_bridges", "PC_pauses", "PD_verification", "PE_weaving", "PV_attenuation"),
    transitions=(
        *_WAY,
        *_FAILURES,
        *by_persons(_WORKING),
        Transition("attenuation-verified", "woven", "a person reopens it", outcome="person"),
    ),
    blank=(("kind", "author"), ("source_book", None)),
    document="flows/{}.md",
    document_key="flow_path",
)
