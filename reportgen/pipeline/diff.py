"""Two models held against each other without a report: from specs and sources, which are traced, or from records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import ModelError, SpecError
from reportgen.record.locate import find_source
from reportgen.system.files import is_folder, replace_whole

if TYPE_CHECKING:
    from reportgen.record.architecture import ArchitectureChange, WeightMoves
    from reportgen.record.run import RunRecord
    from reportgen.record.trace import ModelTrace, Shape
    from reportgen.report.model import FigureFile, Skipped

SPECS = (".yaml", ".yml")
SOURCE = re.compile(r"[^/\\:]{2,}:.|.*\.py:.", re.DOTALL)
"""What a `model.source` looks like and no path does: a library, a .py file or a package, a colon, a name."""
CIFAR_IMAGE = (1, 3, 32, 32)


@dataclass(frozen=True)
class Side:
    """One of the two models."""

    name: str
    """As it was given."""
    trace: ModelTrace
    record: RunRecord | None = None
    """Where it was read from one."""


@dataclass(frozen=True)
class Diff:
    """Two models and what became of the one in the other."""

    before: Side
    after: Side
    change: ArchitectureChange
    weights: WeightMoves | None = None
    """Between two records that hold what this needs."""


def diff(before: Path, after: Path, shape: Shape | None = None) -> Diff:
    """Compare two specs, records, reports' folders, PDFs or sources such as `torchvision:resnet18`.

    `shape`: of the image that specs and sources are traced on; None: as the spec says, and beside a record that of the
    record. A source gets the number of classes of the model beside it, and so does a spec whose data alone would tell.
    Raises RecordError where there is none, SpecError and ModelError for a model that can't be traced.
    """
    from reportgen.comparison.architecture import compare_architectures
    from reportgen.comparison.weight_moves import compare_weights

    paths = (before, after)
    sides = {place: read_side(path) for place, path in enumerate(paths) if not is_traced(path)}
    known = shape or next((side.trace.input_shape for side in sides.values()), None)
    beside = next((classes_of(side.trace) for side in sides.values()), None)
    sides |= {place: trace_side(path, known, beside) for place, path in enumerate(paths) if path.suffix in SPECS}
    other = next((side.trace for side in sides.values()), None)
    sides |= {place: source_side(path, shape, other) for place, path in enumerate(paths) if place not in sides}
    one, two = sides[0], sides[1]
    weights = compare_weights(one.record, two.record) if one.record is not None and two.record is not None else None
    return Diff(one, two, compare_architectures(one.trace, two.trace), weights)


def trace_model(given: str, shape: Shape | None = None) -> ModelTrace:
    """One model, given as one of the two of `diff`; what is no file or folder is a source.

    Raises RecordError where there is none, SpecError and ModelError for a model that can't be traced, or for a record
    and a `shape`.
    """
    path = Path(given)
    if path.suffix in SPECS:
        return trace_side(path, shape).trace
    if path.is_dir() or path.suffix == ".pdf":
        if shape is not None:
            raise SpecError(f"{path} already holds a trace", "Leave out --input, or give the spec or the model.")
        return read_side(path).trace
    from reportgen.experiment.inspect import trace_source

    with on_image(shape or CIFAR_IMAGE):
        return trace_source(given, shape or CIFAR_IMAGE)


def is_traced(path: Path) -> bool:
    """Whether there is no record at a path, but a spec or the source of a model."""
    return path.suffix in SPECS or is_model_source(path)


def is_model_source(path: Path) -> bool:
    """Whether what was given is a model as in `model.source`, and no file or folder of that name."""
    return SOURCE.match(str(path)) is not None and not path.exists()


def read_side(path: Path) -> Side:
    """A model as a record has it."""
    record = find_source(path).load().record
    return Side(str(path), record.trace, record)


def trace_side(path: Path, shape: Shape | None, classes: int | None = None) -> Side:
    """A model as a spec describes it, traced now, for so many `classes` where only its data would tell."""
    from reportgen.plugins import load_plugins
    from reportgen.spec import open_spec

    source = open_spec(path)
    from reportgen.experiment.inspect import trace_spec

    with source.located(), on_image(shape):
        return Side(str(path), trace_spec(source.spec, source.base, load_plugins(source.spec.plugins), shape, classes))


def source_side(path: Path, shape: Shape | None, other: ModelTrace | None) -> Side:
    """A model as in `model.source`, traced on the image of the model beside it and for as many classes."""
    from reportgen.experiment.inspect import trace_source

    classes = classes_of(other) if other is not None else None
    image = shape or (other.input_shape if other else CIFAR_IMAGE)
    with on_image(image):
        return Side(str(path), trace_source(str(path), image, classes))


@contextmanager
def on_image(shape: Shape | None) -> Iterator[None]:
    """Where a model does not take an image of this shape, say which option gives another; None: its spec gave it."""
    try:
        yield
    except ModelError as error:
        if shape is not None and "image_size" in error.hint:
            size = "×".join(map(str, shape[1:]))
            error.hint = (
                f"It was traced on an image of {size}: give the shape that it takes, such as --input 1,3,224,224. "
                "Where two models are held against each other, it is the image of both, but of one read from a record."
            )
        raise


def classes_of(trace: ModelTrace) -> int | None:
    """How many classes a model tells apart, by the width of its first output that is a row an image."""
    return next((output[-1] for output in trace.output_shapes if len(output) == 2), None)


def check_drawing_file(path: Path) -> None:
    """Raise SpecError, before any work, for a file that no drawing can be written to."""
    if is_folder(path):
        raise SpecError(f"{path} is a folder", "Give a file, such as diff.svg.")
    if path.suffix.lower() != ".svg":
        raise SpecError(f"{path}: drawings are written as SVG", f"Give a name that ends in .svg: {path.stem}.svg")
    if not is_folder(path.parent):
        raise SpecError(f"there is no folder {path.parent}", "Make it first, or choose another place.")


def draw_diff(found: Diff) -> FigureFile:
    """Both models as one drawing."""
    from reportgen.figures.baseline_architecture import draw_change

    return draw_change(found.change)


def draw_model(trace: ModelTrace) -> FigureFile | Skipped:
    """The architecture of one model."""
    from reportgen.figures.diagram import whole_figure

    return whole_figure(trace)


def write_drawing(figure: FigureFile, path: Path) -> None:
    """A drawing as a file of its own; what was there stays until the new one is whole. Raises EnvironmentTrouble."""
    from reportgen.outputs.figures import stand_alone

    replace_whole(path, stand_alone(figure))
