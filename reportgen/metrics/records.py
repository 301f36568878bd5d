"""The metrics of every report that are counted in the model, timed on this machine, or about training."""

from __future__ import annotations

from reportgen.metrics.computing import RecordMetric
from reportgen.metrics.influence import FEWEST
from reportgen.metrics.intervals import newcombe, wilson
from reportgen.metrics.predictions import Predictions
from reportgen.metrics.values import Ends, value_of
from reportgen.record.latency import Latency
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord, Training


def trained_on(record: RunRecord) -> Training | None:
    """The training of a record, where images of it were counted."""
    return record.training if record.training is not None and record.training.train_n else None


def train_accuracy(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Accuracy on training images, not augmented, of the final weights; None for a model that was not trained."""
    del predictions
    training = trained_on(record)
    if training is None:
        return None
    right, n = training.train_correct, training.train_n
    return value_of("train_accuracy", right / n, wilson(right, n), n, "wilson")


def generalisation_gap(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """The distance of the training accuracy from the test accuracy (Newcombe 1998); without an interval below FEWEST
    images of either, of which it covers in up to 98.7 % of samples."""
    training = trained_on(record)
    if training is None:
        return None
    train = training.train_correct, training.train_n
    test = int(predictions.correct.sum()), predictions.n
    gap, n = train[0] / train[1] - test[0] / test[1], min(train[1], test[1])
    return value_of("generalisation_gap", gap, newcombe(train, test) if n >= FEWEST else None, n, "wilson")


def teacher_accuracy(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Accuracy of the model that this one learnt from, on the same images."""
    del predictions
    teacher = record.training.teacher if record.training else None
    if teacher is None:
        return None
    ends = wilson(teacher.correct, teacher.n)
    return value_of("teacher_accuracy", teacher.correct / teacher.n, ends, teacher.n, "wilson")


def parameters(record: RunRecord, predictions: Predictions) -> MetricValue:
    """Numbers in the model that training may change, and those that are fixed."""
    del predictions
    return value_of("parameters", record.trace.parameters, method="exact")


def macs(record: RunRecord, predictions: Predictions) -> MetricValue:
    """Multiplications with an addition in one forward pass of one image."""
    del predictions
    return value_of("macs", record.trace.macs, method="exact")


def activation_bytes(record: RunRecord, predictions: Predictions) -> MetricValue:
    """What autograd keeps for the backward pass of one image."""
    del predictions
    return value_of("activation_bytes", record.trace.activation_bytes_training, method="exact")


def smallest_batch(record: RunRecord) -> Latency | None:
    """The timing of the smallest batch; None where nothing was timed."""
    return min(record.latency, key=lambda latency: latency.batch_size) if record.latency else None


def timed_value(name: str, value: float | None, ends: Ends, one: Latency) -> MetricValue:
    """A time with its interval between processes, whose number is its n; of one process n is that of its passes, and
    there is no interval."""
    processes = len(one.processes) or 1
    return value_of(name, value, ends, processes if one.processes else one.n, "measured", processes=processes)


def latency_p50(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Median time of a forward pass of the smallest batch."""
    del predictions
    single = smallest_batch(record)
    return timed_value("latency_p50", single.p50_seconds, single.p50_interval, single) if single is not None else None


def latency_p95(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """The time that 95 of 100 such passes stay below."""
    del predictions
    single = smallest_batch(record)
    return timed_value("latency_p95", single.stated_p95, single.p95_interval, single) if single is not None else None


def throughput(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Images a second of the fastest batch size."""
    del predictions
    if not record.latency:
        return None
    fastest = max(record.latency, key=lambda latency: latency.images_per_second)
    return timed_value("throughput", fastest.images_per_second, fastest.throughput_interval, fastest)


def train_seconds(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Time in the steps of training."""
    del predictions
    training = record.training
    return value_of("train_seconds", training.seconds, method="measured") if training is not None else None


def train_images_per_second(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Images a second in the steps of training."""
    del predictions
    training = record.training
    if training is None:
        return None
    return value_of("train_images_per_second", training.images_per_second, method="measured")


def eval_seconds(record: RunRecord, predictions: Predictions) -> MetricValue:
    """Time of the evaluation."""
    del predictions
    return value_of("eval_seconds", record.eval_seconds, method="measured")


METRICS = (
    RecordMetric("train_accuracy", train_accuracy),
    RecordMetric("generalisation_gap", generalisation_gap),
    RecordMetric("teacher_accuracy", teacher_accuracy),
    RecordMetric("parameters", parameters),
    RecordMetric("macs", macs),
    RecordMetric("activation_bytes", activation_bytes),
    RecordMetric("latency_p50", latency_p50),
    RecordMetric("latency_p95", latency_p95),
    RecordMetric("throughput", throughput),
    RecordMetric("train_seconds", train_seconds),
    RecordMetric("train_images_per_second", train_images_per_second),
    RecordMetric("eval_seconds", eval_seconds),
)
