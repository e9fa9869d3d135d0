"""What a pass asks of an agent, and the address under which everybody finds it again.

An address names a conversation by what it is (subject, pass, unit, attempt), never by its content: recordings, the
handoff folder and the journal's rows are found by it whatever later happens to the prompt.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from codex.errors import UserError

if TYPE_CHECKING:
    from pydantic import BaseModel

ReplyT = TypeVar("ReplyT", bound="BaseModel")

_SUBJECT = re.compile(r"[a-z]+:[A-Za-z0-9][A-Za-z0-9._-]*")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TEXT = re.compile(r"(?P<subject>[^/]+)/(?P<pass_name>[^/]+)(?:/(?P<unit>[^/]+))?/(?P<attempt>[1-9]\d{0,5})")


@dataclass(frozen=True, slots=True, order=True)
class CallAddress:
    """One conversation: ``book:abc/P4_production/03.09.03/1``, or ``book:abc/P1_audit/1`` where there is no unit.

    All parts are plain ASCII words, so that the address can stand in a header, a file name and a shell line.
    Raises UserError on anything else.
    """

    subject: str
    pass_name: str
    unit: str | None = None
    attempt: int = 1

    def __post_init__(self) -> None:
        words = [self.pass_name] if self.unit is None else [self.pass_name, self.unit]
        well = _SUBJECT.fullmatch(self.subject) and all(_PART.fullmatch(word) for word in words)
        if not well or not 1 <= self.attempt <= 999_999:
            raise UserError(
                f"{self.subject!r}, {self.pass_name!r}, {self.unit!r}, {self.attempt!r} is not the address of a call.",
                remedy="A subject is kind:name; names hold letters, digits, dots, dashes and underscores.",
            )

    @classmethod
    def parse(cls, text: str) -> CallAddress:
        """Read what ``str`` wrote; raises UserError."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise UserError(f"{text!r} is not the address of a call.", remedy="Write subject/pass[/unit]/attempt.")
        return cls(found["subject"], found["pass_name"], found["unit"], int(found["attempt"]))

    def __str__(self) -> str:
        words = [self.subject, self.pass_name, *([self.unit] if self.unit else []), str(self.attempt)]
        return "/".join(words)

    @property
    def name(self) -> str:
        """The subject without its kind."""
        return self.subject.partition(":")[2]

    @property
    def subject_slug(self) -> str:
        """A folder name for the subject: a book's own slug, ``kind.name`` for any other kind."""
        kind, _, name = self.subject.partition(":")
        return name if kind == "book" else f"{kind}.{name}"

    @property
    def file_stem(self) -> str:
        """``<pass>[.<unit>].<attempt>``: the name of the conversation within its subject."""
        return ".".join([self.pass_name, *([self.unit] if self.unit else []), str(self.attempt)])

    @property
    def slug(self) -> str:
        """One file-safe word for the whole address (a folder of the handoff outbox)."""
        return f"{self.subject_slug}.{self.file_stem}"

    @property
    def agent_id(self) -> str:
        """The name that the cost ledger gives to whoever answers this conversation."""
        return "agent-" + hashlib.sha256(str(self).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class AgentCall(Generic[ReplyT]):
    """One conversation as a pass asks for it.

    ``prefix`` is the stable system text (specification, rules, voice), byte-equal between units so that the provider
    caches it; ``prompt`` the variable first user message. ``tools`` are names from ``tools.TOOLS``, ``web`` maps names
    of ``tools.SERVER_TOOLS`` to how often each may be used in a turn. ``max_tokens`` is the output limit of one turn.
    ``ceilings`` maps a budget scope (``book:abc``, ``tier:α``) to its ceiling in US dollars. ``answer_seconds`` is how
    long an outside agent may take for one turn (handoff only).

    ``fallbacks`` are asked in turn when ``model`` refuses or cannot be reached. ``cache`` says how long the prefix is
    cached. ``batch``: a single shot at the price of Message Batches, where the backend has them. ``pattern`` names the
    prompt pattern and its version, for statistics.
    """

    address: CallAddress
    prefix: str
    prompt: str
    tools: tuple[str, ...]
    reply_model: type[ReplyT]
    model: str
    max_tokens: int
    max_turns: int = 40
    effort: str | None = None
    ceilings: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    answer_seconds: float = 4 * 3600.0
    fallbacks: tuple[str, ...] = ()
    cache: Literal["5m", "1h", "off"] = "5m"
    batch: bool = False
    web: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    pattern: str = ""
