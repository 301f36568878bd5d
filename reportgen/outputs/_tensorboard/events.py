"""Event files in memory, by TensorBoard's own message types; the one door to that library. Needs no TensorFlow.

The same events give the same bytes: times are the caller's, and the maps in messages are written in one order.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event, SourceMetadata
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_DOUBLE, DT_STRING
from tensorboard.plugins.histogram import metadata as histograms
from tensorboard.plugins.hparams import api_pb2, summary_v2
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo
from tensorboard.plugins.image import metadata as images
from tensorboard.plugins.scalar import metadata as scalars
from tensorboard.summary.writer.record_writer import RecordWriter

VERSION = "brain.Event:2"
WRITER = "reportgen"
Value = bool | float | str


class EventFile:
    """One file of one run; what is added is in it in that order."""

    def __init__(self, begun: float) -> None:
        """`begun`: seconds since 1970, of the first event and in the file's name."""
        self.begun = begun
        self._buffer = io.BytesIO()
        self._writer = RecordWriter(self._buffer)
        self._write(Event(wall_time=begun, file_version=VERSION, source_metadata=SourceMetadata(writer=WRITER)))

    @property
    def name(self) -> str:
        """As TensorBoard knows its files; no host and no process in it."""
        return f"events.out.tfevents.{int(self.begun):010d}.{WRITER}"

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self._buffer.getvalue()

    def _write(self, event: Any) -> None:
        self._writer.write(event.SerializeToString(deterministic=True))

    def add(self, values: Sequence[Any], step: int, at: float) -> None:
        """Summary values of one step; `at`: seconds since 1970."""
        self._write(Event(wall_time=at, step=step, summary=Summary(value=list(values))))

    def add_scalars(self, numbers: Mapping[str, float], step: int, at: float) -> None:
        """Numbers by tag, of one step."""
        self.add([Summary.Value(tag=tag, simple_value=number) for tag, number in numbers.items()], step, at)

    def add_summary(self, summary: Any, at: float) -> None:
        """The values of a message that the library made, with the maps in them in one order."""
        for value in summary.value:
            content = value.metadata.plugin_data
            content.content = HParamsPluginData.FromString(content.content).SerializeToString(deterministic=True)
        self.add(summary.value, 0, at)


def make_number(tag: str, number: float, label: str, description: str) -> Any:
    """A number with what people call it and a description."""
    return Summary.Value(tag=tag, simple_value=number, metadata=scalars.create_summary_metadata(label, description))


def make_image(tag: str, png: bytes, size: tuple[int, int], label: str, description: str) -> Any:
    """A PNG of `size` (width, height)."""
    parts = [str(size[0]).encode(), str(size[1]).encode(), png]
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(parts))])
    tensor = TensorProto(dtype=DT_STRING, tensor_shape=shape, string_val=parts)
    return Summary.Value(tag=tag, tensor=tensor, metadata=images.create_summary_metadata(label, description))


def make_histogram(tag: str, counts: NDArray[Any], edges: NDArray[Any], label: str, description: str) -> Any:
    """Counts (k,) between edges (k + 1,)."""
    rows = np.stack([edges[:-1], edges[1:], counts], axis=1).astype("<f8")
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=side) for side in rows.shape])
    tensor = TensorProto(dtype=DT_DOUBLE, tensor_shape=shape, tensor_content=rows.tobytes())
    return Summary.Value(tag=tag, tensor=tensor, metadata=histograms.create_summary_metadata(label, description))


def make_experiment(settings: Mapping[str, Value], metrics: Mapping[str, str], at: float) -> Any:
    """Which settings and metrics the table of runs has; `metrics`: tag -> what people call it."""
    return summary_v2.hparams_config_pb(
        hparams=[summary_v2.HParam(name, summary_v2.Discrete([value])) for name, value in settings.items()],
        metrics=[summary_v2.Metric(tag, display_name=label) for tag, label in metrics.items()],
        time_created_secs=at,
    )


def make_session(settings: Mapping[str, Value], name: str, begun: float) -> Any:
    """The settings of one run."""
    return summary_v2.hparams_pb(dict(settings), trial_id=name, start_time_secs=begun)


def make_end(failed: bool, ended: float) -> Any:
    """That the run is over, and how."""
    status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
    data = HParamsPluginData(session_end_info=SessionEndInfo(status=status, end_time_secs=ended))
    made = Summary.Value(
        tag=hparams.SESSION_END_INFO_TAG, metadata=hparams.create_summary_metadata(data), tensor=hparams.NULL_TENSOR
    )
    return Summary(value=[made])


__all__ = [
    "EventFile",
    "Value",
    "make_end",
    "make_experiment",
    "make_histogram",
    "make_image",
    "make_number",
    "make_session",
]
