"""Conventions that differ from author to author: how each variant looks in a text. Data, extended by adding rows."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Convention:
    """Something that is written in several ways; ``variants``: how it is called in a brief → how it is recognised."""

    subject: str
    variants: dict[str, re.Pattern[str]]


def _row(subject: str, **variants: str) -> Convention:
    return Convention(subject, {_NAMES.get(name, name): re.compile(text) for name, text in variants.items()})


#: Names of variants that are no Python names.
_NAMES = {
    "iota_plus": r"$\iota_X\omega = dH$", "iota_minus": r"$\iota_X\omega = -dH$",
    "square_minus": r"$v\cdot v = -q(v)$", "square_plus": r"$v\cdot v = q(v)$",
    "two_pi": r"$e^{\mp 2\pi i x\xi}$", "no_two_pi": r"$e^{\mp i x\xi}$",
    "laplace_minus": r"$\Delta = -\nabla^2$ (or $dd^*+d^*d$)", "laplace_plus": r"$\Delta = +\sum\partial_i^2$",
    "first": "linear in the first argument", "second": "linear in the second argument",
    "from_zero": r"$0\in\mathbb{N}$", "from_one": r"$\mathbb{N}$ begins with $1$",
    "dq_dp": r"$\omega = dq\wedge dp$", "dp_dq": r"$\omega = dp\wedge dq$",
    "minus_dlambda": r"$\omega = -d\theta$", "plus_dlambda": r"$\omega = d\theta$",
    "mostly_minus": "$(+,-,-,-)$", "mostly_plus": "$(-,+,+,+)$",
    "c_infty": r"$\mathbb{C}_\infty$", "c_hat": r"$\hat{\mathbb{C}}$", "p_one": r"$\mathbb{P}^1$",
    "star": r"$T^*$", "dagger": r"$T^\dagger$",
    "top_t": r"$A^T$", "top_sign": r"$A^\top$", "top_small": r"$A^t$",
    "beta": r"$\beta = 1/k_BT$", "beta_k": r"$\beta = 1/kT$", "beta_one": r"$\beta = 1/T$",
}  # fmt: skip

_LINEAR = r"(?<![\w-])(?<!conjugate )linear in (?:the|its)"
_CONJUGATE_LINEAR = r"(?:conjugate[- ]|anti-?|semi-?)linear in (?:the|its)"
_FORM = r"\\omega(?:_0|_\{[a-z]+\})?"
_THETA = r"\\(?:lambda|theta|alpha)(?:_0|_\{[^}]*\})?"

CONVENTIONS = (
    _row(
        "the sign of the Hamiltonian vector field",
        iota_plus=rf"\\iota_\{{?X[^$]{{0,14}}{_FORM}\s*=\s*d\s*[A-Za-z]",
        iota_minus=rf"\\iota_\{{?X[^$]{{0,14}}{_FORM}\s*=\s*-\s*d\s*[A-Za-z]",
    ),
    _row(
        "the canonical symplectic form",
        dq_dp=r"d\s*[qx](?:\^i|_i|_j)?\s*\\wedge\s*d\s*[py](?:_i|_j|\^i)?",
        dp_dq=r"d\s*p(?:_i|_j)?\s*\\wedge\s*d\s*[qx](?:\^i|_i|_j)?",
    ),
    _row(
        "the symplectic form of a cotangent bundle",
        plus_dlambda=rf"{_FORM}\s*=\s*d\s*{_THETA}",
        minus_dlambda=rf"{_FORM}\s*=\s*-\s*d\s*{_THETA}",
    ),
    _row(
        "the square of a vector in a Clifford algebra",
        square_minus=r"v\s*(?:\\cdot\s*)?(?:v|\^2)\s*=\s*-\s*(?:q|Q|\\\||\\langle|\|)",
        square_plus=r"v\s*(?:\\cdot\s*v|\^2)\s*=\s*(?:q|Q|\\\||\\langle)\b",
    ),
    _row(
        "the exponential of the Fourier transform",
        two_pi=r"e\^\{-?\s*2\s*\\pi\s*i[^}]{0,30}(?:\\xi|\\omega|k)",
        no_two_pi=r"e\^\{-?\s*i\s*(?!\\pi)[^}]{0,20}(?:\\xi|\\omega|k)",
    ),
    _row(
        "the sign of the Laplacian",
        laplace_minus=r"\\Delta\s*(?::=|=)\s*(?:-\s*\\(?:sum|nabla|operatorname|mathrm)|d\s*d\^|d\^\*\s*d)",
        laplace_plus=r"\\Delta\s*(?::=|=)\s*\\(?:sum|nabla|frac|partial)",
    ),
    _row(
        "inner products",
        first=rf"{_LINEAR} first|{_CONJUGATE_LINEAR} second",
        second=rf"{_LINEAR} second|{_CONJUGATE_LINEAR} first",
    ),
    _row(
        "the natural numbers",
        from_zero=r"\\mathbb\{?N\}?\s*(?::=|=)\s*\\\{\s*0\s*,",
        from_one=r"\\mathbb\{?N\}?\s*(?::=|=)\s*\\\{\s*1\s*,",
    ),
    _row(
        "the signature of the metric",
        mostly_minus=r"\(\s*\+\s*,\s*-\s*,\s*-\s*,\s*-\s*\)",
        mostly_plus=r"\(\s*-\s*,\s*\+\s*,\s*\+\s*,\s*\+\s*\)",
    ),
    _row(
        "the Riemann sphere",
        c_infty=r"\\mathbb\{?C\}?_\{?\\infty",
        c_hat=r"\\(?:wide)?hat\{?\s*\\mathbb\{?C",
        p_one=r"\\mathbb\{?(?:C\}?\\mathbb\{?)?P\}?\^\{?1",
    ),
    _row("the adjoint of an operator", star=r"\b[TAL]\^\{?\*(?!\w)", dagger=r"\b[TAUL]\^\{?\\dagger"),
    _row("the transpose", top_t=r"\b[A-Zvx]\^\{?T\b", top_sign=r"\b[A-Zvx]\^\{?\\top", top_small=r"\b[A-Z]\^\{?t\b"),
    _row(
        "the inverse temperature",
        beta=r"\\beta\s*(?::=|=)\s*(?:1\s*/\s*\(?|\\frac\{1\}\{)\s*k_\{?B",
        beta_k=r"\\beta\s*(?::=|=)\s*(?:1\s*/\s*\(?|\\frac\{1\}\{)\s*k\s*T",
        beta_one=r"\\beta\s*(?::=|=)\s*(?:1\s*/\s*|\\frac\{1\}\{)\s*T",
    ),
)
