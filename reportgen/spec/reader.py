"""A spec file -> ReportSpec. Every error says where, what and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, Place, SpecError
from reportgen.spec.checking import check
from reportgen.spec.composer import compose
from reportgen.spec.nodes import Node, find
from reportgen.spec.overrides import apply_overrides, parse_override
from reportgen.spec.types import ReportSpec
from reportgen.text.suggest import nearest

MAX_BYTES = 1_000_000
SPEC_SUFFIXES = (".yaml", ".yml")
DRAWN = ("title", "report", "card", "outputs", "gates", "plugins")
"""Parts of a spec that can change without running the model again."""


def read_spec(path: Path, overrides: Sequence[str] = ()) -> ReportSpec:
    """The spec in a file, with `KEY=VALUE` overrides put in.

    Raises SpecError with file, line and column for whatever is wrong with it; EnvironmentTrouble when it can't be read.
    """
    return check(apply_overrides(parse(read_text(path), str(path)), overrides))


def locate(path: Path, overrides: Sequence[str], key: str) -> Place | None:
    """Where a dotted key stands in a spec or its overrides, or the nearest key above it; None where nothing does."""
    parts = tuple(int(part) if part.isdigit() else part for part in key.split("."))
    root = apply_overrides(parse(read_text(path), str(path)), overrides)
    while parts:
        node, place = find(root, parts)
        if node is not None:
            return place
        parts = parts[:-1]
    return None


def parse(text: str, file: str) -> Node:
    """The nodes of a spec's text. Raises SpecError for a text without any."""
    root = compose(text, file)
    if root is None:
        hint = "It needs a model at least. A spec to start from: reportgen new -o spec.yaml"
        raise SpecError("the spec is empty", hint, Place(file, 1, 1))
    return root


def override_report(spec: ReportSpec, overrides: Sequence[str]) -> ReportSpec:
    """The spec of a record with overrides of what is drawn; SpecError for those of what was measured."""
    for text in overrides:
        path, value = parse_override(text)
        if path[0] in ("model", "data", "run"):
            name = ".".join(str(part) for part in path)
            hint = f"Change it in the spec and build again; a record can be drawn with another {', '.join(DRAWN)}."
            raise SpecError(f"{name} can't change here: the record was measured with it", hint, value.place)
        if path[0] == "baseline":
            hint = "Compare two records with: reportgen compare BASELINE CANDIDATE"
            raise SpecError("the baseline can't change here", hint, value.place)
    if not overrides:
        return spec
    written = spec.model_dump_json()
    return check(apply_overrides(parse(written, "the record's spec"), overrides))


def read_text(path: Path) -> str:
    """The text of a spec file. Raises SpecError when there is none, or when it is too large or not UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise SpecError(f"there is no file {path}", neighbours(path)) from error
    except IsADirectoryError as error:
        raise SpecError(f"{path} is a folder, not a spec file", neighbours(path / "spec.yaml")) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise EnvironmentTrouble(f"{path} can't be read: {reason}", "Check its name and its permissions.") from error
    if len(data) > MAX_BYTES:
        message = f"{path} is larger than {MAX_BYTES:,} bytes"
        raise SpecError(message, "A spec has a page or two; is this the right file?", Place(str(path)))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", errors="replace")
        place = Place(str(path), before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise SpecError("the file is not UTF-8 text", "Save it in the encoding UTF-8.", place) from error


def neighbours(path: Path) -> str:
    """A hint: the specs in the folder where `path` was looked for, the nearest first."""
    folder = path.parent
    try:
        names = sorted(item.name for item in folder.iterdir() if item.suffix in SPEC_SUFFIXES and item.is_file())
    except OSError:
        return f"There is no folder {folder} either. A spec to start from: reportgen new -o spec.yaml"
    if not names:
        return "There is no .yaml file in that folder. A spec to start from: reportgen new -o spec.yaml"
    return nearest(path.name, names)
