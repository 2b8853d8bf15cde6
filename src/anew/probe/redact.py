"""Takes secrets out of command lines before they are written down, without `re`: it loads slowly.

It is coarser than what the seal does and errs towards hiding.
"""

from __future__ import annotations

REDACTED = "<redacted>"
_SECRET = ("key", "token", "password", "passwd", "passphrase", "secret", "credential", "auth")
_ISSUED = (
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk-", "AKIA", "ASIA", "AIza",
    "ya29.", "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-", "hf_", "sk_live_", "rk_live_", "npm_",
    "pypi-", "SG.", "eyJ",
)  # fmt: skip


def words(argv: list[str]) -> list[str]:
    """Return a command line without what looks like a secret."""
    result, hide = [], False
    for word in argv:
        name, equals, _ = word.partition("=")
        if hide and not word.startswith("--"):
            result.append(REDACTED)
            hide = False
        elif equals and _speaks(name):
            result.append(name + "=" + REDACTED)
        else:
            hide = word.startswith("-") and _speaks(word)
            result.append(_plain(word))
    return result


def _speaks(name: str) -> bool:
    lower = name.lower()
    return name.replace("-", "").replace("_", "").isalnum() and any(
        each in lower for each in _SECRET
    )


def _plain(word: str) -> str:
    if word.startswith(_ISSUED) and len(word) >= 20:
        return REDACTED
    scheme, found, rest = word.partition("://")
    login, at, _ = rest.partition("/")[0].rpartition("@")
    if found and at and login:
        return scheme + found + REDACTED + "@" + rest[len(login) + 1 :]
    return word
