"""Where a run's numbers come from: versions, commit, command. An allow-list; nothing else about the machine is kept."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.record.message import N_, Message
from reportgen.spec.privacy import clean_override
from reportgen.system.epoch import now
from reportgen.system.machine import versions
from reportgen.system.version import __version__

DISTRIBUTIONS = ("torch", "torchvision", "numpy", "scipy", "matplotlib", "weasyprint", "timm")


GIT_SECONDS = 5
NO_GIT, TOO_SLOW = "no git", "too slow"
"""In the place of what git prints."""
VARIABLES = {
    "GITHUB_SHA": "GITHUB_WORKSPACE",
    "CI_COMMIT_SHA": "CI_PROJECT_DIR",
    "BITBUCKET_COMMIT": "BITBUCKET_CLONE_DIR",
    "BUILD_SOURCEVERSION": "BUILD_SOURCESDIRECTORY",
}
"""Which variable of a CI platform holds the commit, and which the folder that it was checked out into."""
SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
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
    installed = {name: version for name, version in versions(DISTRIBUTIONS).items() if version is not None}
    return {"reportgen-torch": __version__, "python": platform.python_version()} | installed


def platform_name() -> str:
    """System and architecture, such as "Linux x86_64"."""
    return f"{platform.system()} {platform.machine()}"


@dataclass(frozen=True)
class Checkout:
    """What is known of the commit that a folder is at."""

    commit: str | None = None
    dirty: bool | None = None
    """Whether tracked files differ from it."""
    variable: str | None = None
    """Of the CI platform that told it where git did not."""
    refused: Message | None = None
    """Why git did not tell it, a clause."""


def find_commit(folder: Path, environment: Mapping[str, str]) -> Checkout:
    """The commit of the checkout of `folder`, from git, else from the variables of the CI platform that made it.

    A container that runs as another user than the one who checked out is refused by git ("dubious ownership", 2.35.2).
    """
    commit, dirty = git_state(folder)
    if commit is not None or not is_checkout(folder):
        return Checkout(commit, dirty)
    refused = find_refusal(ask_git(folder, "rev-parse", "HEAD").error)
    if refused is None:
        return Checkout()
    told = (
        (name, environment.get(name, ""))
        for name, root in VARIABLES.items()
        if is_inside(folder, environment.get(root, ""))
    )
    variable, commit = next(((name, sha) for name, sha in told if SHA.fullmatch(sha)), (None, None))
    return Checkout(commit, None, variable, refused)


def is_checkout(folder: Path) -> bool:
    """Whether a folder lies in a checkout of git, whatever git itself says."""
    whole = folder.resolve()
    return any((place / ".git").exists() for place in (whole, *whole.parents))


def is_inside(folder: Path, root: str) -> bool:
    """Whether a folder lies in the platform's own checkout; so it is taken where the platform does not say."""
    return not root or folder.resolve().is_relative_to(Path(root).resolve())


def find_refusal(error: str) -> Message | None:
    """Why git told nothing, from what it printed; None of a repository without a commit, which has none to tell."""
    if "dubious ownership" in error or "unsafe repository" in error:
        return N_("its files belong to another user")
    if error == NO_GIT:
        return N_("git is not installed")
    if error == TOO_SLOW:
        return N_("git took too long")
    return N_("git can’t read the repository") if "not a git repository" in error else None


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
    """What a git command prints, or None where git or the repository is missing or it takes too long."""
    return ask_git(folder, *arguments).text


@dataclass(frozen=True)
class Answer:
    """What a git command printed; without a text where it failed."""

    text: str | None
    error: str = ""


def ask_git(folder: Path, *arguments: str) -> Answer:
    """Run a git command.

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
                "LC_ALL": "C",  # the words of an error are read
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_PAGER": "cat",
                "GIT_NO_LAZY_FETCH": "1",
            },
        )
    except FileNotFoundError:
        return Answer(None, NO_GIT)
    except subprocess.TimeoutExpired:
        return Answer(None, TOO_SLOW)
    except subprocess.CalledProcessError as error:
        return Answer(None, error.stderr.decode("utf-8", "replace"))
    except (OSError, ValueError, subprocess.SubprocessError):
        return Answer(None)
    return Answer(done.stdout.decode("utf-8", "replace").strip())


def rebuild_command(spec_name: str, overrides: Sequence[str]) -> str:
    """The command that makes the report again, from the spec's folder.

    Values that are absolute paths or credentials are left out; of absolute paths inside a value the last part is left.
    """
    kept = [clean for item in overrides if (clean := clean_override(item)) is not None]
    words = ["reportgen", "build", spec_name]
    for item in kept:
        words += ["--set", item]
    return shlex.join(words)
