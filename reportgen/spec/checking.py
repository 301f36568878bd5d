"""Nodes -> ReportSpec: pydantic judges, and every complaint is told with its location and in words that help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reportgen.errors import Location, SpecError
from reportgen.spec.keys import homes, model_at
from reportgen.spec.nodes import (
    Entry,
    Listing,
    Mapping,
    Node,
    Path,
    Scalar,
    describe,
    find,
    replace,
    scalar_value,
    value_of,
)
from reportgen.spec.optimizers import OptimizerSpec, hint_for
from reportgen.spec.rules import broken_rules
from reportgen.spec.types import ReportSpec
from reportgen.text.shorten import shorten
from reportgen.text.suggest import nearest

MOST_TOLD = 10
"""Complaints told at once."""
ROUNDS = 200
"""Readings of one spec: each takes one more plain scalar as what its field needs. Far more than there are fields."""
MAIN_KEYS: dict[Path, str] = {
    ("model",): "source",
    ("run", "optimizer"): "name",
    ("run", "loss"): "name",
    ("run", "loss", "teacher"): "source",
    ("comment",): "when",
}
"""Mappings that people shorten to one of their keys."""
TEXT_ERRORS = {"string_type", "path_type"}


@dataclass(frozen=True)
class Complaint:
    """One thing wrong with a spec."""

    location: Location
    message: str
    hint: str


def check(root: Node) -> ReportSpec:
    """The spec that the nodes spell. Raises SpecError with the first complaint, the others in its hint."""
    if not isinstance(root, Mapping):
        message = f"a spec is a mapping of keys such as model: and run:, this is {describe(root)}"
        raise SpecError(message, "Start with: reportgen new -o spec.yaml", root.location)
    for _ in range(ROUNDS):
        try:
            spec = ReportSpec.model_validate(value_of(root))
        except ValidationError as error:
            details = error.errors(include_url=False)
            meant = read_as_meant(root, details)
            if meant is None:
                raise_all([*complaints(root, details)])
                raise AssertionError("a validation error without a complaint") from error
            root = meant
        else:
            raise_all([Complaint(find(root, rule.path)[1], rule.message, rule.hint) for rule in broken_rules(spec)])
            return spec
    raise AssertionError("a spec that never settles")


def raise_all(told: Sequence[Complaint]) -> None:
    """Raise the first complaint in the order of the text, with the others in its hint; nothing when there is none."""
    if not told:
        return
    first, *more = sorted(told, key=lambda item: (item.location.line or 0, item.location.column or 0))
    lines = [first.hint, *(f"Also {item.location}: {item.message}. {item.hint}" for item in more[: MOST_TOLD - 1])]
    if len(more) >= MOST_TOLD:
        lines.append(f"And {len(more) - MOST_TOLD + 1} more.")
    raise SpecError(first.message, "\n".join(lines), first.location) from None


def read_as_meant(root: Node, details: Sequence[ErrorDetails]) -> Node | None:
    """The tree with plain scalars read as their fields need them, or None where that changes nothing.

    `version: 3.10` is the text 3.10, `steps: 1e4` the whole number 10000, and `run:` with nothing after it is empty.
    """
    changed = None
    for detail in details:
        path = node_path(root, detail["loc"])
        node, location = find(changed or root, path)
        if not path or not isinstance(node, Scalar) or not node.plain:
            continue
        value, kind = scalar_value(node.text), detail["type"]
        new: Node
        if kind in TEXT_ERRORS and value is not None:
            new = Scalar(node.text, plain=False, location=node.location)
        elif kind == "int_type" and isinstance(value, float) and value.is_integer():
            new = Scalar(str(int(value)), plain=True, location=node.location)
        elif kind == "model_type" and value is None:
            new = Mapping({}, node.location)
        else:
            continue
        changed = replace(changed or root, path, Entry(location, new))
    return changed


def node_path(root: Node, location: Sequence[str | int]) -> Path:
    """The part of pydantic's location that leads through nodes: names of union members are left out."""
    path: list[str | int] = []
    node: Node | None = root
    for part in location:
        below, _ = find(node, (part,)) if node is not None else (None, root.location)
        if below is not None:
            path.append(part)
            node = below
    return tuple(path)


def complaints(root: Node, details: Sequence[ErrorDetails]) -> Iterator[Complaint]:
    """One complaint for each location, whatever number of union members refused it."""
    by_path: dict[Path, list[ErrorDetails]] = {}
    for detail in details:
        by_path.setdefault(node_path(root, detail["loc"]), []).append(detail)
    for number, (path, several) in enumerate(by_path.items()):
        node, location = find(root, path)
        if isinstance(node, Mapping | Listing) and any(
            longer[: len(path)] == path and longer != path for longer in by_path
        ):
            several = [detail for detail in several if detail["type"] == "missing"]
        for detail in several:
            if detail["type"] == "extra_forbidden":
                yield unknown_key(root, path, location, detail, hinted=number < MOST_HINTED)
            elif detail["type"] == "missing":
                yield missing_key(path, location, detail)
        wrong = [detail for detail in several if detail["type"] not in ("extra_forbidden", "missing")]
        if wrong and not (len(wrong) < len(several) and isinstance(node, Mapping)):
            yield wrong_value(path, node, wrong)


