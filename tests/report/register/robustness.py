"""Changed images: records that show each claim."""

from __future__ import annotations

from reportgen.record.run import RunRecord
from reportgen.report.sections.robustness.view import SECTION
from tests.report.register.case import Cases
from tests.support.robustness_facts import checked, preparation, probed

EQUAL = {("gaussian_noise", 5): 0.4, ("fog", 5): 0.4}
CALM = {("gaussian_noise", 5): 0.0, ("fog", 5): 0.01, ("fgsm", 8): 0.0, ("pgd", 8): 0.0}
HALVED = {("gaussian_noise", 5): 0.51, ("fog", 5): 0.1, ("fgsm", 8): 0.0}
MASKED = {("fgsm", 8): 0.9, ("pgd", 8): 0.1}


def cleared(record: RunRecord) -> RunRecord:
    check = checked(preparation(20, 0, 130), preparation(20, 0, 130, name="bytes"))
    return probed(record, check=check.model_copy(update={"complete": True}))


ROBUSTNESS = Cases(
    {
        "plain": lambda record: probed(record, preparation(149, 3, 4), preparation(20, 0, 130, name="bytes")),
        "equal": lambda record: probed(record, wrong=EQUAL),
        "calm": lambda record: probed(record, wrong=CALM),
        "halved": lambda record: probed(record, wrong=HALVED),
        "masked": lambda record: probed(record, wrong=MASKED),
        "flat": lambda record: probed(record, flat=3),
        "wrong way": lambda record: probed(record, check=checked(preparation(190, 45, 5, 0.4))),
        "learned": lambda record: probed(record, check=checked(preparation(20, 0, 130), learned_here=True)),
        "learned, no loss": lambda record: probed(record, check=checked(preparation(150, 3, 3), learned_here=True)),
        "somewhat better": lambda record: probed(record, check=checked(preparation(159, 10, 1))),
        "cleared": cleared,
    },
    {
        "robustness.no_corruption": ("calm", "plain"),
        "robustness.worst": ("plain", "equal"),
        "robustness.loss": ("equal", "calm"),
        "robustness.mean": ("plain", "masked"),
        "robustness.half_kept": ("calm", "plain"),
        "robustness.half_lost": ("plain", "calm"),
        "robustness.half_open": ("halved", "plain"),
        "robustness.shift": ("plain", "calm"),
        "robustness.mirror": ("plain", "calm"),
        "robustness.turn": ("plain", "calm"),
        "robustness.attack_left": ("calm", "plain"),
        "robustness.attack_below": ("plain", "calm"),
        "robustness.flat_gradient": ("flat", "plain"),
        "robustness.masking": ("masked", "plain"),
        "robustness.wrong_preparation": ("wrong way", "plain"),
        "robustness.learned_here": ("learned", "learned, no loss"),
        "robustness.better_preparation": ("somewhat better", "wrong way"),
        "robustness.cleared": ("cleared", "plain"),
        "robustness.not_cleared": ("plain", "cleared"),
    },
    SECTION,
)
