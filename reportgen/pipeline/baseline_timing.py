"""Whether the model of a baseline may be made here, to be timed in turn with this one.

A record is data, whoever sent it: what it names is not run. The model is made from a library that is installed, or by
the factory that this spec names itself and that a build runs anyway; of its arguments the record chooses numbers alone.
More than that is run only where the spec says `baseline.time: true` or names the code, `baseline.code`. The process
that makes it times nothing unless code and parameters are those that the record was measured with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import SpecError, about
from reportgen.pipeline.fingerprint import digest_named, model_sources
from reportgen.record.message import N_, Message
from reportgen.spec.model_code import LIBRARIES, is_code
from reportgen.spec.paths import model_without_paths, resolve_path
from reportgen.spec.types import ModelSpec, ReportSpec
from reportgen.system.digests import DigestMemo

if TYPE_CHECKING:
    from reportgen.experiment.request import BaselineModel
    from reportgen.pipeline.baseline import LoadedBaseline


def choose_model(
    spec: ReportSpec, base: Path, baseline: LoadedBaseline | None, plugins: Collection[str]
) -> BaselineModel | None:
    """The baseline's model as it is made here, or why it is not; None where nothing is to be timed in turn.

    `plugins`: the model sources of plug-ins. Raises SpecError, with its place, for a `baseline.code` that is no folder.
    """
    from reportgen.experiment.request import BaselineModel

    wanted = spec.baseline
    if baseline is None or wanted is None:
        return None
    folder = base if wanted.code is None else find_code_folder(wanted.code, base)
    if not spec.latency_pairs:
        return None
    record = baseline.subject.record
    theirs, mine = record.spec.model, spec.model
    asked = wanted.time is True or wanted.code is not None
    refused = why_not(theirs, mine, plugins, asked=asked)
    model = None if refused is not None else as_made(theirs, mine, own=wanted.code is None)
    return BaselineModel(baseline.digest, record, model, folder, refused, digest_choice(model, folder, refused))


def digest_choice(model: ModelSpec | None, folder: Path, refused: Message | None) -> str:
    """sha256 of how a baseline's model is made, with the code that it is made by, or of why it is not."""
    code = model_sources(model, folder) if model is not None else {}
    parts = {
        "model": model and model.model_dump(mode="json"),
        "code": digest_named(code, DigestMemo.load()),
        "refused": refused and refused.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def find_code_folder(code: Path, base: Path) -> Path:
    """The folder that `baseline.code` names. Raises SpecError where there is none."""
    with about("baseline.code"):
        folder = resolve_path(code, base)
        if not folder.is_dir():
            raise SpecError(
                f"there is no folder {code}", "Name the folder that the paths in the baseline's spec are relative to."
            )
    return folder


def why_not(theirs: ModelSpec, mine: ModelSpec, plugins: Collection[str], *, asked: bool) -> Message | None:
    """Why the baseline's model is not made; None where it may be. `asked`: the spec vouches for what its record is."""
    kind, _, _name = theirs.source.partition(":")
    if kind in plugins or (kind not in LIBRARIES and not is_code(theirs.source)):
        return N_(
            "The baseline’s model comes from a plug-in and can only be timed in the process that loaded the plug-in."
        )
    if asked:
        return None
    known = model_without_paths(mine)
    if kind not in LIBRARIES and theirs.source != known.source:
        return N_(
            "The baseline’s model is code that this spec does not name, and what a record names is not run. "
            "baseline.time: true in the spec has it made and timed."
        )
    same = known.args if theirs.source == known.source else {}
    strange = [name for name, value in theirs.args.items() if not is_plain(value) and same.get(name) != value]
    if strange:
        return N_(
            "The baseline’s model is made with {name} as an argument, which is neither a number nor the same in this "
            "spec. baseline.time: true in the spec has it made and timed.",
            name=strange[0],
        )
    return None


def is_plain(value: Any) -> bool:
    """Whether a value is made of numbers alone, which name no file, no address and no code."""
    if isinstance(value, list | tuple):
        return all(is_plain(one) for one in value)
    return value is None or isinstance(value, bool | int | float)


def as_made(theirs: ModelSpec, mine: ModelSpec, *, own: bool) -> ModelSpec:
    """The baseline's model without its weights; a path or argument that the record could not hold as it was is this
    spec's, where that is written the same in a record. `own`: by the code of this spec."""
    known = model_without_paths(mine)
    args: Mapping[str, Any] = {
        name: mine.args[name] if name in known.args and known.args[name] == value else value
        for name, value in theirs.args.items()
    }
    source = mine.source if own and theirs.source == known.source else theirs.source
    fresh = {"source": source, "args": dict(args), "weights": None, "weights_key": None, "pretrained": None}
    return theirs.model_copy(update=fresh)
