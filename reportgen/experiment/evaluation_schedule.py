"""When a training pass is looked at on its way, and on which pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from reportgen.experiment.datasets.loaded import LoadedData, stratified_rows
from reportgen.experiment.train import Plan
from reportgen.spec.types import RunSpec

FEWEST_ROWS, ENOUGH_ROWS, BOUNDED_ROWS, MOST_ROWS = 5, 3, 30, 100
LOOK_SHARE = 0.15
"""Of the time of the steps between two looks at the accuracy that a look may cost."""
LOOK_IMAGES = (100, 2000)


@dataclass
class Looks:
    """When and on which pictures the accuracy is looked at on the way."""

    number: int
    train_rows: torch.Tensor
    test_rows: torch.Tensor
    taken: int = 0

    @classmethod
    def plan(cls, data: LoadedData, run: RunSpec, plan: Plan) -> Looks:
        """One look an epoch, but five where there are less than three epochs or their number is open.

        At most a hundred, or thirty when a time budget may end the pass before its planned end.
        """
        whole = round(plan.epochs)
        bounded = run.max_minutes is not None
        planned = not bounded or run.epochs is not None or run.steps is not None
        number = min(whole, BOUNDED_ROWS if bounded else MOST_ROWS) if planned and whole >= ENOUGH_ROWS else FEWEST_ROWS
        between = min(plan.steps / number, plan.per_epoch) * plan.batch
        images = int(min(max(LOOK_SHARE * between * 3 / 2, LOOK_IMAGES[0]), LOOK_IMAGES[1]))
        return cls(number, rows_for(data.train_labels, images), rows_for(data.test_labels, images))

    def fit(self, trained: int, cost: float) -> None:
        """Before the first look: no larger a sample than `trained` pictures allow, when evaluating one of them takes
        `cost` of the time of training it. A time budget reaches fewer steps between looks than were planned."""
        images = max(LOOK_IMAGES[0], int(LOOK_SHARE * trained / (2 * cost)))
        self.train_rows, self.test_rows = self.train_rows[:images], self.test_rows[:images]

    def due(self, share: float) -> bool:
        """Whether another look is due, with so much of the pass done."""
        if share * self.number + 1e-9 < self.taken + 1:
            return False
        self.taken = int(share * self.number + 1e-9)
        return True


def rows_for(labels: torch.Tensor, images: int) -> torch.Tensor:
    """A fixed sample of rows with equal shares of the classes."""
    return torch.from_numpy(stratified_rows(labels.numpy(), images, seed=1))
