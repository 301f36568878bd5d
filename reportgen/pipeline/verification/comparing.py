"""One file of a report compared with the same file drawn again, in the way that what is known of its drawing allows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reportgen.pipeline.drawing_digest import code_of_drawing
from reportgen.pipeline.verification.by_value import compare_by_value
from reportgen.pipeline.verification.differences import (
    Alteration,
    Compared,
    compare_loosely,
    compare_strictly,
    count_numbers,
)
from reportgen.pipeline.verification.printed import Unreadable
from reportgen.pipeline.verification.reading import read_printed
from reportgen.system.manifest import Manifest


@dataclass(frozen=True)
class Terms:
    """Under which files are compared."""

    version: str
    """Of this reportgen."""
    drawn_by: str = ""
    """The version that drew the report, as most of its files say; empty: this one."""
    other_code: bool = False
    """Whether the code that drew it is known to be another, although the version may be the same."""
    other_look: str = ""
    """Why the words may differ although the version is the same: templates or plug-ins that are not run; else empty."""


def is_of_other_code(manifest: Manifest) -> bool:
    """Whether other code drew what a manifest lists; one that names no code is of code before any was named."""
    return manifest.code != code_of_drawing()


def compare_file(name: str, data: bytes, drawn: bytes, terms: Terms) -> Compared:
    """Compare a file with the same one drawn again."""
    try:
        if data == drawn:
            return Compared(numbers=count_numbers(read_printed(name, drawn, brief=True)))
        printed, expected = read_printed(name, data), read_printed(name, drawn)
    except Unreadable as error:
        return Compared((Alteration(name, str(error)),))
    version = terms.drawn_by or terms.version
    said = printed.version and printed.version != version
    claim = (Alteration(name, f"says that version {printed.version} drew it, others say {version}"),) if said else ()
    if version != terms.version or terms.other_code:
        compared = compare_by_value(name, printed, expected, format_other_code(version, terms.version))
    elif terms.other_look:
        compared = compare_loosely(name, printed, expected, terms.other_look)
    else:
        compared = compare_strictly(name, printed, expected)
    compared = replace(compared, alterations=(*claim, *compared.alterations))
    for place in printed.documents.keys() & expected.documents.keys():
        compared = compared.beside(
            compare_attached(name, place, printed.documents[place], expected.documents[place], terms)
        )
    return compared


def compare_attached(name: str, place: str, data: bytes, drawn: bytes, terms: Terms) -> Compared:
    """Compare a document inside a mail with the same one drawn again, by its own lines and pages."""
    compared = compare_file(f"{place}.pdf", data, drawn, terms)
    placed = [
        replace(one, file=name, place=", ".join(part for part in (place, one.place) if part))
        for one in compared.alterations
    ]
    return replace(
        compared,
        alterations=tuple(placed),
        notes=tuple(f"{name}, {note.replace(f'{place}.pdf', place, 1)}" for note in compared.notes),
    )


def format_other_code(version: str, ours: str) -> str:
    """Which code drew a report, where it is not this one."""
    return (
        f"drawn by version {version}, this is {ours}" if version != ours else "drawn by other code of the same version"
    )
