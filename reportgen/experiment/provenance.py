"""Where a run's numbers come from: versions, commit, command. An allow-list; nothing else about the machine is kept."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from reportgen.system.machine import versions

DISTRIBUTIONS = ("torch", "torchvision", "numpy", "scipy", "matplotlib", "weasyprint", "timm")


def created_now() -> str:
    """The time of the run in UTC to the second; SOURCE_DATE_EPOCH when it is set to a number."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(epoch) if epoch.isdigit() else int(time.time())
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
    status = git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return commit, None if status is None else bool(status)


def git(folder: Path, *arguments: str) -> str | None:
    """What a git command prints, or None where git or the repository is missing."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def rebuild_command(spec_name: str, overrides: Sequence[str]) -> str:
    """The command that makes the report again, from the spec's folder; values that are absolute paths are left out."""
    kept = [item for item in overrides if not Path(item.partition("=")[2]).is_absolute()]
    words = ["reportgen", "build", spec_name]
    for item in kept:
        words += ["--set", item]
    return shlex.join(words)
