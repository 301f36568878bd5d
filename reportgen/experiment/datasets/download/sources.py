"""Who may have an archive, and why nothing more is asked of one of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from reportgen.experiment.datasets.files import Archive
from reportgen.record.message import Message


class GivenUpError(Exception):
    """Why nothing more is asked of a source."""

    def __init__(self, why: Message) -> None:
        super().__init__(why.text)
        self.why = why


class NoSuchPartError(GivenUpError):
    """It does not give the part that was asked for, by its status 416."""


class CutOffError(GivenUpError):
    """The connection ended early; the same source may have the rest."""


@dataclass(frozen=True)
class Source:
    """One place that may have the archive."""

    url: str
    name: str
    """As messages and records call it: a host that is published here, or the variable that names it."""

    @property
    def shown(self) -> str:
        """The address as a terminal may show it, without passwords and tokens."""
        try:
            parts = urlsplit(self.url)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        except ValueError:
            return self.name


def find_sources(archive: Archive) -> list[Source]:
    """The user's own sources, then the published ones."""
    own = os.environ.get(archive.variable, "").split()
    names = [archive.variable if len(own) == 1 else f"{archive.variable} ({row})" for row in range(1, len(own) + 1)]
    found = [Source(url, name) for url, name in zip(own, names, strict=True)]
    return [*found, *(Source(url, name_host(url)) for url in archive.urls)]


def name_host(url: str) -> str:
    """The host of an address without "www.", which a page would take for an address that can be followed."""
    return (urlsplit(url).hostname or url).removeprefix("www.")
