"""The methods of the section Training: ways of training, and of counting several trainings, that have a source."""

from __future__ import annotations

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
                    "The same spec, trained again with each seed and evaluated on the same images. Student’s t "
                    "interval of the mean over seeds, χ² interval of the standard deviation, 95 %; of other seeds, "
                    "not of other images."
                ),
                "Student 1908, The probable error of a mean. Biometrika 6, 1–25.",
            )
        )
    if record.data.mixup is not None:
        notes.append(
            MethodNote(
                _("mixup"),
                _("Each training batch mixed with itself in another order, images and labels in the same shares."),
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
