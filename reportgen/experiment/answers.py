"""Whether a model gives an image the same answer twice, and alone as in a batch; and what chance makes of the scores.

Three comparisons, each of which leaves one cause open. The same batch again with other random numbers: chance. The same
batch with the same random numbers and other images at half of its places: the answers at the other places can change by
neighbours alone, as the kernels and the shapes are the same, so that rounding can't. Each image alone: the same by the
size of the batch, above what kernels of another shape round differently.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.evaluate import evaluate, usual_batch
from reportgen.experiment.hooks import after_call, hooked
from reportgen.experiment.models.factories import first_line
from reportgen.experiment.random_numbers import seed_everything
from reportgen.experiment.seeds import relative
from reportgen.experiment.snapshot import preserved, remember_contents
from reportgen.record.answers import AnswerChange, AnswerFacts
from reportgen.record.message import N_, Message
from reportgen.system.memory import is_memory_error
from reportgen.system.signals import INTERRUPTIONS

IMAGES = 64
AGAIN = 12
"""Repeats of a small batch, for chance that strikes a whole batch at once, such as a coin for a flip."""
FEW = 8
DRAWS = 5
"""Evaluations of a model that depends on chance."""
ALONE_MACS = 2e10
"""Multiply-accumulates spent on single images: about a second of two cores; FEW images at least."""
SAME_KERNELS = 100
"""Times the smallest step of the type: what sums in another order, as atomic additions on a GPU, may change."""
OTHER_KERNELS = {"float64": 1e-8, "float32": 5e-3, "bfloat16": 0.1, "float16": 0.1}
"""Relative difference that kernels for another batch may make; on GPUs float32 is computed with 10 bits (TF32)."""

MODAL = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm),
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout, nn.RReLU),
)
"""Layers of PyTorch that compute something else in training mode."""

Logits = NDArray[Any]
GENERATORS = (torch.Generator, np.random.Generator, random.Random)
"""What a model may have its own random numbers of."""


@dataclass(frozen=True)
class Answers:
    """The facts, and the logits of the further evaluations by name, as in AnswerFacts."""

    facts: AnswerFacts | None
    arrays: dict[str, NDArray[Any]]
    note: Message | None = None
    """Why there are no facts."""


NOTHING_ASKED = Answers(None, {})


def check_answers(
    module: torch.nn.Module,
    data: LoadedData,
    device: ComputeDevice,
    macs: int | None,
    seed: int,
) -> Answers:
    """Evaluate up to 64 test images again and alone, and where chance decides, the whole split four times more.

    `macs` of one image, None: unknown. The model is left as it was, and so are the random numbers. Where the model
    raises, which it did not in the evaluation, the facts are missing and a note says why.
    """
    check = AnswerCheck(module, data, device, seed)
    try:
        with preserved(module):
            facts = check.measure(macs)
            arrays = check.draw() if facts.by_chance else {}
    except INTERRUPTIONS:
        raise
    except BaseException as error:  # whatever a model raises; nothing that was measured is lost for it
        reason = f"{type(error).__name__}: {first_line(error)}"
        return Answers(
            None,
            {},
            N_("It is not known whether the same images get the same predictions again: {reason}", reason=reason),
        )
    return Answers(facts.model_copy(update={"draws": 1 + len(arrays)}), arrays)


class AnswerCheck:
    """The evaluations that are compared, of one model in one place."""

    def __init__(self, module: torch.nn.Module, data: LoadedData, device: ComputeDevice, seed: int) -> None:
        self.module, self.data, self.device, self.seed = module, data, device, seed
        total = len(data.test_images)
        self.batch = min(usual_batch(data.test_images, data.normalization), total)
        self.rows = np.unique(np.linspace(0, total - 1, min(IMAGES, total)).round().astype(np.int64))
        self.precision = device.evaluation_precision
        step = float(torch.finfo(device.evaluation_dtype).eps)
        self.same, self.other = min(0.05, SAME_KERNELS * step), OTHER_KERNELS[self.precision]

    def run(self, rows: NDArray[np.int64], seed: int, batch: int | None = None) -> Logits:
        """Logits (n, c) of test images, in one batch where nothing is said, with random numbers from `seed`.

        In several where the images are so large that an evaluation takes fewer at once.
        """
        seed_everything((self.seed * 1000 + seed) % 2**63)
        images = self.data.test_images[torch.from_numpy(rows)]
        together = min(len(rows), self.batch)
        return evaluate(self.module, images, self.data.normalization, self.device, batch_size=batch or together)

    def measure(self, macs: int | None) -> AnswerFacts:
        """Everything but the further evaluations."""
        first, in_training = self.run_watched()
        spread = spread_of(first)
        self.scale = max(spread, float(np.abs(first[np.isfinite(first)]).max(initial=0.0)))
        again = compare(first, self.run(self.rows, 1))
        moves = self.differs(again, self.same) or self.changes_when_repeated()
        by_state = moves and not self.changes_from_its_state()
        by_chance = moves and not by_state
        beside, alone, failed = self.swap(first), None, None
        if not moves:
            alone, failed = self.look_alone(first, macs)
        by_neighbours = beside is not None and self.differs(beside, self.same)
        by_neighbours |= alone is not None and self.differs(alone, self.other)
        return AnswerFacts(
            batch=self.batch,
            spread=spread,
            again=again,
            alone=alone,
            alone_failed=failed,
            others_beside=beside,
            by_chance=by_chance,
            by_state=by_state,
            by_neighbours=by_neighbours,
            in_training=in_training,
        )

    def run_watched(self) -> tuple[Logits, tuple[str, ...]]:
        """The logits of all rows, and which layers were in training mode at the end of a forward pass all the same."""
        found: dict[str, None] = {}

        def look(module: nn.Module, _inputs: Any, _output: Any) -> None:
            found.update(dict.fromkeys(layers_in_training(module)))

        with hooked(after_call(module, look) for module in [self.module]):
            return self.run(self.rows, 0), tuple(found)

    def differs(self, change: AnswerChange, tolerance: float) -> bool:
        """Whether two answers differ by more than rounding."""
        return change.logits > tolerance * self.scale

    def changes_when_repeated(self) -> bool:
        """Whether a small batch, evaluated many times, ever gets another answer."""
        rows = self.rows[:FEW]
        first = self.run(rows, 0)
        return any(self.differs(compare(first, self.run(rows, number)), self.same) for number in range(1, AGAIN))

    def changes_from_its_state(self) -> bool:
        """Whether answers still change where the model is put back to what it was before each of them."""
        rows = self.rows[:FEW]
        first = self.run_from_state(rows, 0)
        changes = (compare(first, self.run_from_state(rows, number)) for number in range(1, AGAIN))
        if any(self.differs(change, self.same) for change in changes):
            return True
        whole = compare(self.run_from_state(self.rows, 0), self.run_from_state(self.rows, 1))
        return self.differs(whole, self.same)

    def run_from_state(self, rows: NDArray[np.int64], seed: int) -> Logits:
        """The same as `run`, after which the model is what it was but for random numbers of its own, which go on."""
        with preserved(self.module):
            logits = self.run(rows, seed)
            values = [value for child in self.module.modules() for value in vars(child).values()]
            moved = [remember_contents(value) for value in values if isinstance(value, GENERATORS)]
        for go_on in moved:
            if go_on is not None:
                go_on()
        return logits

    def swap(self, first: Logits) -> AnswerChange | None:
        """The even places of the batch with other images at the odd ones; None where that can't be told.

        That is where the batch has one image, or where the same random numbers do not give the same answers.
        """
        even = np.arange(len(self.rows)) % 2 == 0
        if even.all() or self.differs(compare(first, self.run(self.rows, 0)), self.same):
            return None
        total = len(self.data.test_images)
        rows = self.rows.copy()
        # of few images one at all places: the same ones in another order have the same mean and deviation
        rows[~even] = rows[0] if total <= 2 * IMAGES else (rows[~even] + 1 + total // 3) % total
        return compare(first[even], self.run(rows, 0)[even])

    def look_alone(self, first: Logits, macs: int | None) -> tuple[AnswerChange | None, Message | None]:
        """As many of the images as a second allows, one by one; or why that does not work."""
        number = int(np.clip(ALONE_MACS / macs if macs else FEW, FEW, IMAGES))
        chosen = np.unique(np.linspace(0, len(self.rows) - 1, min(number, len(self.rows))).round().astype(np.int64))
        try:
            return compare(first[chosen], self.run(self.rows[chosen], 0, batch=1)), None
        except INTERRUPTIONS:
            raise
        except BaseException as error:  # whatever a model raises for a batch of one
            if is_memory_error(error):
                raise
            return None, Message(id=f"{type(error).__name__}: {first_line(error)}")

    def draw(self) -> dict[str, NDArray[np.float16]]:
        """The logits (n, classes) of the further evaluations of the whole test split, by the name of their array."""
        data, found = self.data, {}
        for number in range(1, DRAWS):
            seed_everything(self.seed * 1000 + 500 + number)
            logits = evaluate(self.module, data.test_images, data.normalization, self.device)
            found[f"draw.{number}.logits"] = relative(logits)
        return found


def layers_in_training(module: nn.Module) -> list[str]:
    """Names of the layers in training mode: those of PyTorch that compute something else in it, and the outermost ones
    of others, whose code may."""
    found: list[str] = []
    outer: set[str] = set()
    for path, child in module.named_modules():
        if not getattr(child, "training", False):  # a frozen TorchScript has no mode
            continue
        inside, own = path.rpartition(".")[0] in outer, not type(child).__module__.startswith("torch.")
        if isinstance(child, MODAL) or (own and not inside):
            found.append(path or type(child).__name__)
        if own or inside:
            outer.add(path)
    return found


def spread_of(logits: Logits) -> float:
    """Standard deviation of the logits (n, c) of an image around their mean, averaged."""
    values = np.where(np.isfinite(logits), logits, 0).astype(np.float64)
    return float(values.std(1).mean())


def compare(one: Logits, other: Logits) -> AnswerChange:
    """How far two answers (n, c) to the same images are apart; what is not finite in both is equal."""
    finite = np.isfinite(one) & np.isfinite(other)
    apart = np.where(finite, np.abs(np.where(finite, one, 0.0) - np.where(finite, other, 0.0)), 0.0)
    return AnswerChange(
        images=len(one), changed=float((one.argmax(1) != other.argmax(1)).mean()), logits=float(apart.max(initial=0.0))
    )
