"""What a CI platform and the checkout have to say of a report: whose Markdown its comment is written in, and where the
gates stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reportgen.record.presentation import Presentation
from reportgen.spec.types import ReportSpec

PLATFORMS = {"GITHUB_ACTIONS": "auto", "GITLAB_CI": "gitlab", "BITBUCKET_BUILD_NUMBER": "bitbucket"}
"""Which variable a platform sets; `auto` is drawn as GitHub's, so that a record says the same wherever it is drawn."""


def on_platform(spec: ReportSpec, environment: Mapping[str, str]) -> ReportSpec:
    """The spec with its comment in the form of the platform that this process runs on, where it does not say which."""
    if spec.comment.platform != "auto":
        return spec
    found = next((platform for name, platform in PLATFORMS.items() if environment.get(name)), "auto")
    return spec.model_copy(update={"comment": spec.comment.model_copy(update={"platform": found})})


def in_checkout(presentation: Presentation, path: Path) -> Presentation:
    """The presentation with each gate of the spec in `path` named by its place in the checkout, as platforms name
    files: no folder outside of it is told."""
    name = name_in_checkout(path)
    rules = tuple(
        replace(rule, location=replace(rule.location, file=name))
        if rule.location is not None and rule.location.line is not None
        else rule
        for rule in presentation.gates
    )
    return presentation.model_copy(update={"gates": rules})


def name_in_checkout(path: Path) -> str:
    """A file from the root of the checkout that holds it, with slashes; its name alone where none does."""
    whole = path.resolve()
    root = next((folder for folder in whole.parents if (folder / ".git").exists()), None)
    return whole.relative_to(root).as_posix() if root is not None else path.name
