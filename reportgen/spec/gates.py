"""The language of `gates:`: `accuracy >= 0.90`, `ece <= 0.05 confidently`, `class.cat.recall >= 70 %`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reportgen.errors import Location, SpecError, about
from reportgen.text.suggest import nearest

Comparator = Literal[">=", "<=", ">", "<", "==", "!="]
RULE = re.compile(
    r"\s*(?P<metric>class\.(?:\"[^\"]*\"|.+?)\.(?:recall|precision|f1)(?:\.change)?|[^<>=!]*[^<>=!\s])\s*"
    r"(?P<comparator>>=|<=|==|!=|>|<)\s*"
    r"(?P<bound>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<percent>%)?\s*(?P<word>\S.*?)?\s*"
)
CLASS = re.compile(r"class\.(?P<name>.+)\.(?P<score>[a-z0-9_]+)")
QUOTED = re.compile(r'^class\."([^"]*)"\.')
CLASS_SCORES = ("recall", "precision", "f1")
CHANGES = (".change_ratio", ".change")
CONFIDENTLY = "confidently"
FORM = "Write METRIC >= NUMBER, such as accuracy >= 0.90, and confidently after it to ask the whole interval."


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


def read_rule(text: str) -> Rule:
    """The rule that a text spells. Raises PydanticCustomError `refused` with message and hint."""
    try:
        return parse_rule(text)
    except ValueError as error:
        told = {"message": f"the gate {text!r} can't be read: {error}", "hint": FORM}
        raise PydanticCustomError("refused", "{message}", told) from None


def with_locations(rules: Sequence[Rule], find: Callable[[int], Location | None]) -> tuple[Rule, ...]:
    """The rules with where each stands, told by its number."""
    return tuple(replace(rule, location=find(number)) for number, rule in enumerate(rules))


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
    return Rule(text.strip(), unquoted(found["metric"].strip()), comparator, bound, bool(word))


def unquoted(metric: str) -> str:
    """A name without the quotation marks around the class in it: class."<=50K".recall."""
    return QUOTED.sub(r"class.\1.", metric)


def explain(text: str) -> str:
    """Why a text is no rule."""
    parts = re.split(r">=|<=|==|!=|>|<", text)
    if len(parts) == 1:
        return "there is no comparison such as >= in it" if "=" not in text else "write == where two are to be equal"
    if len(parts) > 2:
        return "there is more than one comparison in it; write a rule for each"
    return "there is no metric before the comparison" if not parts[0].strip() else "there is no number after it"


def split_change(name: str) -> tuple[str, str]:
    """`accuracy.change` -> ("accuracy", ".change"); other names have no second part."""
    ending = next((ending for ending in CHANGES if name.endswith(ending)), "")
    return name.removesuffix(ending), ending


def check_classes(gates: Sequence[Rule], classes: Sequence[str]) -> None:
    """Raise SpecError, pointing at its line, for a gate on a class that the data set does not have."""
    for number, rule in enumerate(gates):
        found = CLASS.fullmatch(split_change(rule.metric)[0])
        if found is not None and found["name"] not in classes:
            hint = nearest(found["name"], classes)
            with about(f"gates.{number}"):
                raise SpecError(f"the data has no class {found['name']!r}", hint, rule.location)
