"""reportgen: one command from a model spec to a report in which every number can be trusted.

In Python the same is `reportgen.build`, `render`, `compare`, `verify` and `load_record`; what fails is an error of
`reportgen.errors`. Importing this module loads nothing heavy: the rest is imported when it is first used.
"""

from typing import TYPE_CHECKING, Any

from reportgen.system.version import __version__

if TYPE_CHECKING:
    from reportgen.pipeline.api import Outcome, build, compare, load_record, render, verify

__all__ = ["Outcome", "__version__", "build", "compare", "load_record", "render", "verify"]


def __getattr__(name: str) -> Any:
    """The public functions, imported when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"{__name__}.pipeline.api"), name)
    return found


def __dir__() -> list[str]:
    """The public names too, before they are imported."""
    return sorted({*globals(), *__all__})
