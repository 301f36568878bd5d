"""A spec file -> ReportSpec. Every error says where, what and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, Location, ReportgenError, SpecError
from reportgen.spec.checking import check
from reportgen.spec.composer import compose
from reportgen.spec.gates import with_locations
from reportgen.spec.given import given_nodes
from reportgen.spec.nodes import Node, list_locations
from reportgen.spec.nodes import Path as Keys
from reportgen.spec.overrides import apply_overrides, parse_override
from reportgen.spec.types import ReportSpec
from reportgen.system.regular import describe_kind, is_something_else
from reportgen.text.suggest import nearest

MAX_BYTES = 1_000_000
SPEC_SUFFIXES = (".yaml", ".yml")
DRAWN = ("title", "report", "card", "outputs", "gates", "comment", "plugins")
"""Parts of a spec that can change without running the model again."""


@dataclass(frozen=True)
class SpecFile:
    """A spec and where each of its keys stands."""

    path: Path
    spec: ReportSpec
    locations: Mapping[Keys, Location]
    """Keys and positions from the root -> where, of all that is written in the file or on the command line."""

    @property
    def base(self) -> Path:
        """The folder that the spec's paths are relative to."""
        return self.path.parent

    def locate(self, key: str) -> Location | None:
        """Where a dotted key stands, or the nearest key above it; None where nothing does."""
        parts = tuple(int(part) if part.isdigit() else part for part in key.split("."))
        above = (parts[:end] for end in range(len(parts), 0, -1))
        return next((self.locations[keys] for keys in above if keys in self.locations), None)

    @contextmanager
    def located(self) -> Iterator[None]:
        """Give errors that are about a key of the spec its location."""
        try:
            yield
        except ReportgenError as error:
            if error.location is None and error.key:
                error.location = self.locate(error.key)
            raise


def open_spec(path: Path, overrides: Sequence[str] = (), given: Mapping[str, object] | None = None) -> SpecFile:
    """The spec in a file, with `KEY=VALUE` overrides put in, and the location of every key.

    `given`: the spec in Python instead; then `path` only says where its file would be. Raises SpecError with file,
    line and column, or the key in Python, for whatever is wrong with it; EnvironmentTrouble when it can't be read.
    """
    written = parse(read_text(path), str(path)) if given is None else given_nodes(given)
    root = apply_overrides(written, overrides)
    locations = dict(list_locations(root))
    spec = check(root)
    gates = with_locations(spec.gates, lambda number: locations.get(("gates", number), locations.get(("gates",))))
    return SpecFile(path, spec.model_copy(update={"gates": gates}), locations)


def read_spec(path: Path, overrides: Sequence[str] = (), given: Mapping[str, object] | None = None) -> ReportSpec:
    """The spec alone; raises what `open_spec` does."""
    return open_spec(path, overrides, given).spec


def parse(text: str, file: str) -> Node:
    """The nodes of a spec's text. Raises SpecError for a text without any."""
    root = compose(text, file)
    if root is None:
        hint = "It needs a model at least. A spec to start from: reportgen new -o spec.yaml"
        raise SpecError("the spec is empty", hint, Location(file, 1, 1))
    return root


def override_report(spec: ReportSpec, overrides: Sequence[str]) -> ReportSpec:
    """The spec of a record with overrides of what is drawn; SpecError for those of what was measured."""
    for text in overrides:
        path, value = parse_override(text)
        if path[0] in ("model", "data", "run"):
            name = ".".join(str(part) for part in path)
            hint = f"Change it in the spec and build again; a record can be drawn with another {', '.join(DRAWN)}."
            raise SpecError(f"{name} can't change here: the record was measured with it", hint, value.location)
        if path[0] == "baseline":
            hint = "Compare two records with: reportgen compare BASELINE CANDIDATE"
            raise SpecError("the baseline can't change here", hint, value.location)
    if not overrides:
        return spec
    written = spec.model_dump_json()
    return check(apply_overrides(parse(written, "the record's spec"), overrides))


def read_text(path: Path) -> str:
    """The text of a spec file. Raises SpecError when there is none, or when it is too large or not UTF-8."""
    if is_something_else(path) and not path.is_dir():
        raise SpecError(f"{path} is {describe_kind(path)}, not a spec file", "Name a regular file.")
    try:
        if path.exists() and not path.is_dir() and not path.is_file():
            raise SpecError(f"{path} is not a file", "Write the spec into a file: a pipe or a device may have no end.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise SpecError(f"there is no file {path}", suggest_specs(path)) from error
    except IsADirectoryError as error:
        raise SpecError(f"{path} is a folder, not a spec file", suggest_specs(path / "spec.yaml")) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise EnvironmentTrouble(f"{path} can't be read: {reason}", "Check its name and its permissions.") from error
    if len(data) > MAX_BYTES:
        message = f"{path} is larger than {MAX_BYTES:,} bytes"
        raise SpecError(
            message, "A spec is a page or two long; check that this is the right file.", Location(str(path))
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", errors="replace")
        location = Location(str(path), before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise SpecError("the file is not UTF-8 text", "Save it in the encoding UTF-8.", location) from error


def suggest_specs(path: Path) -> str:
    """A hint: the specs in the folder where `path` was looked for, the nearest first."""
    folder = path.parent
    try:
        names = sorted(item.name for item in folder.iterdir() if item.suffix in SPEC_SUFFIXES and item.is_file())
    except OSError:
        return f"There is no folder {folder} either. A spec to start from: reportgen new -o spec.yaml"
    if not names:
        return "There is no .yaml file in that folder. A spec to start from: reportgen new -o spec.yaml"
    return nearest(path.name, names)
