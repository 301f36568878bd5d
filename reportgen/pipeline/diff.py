"""Two models held against each other without a report: from specs, whose models are traced, or from records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import SpecError
from reportgen.record.locate import find_source
from reportgen.system.files import is_folder, replace_whole

if TYPE_CHECKING:
    from reportgen.record.architecture import ArchitectureChange, WeightMoves
    from reportgen.record.run import RunRecord
    from reportgen.record.trace import ModelTrace, Shape
    from reportgen.report.model import FigureFile, Skipped

SPECS = (".yaml", ".yml")


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
    """Hold two specs, records, reports' folders or PDFs against each other.

    `shape`: of the image that specs are traced on; None: as the spec says, and beside a record that of the record.
    Raises RecordError where there is none, SpecError and ModelError for a spec that can't be traced.
    """
    from reportgen.comparison.architecture import compare_architectures
    from reportgen.comparison.weight_moves import compare_weights

    recorded = {place: read_side(path) for place, path in enumerate((before, after)) if path.suffix not in SPECS}
    known = next((side.trace.input_shape for side in recorded.values()), None)
    one, other = (recorded.get(place) or trace_side(path, shape or known) for place, path in enumerate((before, after)))
    both = (one.record, other.record)
    weights = compare_weights(both[0], both[1]) if both[0] is not None and both[1] is not None else None
    return Diff(one, other, compare_architectures(one.trace, other.trace), weights)


def read_side(path: Path) -> Side:
    """A model as a record has it."""
    record = find_source(path).load().record
    return Side(str(path), record.trace, record)


def trace_side(path: Path, shape: Shape | None) -> Side:
    """A model as a spec describes it, traced now."""
    from reportgen.plugins import load_plugins
    from reportgen.spec import open_spec

    source = open_spec(path)
    from reportgen.experiment.inspect import trace_spec

    with source.located():
        return Side(str(path), trace_spec(source.spec, source.base, load_plugins(source.spec.plugins), shape))


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
