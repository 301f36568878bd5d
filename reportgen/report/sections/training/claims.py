"""What the report claims of the training pass."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, UNDECIDED, Claim, ErrorRate

SEEDS = Claim("training.seeds", ESTIMATE)
DIVERGED_SEEDS = Claim("training.diverged_seeds", FACT)
TEACHER_OPEN = Claim("training.teacher_open", UNDECIDED)
TEACHER_BETTER = Claim(
    "training.teacher_better", "teacher and student are right equally often", ErrorRate(0.029, 1000, "equal_teacher")
)
TEACHER_WORSE = Claim(
    "training.teacher_worse", "teacher and student are right equally often", ErrorRate(0.02, 1000, "equal_teacher")
)
SILENT_CHANNELS = Claim("training.silent_channels", FACT)
DEACTIVATED = Claim("training.deactivated", FACT)
GRADIENT_BROKEN = Claim("training.gradient_broken", FACT)
GRADIENT_JUMP = Claim("training.gradient_jump", FACT)
UNMOVED = Claim("training.unmoved", FACT)
BLIND = Claim("training.blind", FACT)
GRADIENTS_VANISH = Claim("training.gradients_vanish", FACT)
GRADIENTS_GROW = Claim("training.gradients_grow", FACT)
UPDATES = Claim("training.updates", FACT)
ODD_UPDATES = Claim("training.odd_updates", FACT)
DIVERGED = Claim("training.diverged", FACT)
CLOCK_LENGTH = Claim("training.clock_length", FACT)
CLOCK_END = Claim("training.clock_end", FACT)
GAP_UNSEEN = Claim("training.gap_unseen", UNDECIDED)
FITS_BETTER = Claim(
    "training.fits_better",
    "training and test images are called right equally often",
    ErrorRate(0.028, 1000, "equal_splits"),
)
TEST_EASIER = Claim(
    "training.test_easier",
    "training and test images are called right equally often",
    ErrorRate(0.022, 1000, "equal_splits"),
)
GAP_OPEN = Claim("training.gap_open", UNDECIDED)
IMPROVING = Claim("training.improving", "the accuracy stays as it was", ErrorRate(0.028, 1000, "flat_history"))
WORSENING = Claim("training.worsening", "the accuracy stays as it was", ErrorRate(0.024, 1000, "flat_history"))
PLATEAU = Claim("training.plateau", "the accuracy rises by two points", ErrorRate(0.001, 1000, "rising_history"))
PROGRESS_OPEN = Claim("training.progress_open", UNDECIDED)
SPEED = Claim("training.speed", FACT, always=True)
LONGEST_STAGE = Claim("training.longest_stage", FACT, always=True)
