"""Records made to show one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.metrics import measure
from reportgen.outputs.templating import render_template
from reportgen.plugins import Section
from reportgen.record.run import RunRecord, Split
from reportgen.record.subject import Subject
from reportgen.report.model import Finding, SectionView, Skipped
from reportgen.spec.frozen import Frozen
from tests.support.records import as_subject

Figures = dict[str, Any]


def change(record: RunRecord, **parts: Any) -> RunRecord:
    """The record with some fields of some of its parts replaced; arrays are merged."""
    update = {}
    for name, value in parts.items():
        part = getattr(record, name)
        if name == "arrays":
            update[name] = part.merged(value)
        else:
            update[name] = (
                part.model_copy(update=value) if isinstance(part, Frozen) and isinstance(value, dict) else value
            )
    return record.model_copy(update=update)


def evaluated(
    record: RunRecord, logits: np.ndarray, labels: np.ndarray, classes: tuple[str, ...] | None = None
) -> RunRecord:
    """The record with other outputs and labels, measured again; images are grey."""
    n, names = len(labels), classes or tuple(f"class {index}" for index in range(logits.shape[1]))
    counts = tuple(int(count) for count in np.bincount(labels, minlength=len(names)))
    splits = (
        Split(name="train", n=10 * len(names), available=10 * len(names), counts=(10,) * len(names)),
        Split(name="test", n=n, available=n, counts=counts),
    )
    ids = np.arange(n, dtype=np.int64)
    arrays = {
        "eval.logits": logits.astype(np.float32),
        "eval.labels": labels.astype(np.int64),
        "eval.ids": ids,
        "eval.digests": ids.astype(np.uint64),
        "images": np.full((n, 8, 8, 3), 128, np.uint8),
        "images.ids": ids,
    }
    bare = change(record, data={"classes": names, "splits": splits}, arrays=arrays, training=None, measured=None)
    return bare.model_copy(update={"measured": measure(bare)})


def outputs(predicted: list[int] | np.ndarray, classes: int, confidence: float | np.ndarray) -> np.ndarray:
    """Logits whose softmax gives `confidence` to the predicted class and the rest evenly to the others."""
    n = len(predicted)
    sure = np.broadcast_to(np.asarray(confidence, float), (n,))
    logits = np.repeat(np.log((1 - sure) / max(classes - 1, 1))[:, None], classes, 1)
    logits[np.arange(n), predicted] = np.log(sure)
    return logits


@dataclass(frozen=True)
class Built:
    """A section's view, its findings as one text and its page."""

    view: SectionView

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.view.findings

    @property
    def text(self) -> str:
        """The findings one a line, with plain spaces."""
        return "\n".join(finding.text for finding in self.findings).replace("\u00a0", " ")

    def sentence(self, part: str) -> str:
        """The one finding that holds `part`."""
        found = [line for line in self.text.splitlines() if part in line]
        assert len(found) == 1, f"{part!r} stands in {len(found)} findings:\n{self.text}"
        return found[0]


def build(section: Section, record: RunRecord | Subject, figures: Figures | None = None) -> Built:
    """The view of a record that has one."""
    view = section.build(as_subject(record), figures or {})
    assert not isinstance(view, Skipped), view.reason
    return Built(view)


def page(section: Section, record: RunRecord | Subject, medium: str = "screen", figures: Figures | None = None) -> str:
    """The section's part of the page."""
    view = section.build(as_subject(record), figures or {})
    assert not isinstance(view, Skipped), view.reason
    return render_template(f"sections/{section.name}.html.j2", {"section": view}, medium)  # type: ignore[arg-type]
