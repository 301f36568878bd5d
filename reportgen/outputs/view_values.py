"""What a template is handed in the place of an object: its values by name, and nothing that can be done with it.

Imports nothing heavy, because the process that fills in a user's own templates imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, overload

from jinja2 import TemplateRuntimeError


class View:
    """The values of one object as attributes. It can't be changed, has no methods, and can be sent to a process.

    What a template must not see stands under names that begin with an underscore, which no template can read.
    """

    def __init__(self, kind: str, values: Mapping[str, Any], skipped: bool = False) -> None:
        vars(self).update(values, _kind=kind, _skipped=skipped)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name} can't be set: what a template sees is not changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name} can't be removed: what a template sees is not changed")

    def __str__(self) -> str:
        return f"<{vars(self)['_kind']}>"

    __repr__ = __str__


class SequenceView(View):
    """The values of an object that is a sequence too, such as a table, which is one of rows."""

    _items: tuple[Any, ...]

    def __init__(self, kind: str, values: Mapping[str, Any], items: tuple[Any, ...]) -> None:
        super().__init__(kind, {**values, "_items": items})

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Any, ...]: ...
    def __getitem__(self, place: int | slice) -> Any:
        return self._items[place]


class LazyView(View):
    """A view for our own templates, in this process: what no template asks for is never made, such as an image for
    paper while a page for the screen is written."""

    def __init__(self, kind: str, names: tuple[str, ...], make: Callable[[str], Any], skipped: bool = False) -> None:
        View.__init__(self, kind, {"_names": names, "_make": make}, skipped)

    def __getattr__(self, name: str) -> Any:
        held = vars(self)
        if name not in held["_names"]:
            raise AttributeError(name)
        value = held[name] = held["_make"](name)
        return value

    def __dir__(self) -> list[str]:
        return list(vars(self)["_names"])


class LazySequenceView(LazyView, SequenceView):
    """The same of a sequence; `_items` is one of its names."""

    def __init__(self, kind: str, names: tuple[str, ...], make: Callable[[str], Any], skipped: bool = False) -> None:
        LazyView.__init__(self, kind, (*names, "_items"), make, skipped)


class Unprintable:
    """A value that could not be made, which fails where a template prints it and not before."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __str__(self) -> str:
        raise TemplateRuntimeError(self._reason)

    __html__ = __str__


def is_skipped(thing: object) -> bool:
    """Whether a view is one of something that could not be made."""
    return isinstance(thing, View) and bool(vars(thing)["_skipped"])
