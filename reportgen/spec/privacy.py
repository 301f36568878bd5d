"""What a record, and so a report, must not tell: absolute paths, which name users and machines, and credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

HIDDEN = "…"
"""Stands where a credential stood."""
ALWAYS = re.compile(r"(^|[\W_])(password|passwd|passphrase|pwd|secret|credentials?)s?$", re.IGNORECASE)
"""Names of arguments whose values are never shown."""
OF_TEXT = re.compile(r"(^|[\W_])(token|(api|access|secret|private|auth)?_?key|auth|authorization)$", re.IGNORECASE)
"""Names of arguments whose values are not shown where they are text: `num_tokens: 4` is no credential."""
TOKEN = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{8,}|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{12,}|sk-[\w-]{16,}"
    r"|xox[abprs]-[\w-]{10,}|A[KS]IA[0-9A-Z]{12,}|AIza[\w-]{30,}|npm_\w{20,}|pypi-[\w-]{16,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
"""Credentials of well-known services, by how they begin."""
USER_IN_ADDRESS = re.compile(r"(?<=://)[^/\s@]+@")
FILE_ADDRESS = re.compile(r"\bfile:/{2,3}(?=[/\w])")
PATH = re.compile(
    r"""(?<![\w:/\\.$}\-~])(?:~[\w.-]*|[A-Za-z]:)?[/\\](?:[^\s'",;:{}\[\]/\\]+[/\\])*([^\s'",;:{}\[\]/\\]+)"""
)
"""An absolute path inside a text, or one from somebody's home; its last part is a group."""
PAIR = re.compile(r"""([\w.-]+)(\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,}\]]+)""")


def is_absolute_text(text: str) -> bool:
    """Whether a text is, as a whole, a path that tells something of a machine: from the root, a drive or a home."""
    bare = text.strip().strip("'\"")
    rooted = bare.startswith(("/", "~", "\\\\")) or PureWindowsPath(bare).drive != ""
    return rooted and "\n" not in bare and not bare.startswith("//")


def without_secrets(value: Any, name: str = "") -> Any:
    """A value of a spec as a record may hold it: of absolute paths the last part, of credentials nothing.

    `name`: the key that it stands under.
    """
    if ALWAYS.search(name) or (OF_TEXT.search(name) and isinstance(value, str)):
        return HIDDEN
    if isinstance(value, Mapping):
        return {clean_text(str(key)): without_secrets(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(without_secrets(one, name) for one in value)
    if not isinstance(value, str):
        return value
    return last_part_of(value) if is_absolute_text(value) else clean_text(value)


def last_part_of(text: str) -> str:
    """The last part of a path of any system."""
    bare = text.strip().strip("'\"")
    return clean_text(PureWindowsPath(PurePosixPath(bare).name).name)


def clean_text(text: str) -> str:
    """A text without absolute paths, without users in addresses and without tokens."""
    text = USER_IN_ADDRESS.sub("", FILE_ADDRESS.sub("/", text))
    return TOKEN.sub(HIDDEN, PATH.sub(lambda match: match[1], text))


def clean_override(item: str) -> str | None:
    """`KEY=VALUE` of the command line as a record may hold it; None where nothing of the value may be told."""
    key, _, value = item.partition("=")
    if is_absolute_text(value) or without_secrets("", key.rpartition(".")[2]) == HIDDEN:
        return None

    def replacement(match: re.Match[str]) -> str:
        bare = match[3].strip("'\"")
        clean = without_secrets(bare, match[1])
        return match[0] if clean == bare else f"{match[1]}{match[2]}{clean}"

    return f"{key}={clean_text(PAIR.sub(replacement, value))}"
