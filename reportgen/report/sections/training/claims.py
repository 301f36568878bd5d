"""What the report claims of the training pass."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, UNDECIDED, Claim, ErrorRate
from reportgen.report.model import Level

SEEDS = Claim("training.seeds", ESTIMATE, level=Level.DECISION)
DIVERGED_SEEDS = Claim("training.diverged_seeds", FACT, level=Level.DECISION)
TEACHER_OPEN = Claim("training.teacher_open", UNDECIDED)
TEACHER_BETTER = Claim(
    "training.teacher_better",
    "teacher and student are right equally often",
    ErrorRate(0.029, 1000, "equal_teacher"),
    level=Level.NEXT,
)
TEACHER_WORSE = Claim(
    "training.teacher_worse",
    "teacher and student are right equally often",
    ErrorRate(0.02, 1000, "equal_teacher"),
    level=Level.USE,
)
SILENT_CHANNELS = Claim("training.silent_channels", FACT, always=True)
DEACTIVATED = Claim("training.deactivated", FACT, level=Level.NEXT)
GRADIENT_BROKEN = Claim("training.gradient_broken", FACT, level=Level.INVALID)
GRADIENT_JUMP = Claim("training.gradient_jump", FACT, level=Level.DECISION)
UNMOVED = Claim("training.unmoved", FACT, level=Level.INVALID)
BLIND = Claim("training.blind", FACT, level=Level.INVALID)
GRADIENTS_VANISH = Claim("training.gradients_vanish", FACT, level=Level.DECISION)
GRADIENTS_GROW = Claim("training.gradients_grow", FACT, level=Level.NEXT)
UPDATES = Claim("training.updates", FACT, always=True)
ODD_UPDATES = Claim("training.odd_updates", FACT, level=Level.NEXT)
DIVERGED = Claim("training.diverged", FACT, level=Level.INVALID)
CLOCK_LENGTH = Claim("training.clock_length", FACT, level=Level.NEXT)
CLOCK_END = Claim("training.clock_end", FACT, level=Level.NEXT)
GAP_UNSEEN = Claim("training.gap_unseen", UNDECIDED)
FITS_BETTER = Claim(
    "training.fits_better",
    "training and test images are called right equally often",
    ErrorRate(0.028, 1000, "equal_splits"),
    level=Level.USE,
)
TEST_EASIER = Claim(
    "training.test_easier",
    "training and test images are called right equally often",
    ErrorRate(0.022, 1000, "equal_splits"),
    level=Level.NEXT,
)
GAP_OPEN = Claim("training.gap_open", UNDECIDED)
IMPROVING = Claim(
    "training.improving", "the accuracy stays as it was", ErrorRate(0.02, 1000, "flat_history"), level=Level.NEXT
)
WORSENING = Claim(
    "training.worsening", "the accuracy stays as it was", ErrorRate(0.023, 1000, "flat_history"), level=Level.NEXT
)
PLATEAU = Claim(
    "training.plateau", "the accuracy rises by two points", ErrorRate(0.021, 1000, "rising_history"), level=Level.NEXT
)
PROGRESS_OPEN = Claim("training.progress_open", UNDECIDED)
SPEED = Claim("training.speed", FACT, always=True)
LONGEST_STAGE = Claim("training.longest_stage", FACT, always=True)
