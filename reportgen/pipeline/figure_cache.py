"""Drawn figures kept by the digest of their inputs and their code, so that a changed sentence redraws nothing.

Everything that was measured, and how it stands against other records, counts as input of each figure; how the report is
presented does not. The code is that of every module that figures import. Kept in the user's cache folder.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reportgen.pipeline.code_digest import FIGURES, catalogue_digest, code_digest
from reportgen.plugins import FigureKind
from reportgen.record.store import Stored, judgement_digest
from reportgen.report.model import FigureFile, Skipped
from reportgen.system.cache import Cache
from reportgen.system.machine import versions
from reportgen.text.i18n import current_language

LIBRARIES = ("matplotlib", "seaborn", "numpy", "scipy", "pillow", "contourpy", "kiwisolver", "fonttools")
CACHE = Cache("figures", most=40)
"""One file for each record."""
Drawn = dict[str, FigureFile | Skipped]


def draw_once(stored: Stored, names: Sequence[str], extra: Mapping[str, FigureKind]) -> Drawn:
    """The figures of these names, in this order; those drawn before for this record are taken from the cache.

    Figures of plug-ins are always drawn: what they depend on is not known. Without any to draw, matplotlib is not
    imported. Raises what `reportgen.figures.draw` does.
    """
    key = inputs_digest(stored)
    known = load(key)
    missing = [name for name in names if name in extra or name not in known]
    if missing:
        from reportgen.figures import draw

        drawn = draw(stored.subject, missing, extra)
        known |= drawn
        keep(key, {name: figure for name, figure in known.items() if name not in extra and not failed(figure)})
    return {name: known[name] for name in names}


def failed(figure: FigureFile | Skipped) -> bool:
    """Whether an error kept a figure from being drawn, which another time it may not."""
    return isinstance(figure, Skipped) and figure.is_fault


def inputs_digest(stored: Stored) -> str:
    """sha256 of what the figures of a record can depend on; of a presentation they show nothing."""
    parts = (
        stored.digest,
        judgement_digest(stored.subject.judgement.with_gates(())),
        code_digest(*FIGURES),
        current_language(),
        catalogue_digest(current_language()),
        json.dumps(versions(LIBRARIES)),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def load(key: str) -> Drawn:
    """The figures kept for a record by the digest of its inputs; none where there is no file, or a damaged one."""
    try:
        return {name: unpack(fields) for name, fields in json.loads(CACHE.read(key) or b"{}").items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def keep(key: str, figures: Drawn) -> None:
    """Keep the figures of one record; a failure costs only the next drawing's time."""
    text = json.dumps({name: pack(figure) for name, figure in figures.items()})
    CACHE.write(key, text.encode("ascii"))


def pack(figure: FigureFile | Skipped) -> dict[str, Any]:
    """A figure as JSON has it."""
    fields = asdict(figure)
    return fields | {"data": base64.b64encode(figure.data).decode()} if isinstance(figure, FigureFile) else fields


def unpack(fields: dict[str, Any]) -> FigureFile | Skipped:
    """The figure that JSON holds."""
    if "reason" in fields:
        return Skipped(**fields)
    return FigureFile(**fields | {"data": base64.b64decode(fields["data"], validate=True)})
