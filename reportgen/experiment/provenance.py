"""Where a run's numbers come from: versions, commit, command. An allow-list; nothing else about the machine is kept."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from reportgen.spec.privacy import clean_override
from reportgen.system.epoch import now
from reportgen.system.machine import versions

DISTRIBUTIONS = ("torch", "torchvision", "numpy", "scipy", "matplotlib", "weasyprint", "timm")


GIT_SECONDS = 5
HARMLESS = (
    "--no-pager",
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath="),
    *("-c", "core.untrackedCache=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "diff.external="),
    *("-c", "submodule.recurse=false"),
    *("-c", "status.submoduleSummary=false"),
)
"""Options under which git runs no program that a repository's configuration names."""


def created_now() -> str:
    """The time of the run in UTC to the second; SOURCE_DATE_EPOCH when it is set."""
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")


def installed_versions() -> dict[str, str]:
    """Distribution name -> version, of what the numbers depend on and is installed."""
    from reportgen import __version__

    installed = {name: version for name, version in versions(DISTRIBUTIONS).items() if version is not None}
    return {"reportgen-torch": __version__, "python": platform.python_version()} | installed


def platform_name() -> str:
    """System and architecture, such as "Linux x86_64"."""
    return f"{platform.system()} {platform.machine()}"


def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """Commit of the checkout of `folder` and whether tracked files below it differ; (None, None) outside git."""
    commit = git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    own = git(folder, "config", "--local", "--includes", "--name-only", "--get-regexp", r"^filter\.") or ""
    off = [part for name in own.split() for part in ("-c", f"{name.rpartition('.')[0]}.{{}}=")]
    filters = [part.format(key) for key in ("clean", "process") for part in off]
    status = git(
        folder, *filters, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all", "--", "."
    )
    return commit, None if status is None else bool(status)


def git(folder: Path, *arguments: str) -> str | None:
    """What a git command prints, or None where git or the repository is missing or it takes too long.

    A repository can name programs in its configuration that git runs: none of them is, for the folder may have come
    from somebody else.
    """
    try:
        done = subprocess.run(
            ["git", *HARMLESS, "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=True,
            env={
                **os.environ,
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_PAGER": "cat",
                "GIT_NO_LAZY_FETCH": "1",
            },
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()


def rebuild_command(spec_name: str, overrides: Sequence[str]) -> str:
    """The command that makes the report again, from the spec's folder.

    Values that are absolute paths or credentials are left out; of absolute paths inside a value the last part is left.
    """
    kept = [clean for item in overrides if (clean := clean_override(item)) is not None]
    words = ["reportgen", "build", spec_name]
    for item in kept:
        words += ["--set", item]
    return shlex.join(words)
