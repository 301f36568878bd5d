"""Two records that are there already: the candidate's report with its comparison to a baseline."""

from __future__ import annotations

from pathlib import Path

from reportgen.baselines import Opponent, judge
from reportgen.pipeline import Options, Outcome, choose_formats, finish, restyled
from reportgen.progress import Progress
from reportgen.rooms import Rooms
from reportgen.sources import find_source
from reportgen.spec.types import BaselineSpec
from reportgen.workspace import Workspace


def compare(
    baseline: Path, candidate: Path, margin: float | None, out: Path, options: Options, progress: Progress
) -> Outcome:
    """Draw the report of a candidate's record with its comparison to a baseline's, without torch and without the data.

    `margin`: the change of top-1 accuracy that does not matter; None: half a point.
    """
    found, other = find_source(candidate), find_source(baseline)
    record = found.load()
    name = Path(other.name)
    wanted = BaselineSpec(record=name) if margin is None else BaselineSpec(record=name, margin=margin)
    spec = choose_formats(record.spec.model_copy(update={"baseline": wanted}), options.formats)
    rooms = Rooms.open(spec)
    rooms.check(spec)
    opponent = Opponent(other.load(), other.digest, wanted.margin)
    with Workspace(out) as space:
        judged = judge(restyled(record, spec), opponent, rooms.sections, progress)
        return finish(judged, spec, space, rooms, progress, reused=True)