LONGEST_KEY = 80
"""Characters of a key that a message repeats."""


MOST_HINTED = 1000
"""Of complaints: a file of another kind may have 100,000 keys that nobody knows, and ten are told."""


def unknown_key(root: Node, path: Path, location: Location, detail: ErrorDetails, *, hinted: bool) -> Complaint:
    """A key nobody knows: the nearest one that is known, and all of them."""
    where, key = dotted(path[:-1]), shorten(str(path[-1]), LONGEST_KEY)
    message = f"there is no key {key!r} in {where}" if where else f"there is no key {key!r} in a spec"
    if not hinted:
        return Complaint(location, message, "")
    elsewhere = [dotted((*home, key)) for home in homes(key) if home != path[:-1]]
    if elsewhere:
        return Complaint(location, message, f"It belongs to {elsewhere[0]}.")
    model = model_at(detail["loc"][:-1])
    if model is OptimizerSpec:
        name, _ = find(root, (*path[:-1], "name"))
        return Complaint(location, message, hint_for(key, name.text if isinstance(name, Scalar) else None))
    return Complaint(location, message, nearest(key, model.model_fields))


def missing_key(path: Path, location: Location, detail: ErrorDetails) -> Complaint:
    """A key that must be there."""
    name = dotted((*path, detail["loc"][-1]))
    examples = {
        "model": "Add a model: with its source, such as builtin:two_conv.",
        "model.source": "Name one, such as source: torchvision:resnet18.",
    }
    return Complaint(location, f"{name} is missing", examples.get(name, f"Add {detail['loc'][-1]}: to it."))


def wrong_value(path: Path, node: Node | None, details: Sequence[ErrorDetails]) -> Complaint:
    """A value of the wrong kind or out of its limits: what was expected and what was found."""
    assert node is not None
    refused = next((detail["ctx"] for detail in details if detail["type"] == "refused"), None)
    if refused is not None:
        return Complaint(node.location, refused["message"], refused["hint"])
    expected = " or ".join(dict.fromkeys(expectation(detail) for detail in details))
    message = f"{dotted(path)}: expected {expected}, found {describe_found(node, details)}"
    hint = "Change the value, or leave the key out for its default."
    if path in MAIN_KEYS and isinstance(node, Scalar) and node.text:
        hint = f"Write: {path[-1]}: {{{MAIN_KEYS[path]}: {node.text}}}"
    choices = [choice for detail in details for choice in literal_choices(detail)]
    near = nearest(node.text, choices) if choices and isinstance(node, Scalar) else ""
    takes_list = isinstance(node, Scalar) and any(detail["type"] == "tuple_type" for detail in details)
    if near and (not takes_list or near.startswith("Did you mean")):
        hint = near
    elif takes_list and isinstance(node, Scalar):
        hint = f"Write a list: [{node.text or '…'}]."
    elif isinstance(node, Mapping) and path[:1] == ("gates",) and len(path) == 2:
        hint = "Put the whole gate into quotation marks, ' on the outside, where a colon is followed by a space."
    elif isinstance(node, Scalar) and not node.plain and isinstance(scalar_value(node.text), int | float):
        hint = f"Write {node.text} without quotation marks."
    return Complaint(node.location, message, hint)


def describe_found(node: Node, details: Sequence[ErrorDetails]) -> str:
    """A node in an error message; of a list that is too short or too long, its length."""
    long = next((detail["ctx"]["actual_length"] for detail in details if "actual_length" in detail.get("ctx", {})), 0)
    return f"one of {long}" if long else describe(node)


def literal_choices(detail: ErrorDetails) -> list[str]:
    """The words that a literal field takes."""
    if detail["type"] != "literal_error":
        return []
    expected: str = detail["ctx"]["expected"]
    return expected.replace(" or ", ", ").replace("'", "").split(", ")


def expectation(detail: ErrorDetails) -> str:
    """What pydantic expected, as a noun."""
    kind, context = detail["type"], detail.get("ctx", {})
    limits = {
        "greater_than": "a number above {gt}",
        "greater_than_equal": "a number of at least {ge}",
        "less_than": "a number below {lt}",
        "less_than_equal": "a number of at most {le}",
        "too_short": "a list of at least {min_length}",
        "too_long": "a list of at most {max_length}",
        "value_error": "{error}",
    }
    if kind in limits:
        return limits[kind].format_map({key: readable(value) for key, value in context.items()})
    if kind == "literal_error":
        words = literal_choices(detail)
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    nouns = {
        "int": "a whole number",
        "float": "a number",
        "finite": "a finite number",
        "string": "text",
        "bool": "true or false",
        "path": "a path",
        "tuple": "a list",
        "model": "a mapping",
        "dict": "a mapping",
    }
    return nouns.get(kind.partition("_")[0], detail["msg"])


def readable(limit: object) -> str:
    """A limit as people write it: 1 for 1.0, 1,000,000 for 1e6; other things as they are."""
    whole = isinstance(limit, int | float) and limit == int(limit)
    return f"{limit:,.0f}" if whole else str(limit)


def dotted(path: Sequence[str | int]) -> str:
    """A path as people write it: run.optimizer.lr, data.augment[0]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
