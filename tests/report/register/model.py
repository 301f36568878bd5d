"""The model as it was traced, and the model card: records that show each claim."""

from __future__ import annotations

from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.sections.card import SECTION as CARD_SECTION
from reportgen.report.sections.model.view import SECTION
from tests.figures.graphs import with_graph
from tests.report.register.case import Cases
from tests.report.sections.cases import change
from tests.report.sections.model.test_input_size_findings import RESNET, fitted
from tests.report.sections.model.test_view import reach, trace_of
from tests.report.sections.test_card import ALL
from tests.support.records import module, presented, small_trace


def stretched(record: RunRecord) -> RunRecord:
    pool = module(
        1, "avgpool", "AdaptiveAvgPool2d", 0, 1, input_shapes=((1, 512, 1, 1),), output_shapes=((1, 512, 7, 7),)
    )
    head = module(2, "classifier", "Sequential", 0, 1, parameters=1000, is_leaf=False)
    layer = module(3, "classifier.0", "Linear", 2, 2, parameters=4949, own_parameters=4949)
    return change(fitted(record, None), trace={"modules": (small_trace().modules[0], pool, head, layer)})


def odd(record: RunRecord) -> RunRecord:
    modules = list(small_trace().modules)
    for place in (1, 4):
        modules[place] = modules[place].model_copy(update={"shared": True})
    trace = {
        "modules": tuple(modules),
        "trainable_parameters": 9898 - 448,
        "unused": ("aux.fc",),
        "parameters": 9898 + 100,
        "uncounted": ("grid_sample",),
    }
    return change(record, trace=trace)


def card(record: RunRecord) -> Subject:
    return presented(record, card=ALL)


MODEL = Cases(
    {
        "plain": lambda record: record,
        "cut": lambda record: with_graph(record, reach(("a.weight", True), ("stem.weight", False))),
        "reached": lambda record: with_graph(record, reach(("a.weight", True))),
        "small images": lambda record: fitted(record, RESNET),
        "stretched": stretched,
        "head heavy": lambda record: change(record, trace=trace_of(("stem", 250, 600, 0.6), ("head", 750, 400, 0.4))),
        "slow stem": lambda record: change(
            record, trace=trace_of(("stem", 100, 100, 3.0), ("body", 451, 451, 3.5), ("tail", 449, 449, 3.5))
        ),
        "even": lambda record: change(record, trace=trace_of(("stem", 100, 100, 1.5), ("body", 900, 900, 8.5))),
        "one stage": lambda record: change(
            record, trace={"modules": (small_trace().modules[0].model_copy(update={"is_leaf": True}),)}
        ),
        "kept": lambda record: change(record, trace={"activation_bytes_training": 2**20, "parameter_bytes": 2**24}),
        "evaluated": lambda record: change(record, training=None),
        "odd": odd,
    },
    {
        "model.no_gradient": ("cut", "reached"),
        "model.reach": ("reached", "cut"),
        "model.made_for_larger": ("small images", "plain"),
        "model.stretched": ("stretched", "plain"),
        "model.concentration": ("head heavy", "one stage"),
        "model.work": ("head heavy", "even"),
        "model.time_follows": ("even", "slow stem"),
        "model.time_apart": ("slow stem", "even"),
        "model.memory": ("kept", "evaluated"),
        "model.frozen": ("odd", "plain"),
        "model.tied": ("odd", "plain"),
        "model.unused": ("odd", "plain"),
        "model.uncounted": ("odd", "plain"),
    },
    SECTION,
)
CARD = Cases(
    {"empty": lambda record: presented(record, card={}), "full": card},
    {"card.complete": ("full", "empty"), "card.incomplete": ("empty", "full")},
    CARD_SECTION,
)
