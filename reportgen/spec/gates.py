"""The language of `gates:`: `accuracy >= 0.90`, `ece <= 0.05 confidently`, `class.cat.recall >= 70 %`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reportgen.errors import Location, SpecError, about
from reportgen.text.suggest import nearest

Comparator = Literal[">=", "<=", ">", "<", "==", "!="]
QUOTED = r"\"(?:[^\"\\]|\\.)*\""
"""A part of a name between quotation marks, in which a backslash stands before such a mark of its own."""
RULE = re.compile(
    rf"\s*(?P<metric>class\.(?:{QUOTED}|(?!\").+?)\.(?:recall|precision|f1)(?:\.change)?"
    rf"|(?:[^<>=!\"]|{QUOTED})*(?:[^<>=!\"\s]|{QUOTED}))\s*"
    r"(?P<comparator>>=|<=|==|!=|>|<)\s*"
    r"(?P<bound>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<percent>%)?\s*(?P<word>\S.*?)?\s*",
    re.DOTALL,
)
CLASS = re.compile(r"class\.(?P<name>.+)\.(?P<score>[a-z0-9_]+)", re.DOTALL)
QUOTED_CLASS = re.compile(rf"class\.({QUOTED})(?=\.)", re.DOTALL)
QUOTED_PART = re.compile(rf"(?:(?<=\.)|^){QUOTED}(?=\.|$)", re.DOTALL)
ESCAPED = re.compile(r"\\([\"\\])")
NEEDS_NO_MARKS = re.compile(r"[^\W_][\w-]*(?: [\w-]+)*")
"""A part of a name that can't be read as anything else."""
CLASS_SCORES = ("recall", "precision", "f1")
CHANGES = (".change_ratio", ".change")
CONFIDENTLY = "confidently"
LATENCIES = re.compile(r"(latency|throughput)([._].*)?", re.DOTALL)
"""A number that follows from the times of forward passes."""
RECOMMENDED = "recommended"
"""In the place of rules: those of `recommend`."""
FORM = "Write METRIC >= NUMBER, such as accuracy >= 0.90, and confidently after it to ask the whole interval."
UNCLOSED = "a quotation mark is not closed"
IN_YAML = (
    'Write \\" for such a mark inside of a name. Where a name holds what YAML reads as its own (a comma in a list, a # '
    "after a space, a colon before one), put the whole gate into single quotes."
)


@dataclass(frozen=True)
class Rule:
    """One gate, parsed. In a spec and in a record it is written as its text."""

    text: str
    """As written, outer spaces removed."""
    metric: str
    comparator: Comparator
    bound: float
    confidently: bool
    """True: the whole interval has to fulfil it; False: the point estimate."""
    location: Location | None = field(default=None, compare=False)
    """In the spec's text; None for a rule of a record."""
    position: int | None = field(default=None, compare=False)
    """Of the entry of the spec's list that it comes from, where one entry stands for several; None: its own."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """A text is parsed, and a rule is written out as its text."""
        text = core_schema.no_info_after_validator_function(read_rule, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=text,
            python_schema=core_schema.no_info_wrap_validator_function(keep_rule, text),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda rule: rule.text, return_schema=core_schema.str_schema()
            ),
        )


def keep_rule(value: Any, read: Callable[[Any], Rule]) -> Rule:
    """A rule that is one already, or the one that a text spells."""
    return value if isinstance(value, Rule) else read(value)


PRESET = Rule(RECOMMENDED, RECOMMENDED, ">=", 0.0, False)
"""Stands for the recommended rules until the rest of the spec is known."""


def read_rule(text: str) -> Rule:
    """The rule that a text spells. Raises PydanticCustomError `refused` with message and hint."""
    if text.strip() == RECOMMENDED:
        return PRESET
    try:
        return parse_rule(text)
    except ValueError as error:
        hint = IN_YAML if UNCLOSED in str(error) else FORM
        told = {"message": f"the gate {text!r} can't be read: {error}", "hint": hint}
        raise PydanticCustomError("refused", "{message}", told) from None


def with_recommended(rules: Sequence[Rule], recommended: Sequence[str]) -> tuple[Rule, ...]:
    """The rules with the recommended ones in the place of the word that stands for them."""
    if PRESET not in rules:
        return tuple(rules)
    return tuple(
        replace(rule, position=position)
        for position, entry in enumerate(rules)
        for rule in (map(parse_rule, recommended) if entry == PRESET else (entry,))
    )


def recommend(margin: float | None, duplicates: bool) -> tuple[str, ...]:
    """The rules of `gates: recommended`, each of which fails only where the numbers prove it.

    `margin`: the change of accuracy that does not matter, None where there is no baseline; `duplicates`: whether the
    report counts test images that are training images. Bounds on accuracy and times are not among them: the first only
    the user knows, the second are others on another machine.
    """
    changes = (
        f"accuracy.change > -{margin or 0:g} confidently",
        "ece.change < 0.02 confidently",
        "parameters.change_ratio <= 1.1",
        "macs.change_ratio <= 1.1",
    )
    return (
        "ece <= 0.1 confidently",
        *(("data.duplicates_across == 0",) if duplicates else ()),
        *(changes if margin is not None else ()),
    )


def with_locations(rules: Sequence[Rule], find: Callable[[int], Location | None]) -> tuple[Rule, ...]:
    """The rules with where each stands, told by its number in the spec's list."""
    return tuple(
        replace(rule, location=find(number if rule.position is None else rule.position))
        for number, rule in enumerate(rules)
    )


