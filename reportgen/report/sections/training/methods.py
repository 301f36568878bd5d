"""The methods of the section Training: ways of training, and of counting several trainings, that have a source."""

from __future__ import annotations

from reportgen.metrics.progress import measure_progress
from reportgen.record.run import RunRecord
from reportgen.report.model import MethodNote
from reportgen.text.i18n import _


def training_methods(record: RunRecord) -> list[MethodNote]:
    """Those that this training used."""
    notes, loss = [], record.spec.run.loss
    if record.seeds:
        notes.append(
            MethodNote(
                _("Several seeds"),
                _(
                    "The same spec, trained again with each seed and evaluated on the same images. The interval of "
                    "the mean counts other images (Wilson’s, by how the mean over seeds differs between them) and "
                    "other seeds (Student’s t, of the part that images add to both half subtracted, two fifths with "
                    "two seeds), combined by squares; χ² interval of the standard deviation; 95 %."
                ),
                "Student 1908, The probable error of a mean. Biometrika 6, 1–25. Zou and Donner 2008, Construction of "
                "confidence limits about effect measures: a general approach. Statistics in Medicine 27, 1693–1702.",
            )
        )
    progress = measure_progress(record, record.training) if record.training is not None else None
    if progress is not None and progress.interval is not None:
        notes.append(
            MethodNote(
                _("Progress in the last quarter"),
                _(
                    "Accuracy of the last point of the history minus that of the latest one at or before three "
                    "quarters of the steps, both on the same test images: score interval for paired proportions, "
                    "95\u00a0%, which reaches zero unless the exact McNemar test rejects no change. It is about these "
                    "weights on other images, not about another training."
                ),
                "Tango 1998, Equivalence test and confidence interval for the difference in proportions for the "
                "paired-sample design. Statistics in Medicine 17, 891–908. McNemar 1947, Note on the sampling error of "
                "the difference between correlated proportions or percentages. Psychometrika 12, 153–157.",
            )
        )
    if record.data.mixup is not None:
        notes.append(
            MethodNote(
                _("mixup"),
                _(
                    "Each training batch is mixed with a permutation of itself, images and labels with the same "
                    "weights."
                ),
                "Zhang, Cissé, Dauphin and Lopez-Paz 2018, mixup: beyond empirical risk minimization. ICLR.",
            )
        )
    if record.training is not None and record.training.teacher is not None:
        notes.append(
            MethodNote(
                _("Distillation"),
                _("Divergence from the teacher’s outputs, both softened by the temperature, and the labels."),
                "Hinton, Vinyals and Dean 2015, Distilling the knowledge in a neural network. arXiv 1503.02531.",
            )
        )
    if loss.name == "focal":
        notes.append(
            MethodNote(
                _("Focal loss"),
                _("Negative log-likelihood times (1 − probability of the label) to the power gamma."),
                "Lin, Goyal, Girshick, He and Dollár 2017, Focal loss for dense object detection. ICCV.",
            )
        )
    return notes
