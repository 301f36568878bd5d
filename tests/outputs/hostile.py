"""A record whose every text from outside tries to break the page."""

from __future__ import annotations

from typing import Any

from reportgen.record.message import N_, Message
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.spec.frozen import Frozen
from reportgen.spec.types import CardSpec, ReviewSpec
from tests.support.records import presented, small_record

NASTY = (
    "<script>alert(1)</script>",
    "{{7*7}}{% raw %}",
    "猫の写真 🐈",
    "w" * 300,
    '" onload="x',
    "</style><b>&amp;",
    "{braces} %(percent)s",
    "مرحبا",
    "' --> <!--",
    "\\ $x^2$ *md* `code`",
)


def hostile_subject(**drawn: object) -> Subject:
    """The small record with nasty names for classes, layers, card, device, files, notes and title; and what `presented`
    takes."""
    record = small_record(classes=NASTY)
    modules = tuple(
        module.model_copy(update={"name": nasty(i), "path": nasty(i) if i else "", "kind": nasty(i + 1)})
        for i, module in enumerate(record.trace.modules)
    )
    hostile = change(
        record,
        trace={
            "name": NASTY[0],
            "source": f"{NASTY[5]}:{NASTY[1]}",
            "modules": modules,
            "notes": tuple(Message(id=text) for text in NASTY),
        },
        device={"name": NASTY[3], "precision_reason": Message(id=NASTY[4])},
        provenance={"command": " ".join(NASTY), "weights_file": NASTY[0], "weights_sha256": "a" * 64},
        data={
            "title": NASTY[2],
            "description": Message(id=NASTY[0]),
            "licence": NASTY[1],
            "citation": NASTY[5],
            "homepage": "javascript:alert(1)",
            "digests": dict.fromkeys(NASTY, "b" * 64),
            "requested": NASTY[0],
            "fallback_reason": Message(id=NASTY[6]),
        },
        notes=tuple(N_("The pooling after the stem ({pool}) was removed.", pool=text) for text in NASTY),
    )
    texts = [name for name in CardSpec.model_fields if name not in ("review", "dataset")]
    review = ReviewSpec(by=NASTY[8], date="2026-11-30", decision=NASTY[0])
    card = CardSpec(**{name: NASTY[i % len(NASTY)] for i, name in enumerate(texts)}, review=review)
    return presented(hostile, **{"title": " ".join(NASTY), "card": card} | drawn)


def nasty(index: int) -> str:
    """One of the names, by turns; none has a dot, which would be a path."""
    return NASTY[index % len(NASTY)]


def change(record: RunRecord, **parts: Any) -> RunRecord:
    """The record with some fields of some of its parts replaced."""
    update = {}
    for name, value in parts.items():
        part = getattr(record, name)
        update[name] = part.model_copy(update=value) if isinstance(part, Frozen) and isinstance(value, dict) else value
    return record.model_copy(update=update)
