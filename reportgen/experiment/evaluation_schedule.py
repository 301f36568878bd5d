"""When a model is evaluated during its training, and on which images."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from reportgen.experiment.datasets.loaded import LoadedData, stratified_rows
from reportgen.experiment.train import Plan
from reportgen.spec.types import RunSpec

FEWEST_EVALUATIONS, ENOUGH_EPOCHS, BOUNDED_EVALUATIONS, MOST_EVALUATIONS = 5, 3, 30, 100
EVALUATION_SHARE = 0.15
"""Share of the time of the steps between two evaluations that an evaluation may take."""
EVALUATION_IMAGES = (100, 2000)


@dataclass
class EvaluationSchedule:
    """When and on which images the accuracy is measured during training."""

    number: int
    train_rows: torch.Tensor
    test_rows: torch.Tensor
    taken: int = 0

    @classmethod
    def plan(cls, data: LoadedData, run: RunSpec, plan: Plan) -> EvaluationSchedule:
        """One evaluation an epoch, but five where there are less than three epochs or their number is open.

        At most a hundred, or thirty when a time budget may end the pass before its planned end.
        """
        whole = round(plan.epochs)
        bounded = run.max_minutes is not None
        planned = not bounded or run.epochs is not None or run.steps is not None
        number = (
            min(whole, BOUNDED_EVALUATIONS if bounded else MOST_EVALUATIONS)
            if planned and whole >= ENOUGH_EPOCHS
            else FEWEST_EVALUATIONS
        )
        between = min(plan.steps / number, plan.per_epoch) * plan.batch
        images = int(min(max(EVALUATION_SHARE * between * 3 / 2, EVALUATION_IMAGES[0]), EVALUATION_IMAGES[1]))
        return cls(number, rows_for(data.train_labels, images), rows_for(data.test_labels, images))

    def fit(self, trained: int, cost: float) -> None:
        """Before the first evaluation: no larger a sample than `trained` images allow, when evaluating one of them
        takes `cost` of the time of training it. A time budget reaches fewer steps between evaluations than planned."""
        images = max(EVALUATION_IMAGES[0], int(EVALUATION_SHARE * trained / (2 * cost)))
        self.train_rows, self.test_rows = self.train_rows[:images], self.test_rows[:images]

    def due(self, share: float) -> bool:
        """Whether another evaluation is due, with so much of the pass done."""
        if share * self.number + 1e-9 < self.taken + 1:
            return False
        self.taken = int(share * self.number + 1e-9)
        return True


def rows_for(labels: torch.Tensor, images: int) -> torch.Tensor:
    """A fixed sample of rows (images,) with equal shares of the classes."""
    return torch.from_numpy(stratified_rows(labels.numpy(), images, seed=1))