def parse_rule(text: str) -> Rule:
    """The rule that a text spells.

    Raises ValueError, whose message says what is wrong with it.
    """
    found = RULE.fullmatch(text)
    if found is None:
        raise ValueError(explain(text))
    word = found["word"]
    if word and word.lower() != CONFIDENTLY:
        raise ValueError(f"“{word}” after the number means nothing here")
    comparator: Comparator = found["comparator"]  # type: ignore[assignment]
    bound = float(found["bound"].replace("_", "")) / (100 if found["percent"] else 1)
    if not isfinite(bound):
        raise ValueError(f"{found['bound']} is no number that a computer can hold")
    return Rule(text.strip(), unquoted(found["metric"].strip()), comparator, bound, bool(word))


def unquoted(metric: str) -> str:
    """A name without the quotation marks around parts of it: class."<=50K".recall is class.<=50K.recall.

    Of a class only its name is read so, which may hold dots and marks of its own.
    """
    quoted = QUOTED_CLASS.match(metric)
    if quoted is not None:
        return f"class.{spoken(quoted[1])}{metric[quoted.end() :]}"
    return metric if metric.startswith("class.") else QUOTED_PART.sub(lambda found: spoken(found[0]), metric)


def spoken(quoted: str) -> str:
    """What stands between quotation marks."""
    return ESCAPED.sub(r"\1", quoted[1:-1])


def in_marks(part: str) -> str:
    """A part of a name as a gate can be written with it: between quotation marks where it needs them."""
    if NEEDS_NO_MARKS.fullmatch(part):
        return part
    escaped = part.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def explain(text: str) -> str:
    """Why a text is no rule."""
    if text.replace('\\"', "").count('"') % 2:
        return UNCLOSED
    text = re.sub(QUOTED, "…", text, flags=re.DOTALL)
    parts = re.split(r">=|<=|==|!=|>|<", text)
    if len(parts) == 1:
        return "there is no comparison such as >= in it" if "=" not in text else "write == where two are to be equal"
    if len(parts) > 2:
        return "there is more than one comparison in it; write a rule for each"
    return "there is no metric before the comparison" if not parts[0].strip() else "there is no number after it"


def names_latency(rules: Sequence[Rule]) -> bool:
    """Whether one of the rules names a number that follows from the times of forward passes."""
    return any(LATENCIES.fullmatch(rule.metric) for rule in rules)


def split_change(name: str) -> tuple[str, str]:
    """`accuracy.change` -> ("accuracy", ".change"); other names have no second part."""
    ending = next((ending for ending in CHANGES if name.endswith(ending)), "")
    return name.removesuffix(ending), ending


def check_classes(gates: Sequence[Rule], classes: Sequence[str]) -> None:
    """Raise SpecError, pointing at its line, for a gate on a class that the data set does not have."""
    for number, rule in enumerate(gates):
        found = CLASS.fullmatch(split_change(rule.metric)[0])
        if found is not None and found["name"] not in classes:
            hint = nearest(in_marks(found["name"]), map(in_marks, classes))
            with about(f"gates.{number}"):
                raise SpecError(f"the data has no class {found['name']!r}", hint, rule.location)
