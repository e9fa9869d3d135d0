"""What no text may carry into the corpus, whoever wrote it. Refused by rule, never cleaned up silently.

The rules look at the whole text, code included: what one Markdown renderer takes for code, another may emit as HTML.
They are wider than what browsers run, and no unit of a real corpus of 953 comes near them.
"""

from __future__ import annotations

import html
import re

import yaml

from codex.units.frontmatter import split_frontmatter

#: Bytes of one text. The largest unit of a real corpus has 117 kB.
MAX_BYTES = 2_000_000
#: Characters of front matter. The largest of a real corpus has 13,046.
MAX_FRONTMATTER = 64_000
#: Brackets in front matter. YAML takes quadratic time for what is nested deeper.
MAX_BRACKETS = 2_000

_TAG = re.compile(
    r"<(script|iframe|frame|frameset|object|embed|applet|base|meta|link|style|form)(?=[\s/>]|$)", re.IGNORECASE
)
_HANDLER = re.compile(r"[\s/\"'>](on[a-z]{3,})\s*=(?!=)", re.IGNORECASE)
_URL = re.compile(
    r"(?:\]\( ?<?|\]: ?<?|<|= ?[\"']?|\{|\burl\( ?[\"']?) ?"  # MathJax follows \href{javascript:…}
    r"(javascript:|vbscript:|data:(?=[;,]|[\w.+-]+/)(?!image/(?:png|jpeg|gif|webp)\b))",
    re.IGNORECASE,
)
#: What makes a terminal or a page show another text than the one that is there; none in a real corpus.
_DECEPTIVE = re.compile(r"[\x1b\x9b\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"\s+")
_IGNORED_IN_URLS = re.compile(r"[\x00-\x1f\x7f]|\\(?=[!-/:-@\[-`{-~])")
_YAML_POWERS = re.compile(r"(?:^|[\s\[{,:])[&*!]\S", re.MULTILINE)


def hostile(text: str) -> str | None:
    """Why a text is refused, as a sentence; None when it is not. Linear in the text; never raises."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return f"The text is larger than {MAX_BYTES // 1_000_000} MB."
    if "\0" in text:
        return f"The text holds a NUL character ({_line(text, text.index(chr(0)))})."
    if found := _DECEPTIVE.search(text):
        return f"The text holds the control character U+{ord(found[0]):04X} ({_line(text, found.start())})."
    return _markup(text) or _frontmatter(text)


def _markup(text: str) -> str | None:
    if found := _TAG.search(text):
        return f"The text holds the HTML element <{found[1].lower()}> ({_line(text, found.start())})."
    if found := _HANDLER.search(text):
        return f"The text holds the HTML event handler {found[1].lower()}= ({_line(text, found.start(1))})."
    seen = _BLANKS.sub(" ", _IGNORED_IN_URLS.sub("", html.unescape(text)))
    if found := _URL.search(seen):
        return f"The text holds a link of the kind {found[1].lower()}, which can run code."
    return None


def _line(text: str, offset: int) -> str:
    return f"line {text.count(chr(10), 0, offset) + 1}"


def _frontmatter(text: str) -> str | None:
    """Tags, anchors and sheer size: front matter is plain data."""
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    split = split_frontmatter(normal)
    if split is None:
        return None
    front = normal[split.start : split.end]
    if len(front) > MAX_FRONTMATTER:
        return f"The front matter has {len(front)} characters; at most {MAX_FRONTMATTER} are allowed."
    if front.count("[") + front.count("{") > MAX_BRACKETS:
        return "The front matter is nested too deeply."
    return _yaml_powers(front) if _YAML_POWERS.search(front) else None


def _yaml_powers(front: str) -> str | None:
    try:
        for token in yaml.scan(front):
            if isinstance(token, yaml.TagToken):
                return f"The front matter holds a YAML tag (line {token.start_mark.line + 2})."
            if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
                return f"The front matter holds a YAML anchor or alias (line {token.start_mark.line + 2})."
    except (yaml.YAMLError, RecursionError):
        return None  # no YAML at all: the validator says so, with its place
    return None
