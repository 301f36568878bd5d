"""What a template may do: read plain values, and call what is listed here. Everything else is refused.

jinja2's own sandbox refuses what is known to be dangerous. This one allows what is known to be harmless, so that an
object that should not be here, and one of a later version of Python or jinja2, gives nothing away.
"""

from __future__ import annotations

from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.filters import FILTERS
from jinja2.runtime import BlockReference, LoopContext, Macro, TemplateReference, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from reportgen.outputs.view_values import View

LARGEST_EXPONENT = 1000
TEXT = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "format",
        "index",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isspace",
        "istitle",
        "isupper",
        "join",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
    ]
)
"""Methods of text; none of them reads or makes anything else. `format` is jinja2's own, which looks into nothing."""
METHODS: dict[type, frozenset[str]] = {
    str: TEXT,
    dict: frozenset({"get", "items", "keys", "values"}),
    tuple: frozenset({"count", "index"}),
    list: frozenset({"count", "index"}),
    Cycler: frozenset({"current", "next", "reset"}),
    Joiner: frozenset(),
    Macro: frozenset({"arguments", "caller", "catch_kwargs", "catch_varargs", "name"}),
    BlockReference: frozenset({"super"}),
    LoopContext: frozenset(
        [
            "changed",
            "cycle",
            "depth",
            "depth0",
            "first",
            "index",
            "index0",
            "last",
            "length",
            "nextitem",
            "previtem",
            "revindex",
            "revindex0",
        ]
    ),
}
"""Attributes of what templates have beside views, by its type."""
LEFT_OUT = frozenset({"attr", "pprint", "random"})
"""Filters of jinja2 that read attributes by computed names, show objects from inside, or differ from time to time."""
GLOBALS = frozenset({"cycler", "dict", "joiner", "namespace", "range"})
"""Of jinja2's own; `lipsum` makes text of any length."""
BY_JINJA = frozenset({"gettext", "ngettext", "pgettext", "npgettext", "_"})
CLASSES = (Cycler, Joiner, Namespace, dict)


class Sandbox(ImmutableSandboxedEnvironment):
    """jinja2's immutable sandbox with lists of what is allowed; a template that Python can't compile is told too."""

    intercepted_binops = frozenset({"**"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters = {name: function for name, function in FILTERS.items() if name not in LEFT_OUT}
        known = GLOBALS | BY_JINJA
        self.globals = {name: value for name, value in self.globals.items() if name in known}

    def compile(
        self, source: Any, name: Any = None, filename: Any = None, raw: Any = False, defer_init: Any = False
    ) -> Any:
        """The code of a template. Raises TemplateSyntaxError."""
        try:
            return super().compile(source, name, filename, raw, defer_init)
        except (RecursionError, SyntaxError) as error:  # brackets, loops or blocks in one another
            raise TemplateSyntaxError("it is nested too deeply", 1, name, filename) from error

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """A power of numbers. Raises SecurityError for one that only a program could want: it would take minutes."""
        if isinstance(right, int | float) and abs(right) > LARGEST_EXPONENT:
            raise SecurityError(f"the exponent {right} is too large for a template")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute where a template may read it; the values of views, which are most, without further questions."""
        if isinstance(obj, View) and not attribute.startswith("_"):
            try:
                return getattr(obj, attribute)
            except AttributeError:
                pass
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may read it: the values of a view, the methods listed, a template's own macros."""
        del value
        if attr.startswith("_"):
            return False
        if isinstance(obj, View | TemplateReference | TemplateModule | Namespace):
            return True
        return any(isinstance(obj, kind) and attr in names for kind, names in METHODS.items())

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether a template may call it: macros, blocks, the words' functions, the methods listed, and what is
        undefined, which says so."""
        if isinstance(obj, Macro | BlockReference | LoopContext | Joiner | Undefined) or any(
            obj is one for one in CLASSES
        ):
            return True
        if isinstance(obj, BuiltinMethodType | MethodType):
            return any(isinstance(obj.__self__, kind) and obj.__name__ in names for kind, names in METHODS.items())
        return any(obj is self.globals.get(name) for name in (*BY_JINJA, "range")) or is_text_format(obj)


def is_text_format(function: object) -> bool:
    """Whether a function is what jinja2 gives for the method `format` or `format_map` of a text."""
    method = getattr(function, "__wrapped__", None) if isinstance(function, FunctionType) else None
    return isinstance(method, BuiltinMethodType | MethodType) and isinstance(method.__self__, str)
