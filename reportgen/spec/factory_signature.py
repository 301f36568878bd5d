"""What a model's factory takes: read from the text of its file, without running any of it, and compared with the
arguments that a spec gives."""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError
from reportgen.spec.model_code import ModelCode, find_module, outer_nodes, parse
from reportgen.text.suggest import nearest

CLASS_ARGUMENTS = (
    *("num_classes", "n_classes", "classes", "num_labels", "num_class", "class_num", "nb_classes", "n_class"),
    *("nclasses", "nclass", "nb_class", "classes_num", "class_count", "number_of_classes", "num_cls", "n_labels"),
    *("out_classes", "output_classes", "numclasses", "numclass", "n_cls", "cls_num", "num_categories"),
)
"""Names under which a factory may take the class count, the usual one first; none that may mean something else."""
TRANSPARENT = ("register_model", "no_grad", "inference_mode", "lru_cache", "cache", "override", "final")
"""Decorators that leave what a function takes as it is."""
FARTHEST = 8
"""Names that are followed from one to the next."""
INSTANCE = re.compile(r"(torch\.)?nn\.[A-Z]\w*")
"""How a text makes a model of one of torch's own classes, which is ready and takes no arguments."""
MODULES = ("Module", "nn.Module", "torch.nn.Module")
"""How a class's text calls torch's own base class, which takes no arguments."""


def class_argument_of(parameters: Mapping[str, Parameter]) -> str | None:
    """The parameter that is the class count, by its name; None where none is called so.

    Capitals don't count (numClasses), and neither does a parameter whose default is no number (classes=("cat",)).
    """
    takes = {
        plain(name): name
        for name, parameter in parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY) and is_count(parameter)
    }
    return next((takes[plain(name)] for name in CLASS_ARGUMENTS if plain(name) in takes), None)


def plain(name: str) -> str:
    """A name without capitals and underscores."""
    return name.replace("_", "").lower()


def is_count(parameter: Parameter) -> bool:
    """Whether a parameter's default and annotation leave room for a number."""
    default, text = parameter.default, str(parameter.annotation).lower()
    countable = default in (parameter.empty, None) or (isinstance(default, int) and not isinstance(default, bool))
    return countable and not any(word in text for word in ("list", "sequence", "tuple", "dict", "str", "bool"))


def check_arguments(signature: Signature, source: str, args: Mapping[str, Any]) -> None:
    """Raise ModelError when the arguments don't fit the signature of a factory; `source` names it."""
    try:
        signature.bind(**args)
    except TypeError as error:
        accepted = [name for name, parameter in signature.parameters.items() if parameter.kind != Parameter.VAR_KEYWORD]
        unknown = next((name for name in args if name not in accepted), "")
        hint = nearest(unknown, accepted) if unknown and accepted else f"It takes {signature}."
        raise ModelError(f"model.args do not fit {source}: {error}", hint) from error


def check_text(code: ModelCode, args: Mapping[str, Any], fills_classes: bool) -> None:
    """Raise ModelError when the text of a factory shows that it does not take these arguments.

    `fills_classes`: whether a build adds the number of classes under the name that the factory has for it.
    """
    signature = read_signature(code)
    if signature is None:
        return
    name = class_argument_of(signature.parameters) if fills_classes else None
    given = {**args, name: 1} if name is not None and name not in args else args
    check_arguments(signature, code.label, given)


@dataclass(frozen=True)
class Place:
    """A file whose names are looked up."""

    path: Path
    module: str
    """Its dotted name, of a package's `__init__.py` that of the package."""
    code: ModelCode
    """The code that was asked about."""

    @property
    def package(self) -> str:
        """What its relative imports are relative to."""
        return self.module if self.path.name == "__init__.py" else self.module.rpartition(".")[0]

    def imported(self, node: ast.ImportFrom) -> Place | None:
        """The file that a `from … import` names; None where it is not found."""
        if node.level:
            folder = self.path.parents[node.level - 1] if node.level <= len(self.path.parents) else None
            parts = (node.module or "").split(".") if node.module else []
            return None if folder is None else self.below(folder.joinpath(*parts))
        for home in (*self.code.first_folders, *self.code.last_folders):
            if (near := self.below(home.joinpath(*(node.module or "").split(".")))) is not None:
                return near
        spec = find_module(node.module or "", self.code.base)
        return Place(Path(spec.origin), spec.name, self.code) if spec and spec.origin and spec.has_location else None

    def below(self, stem: Path) -> Place | None:
        """The module or the package of a path without ending."""
        for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if file.is_file():
                return Place(file, stem.name, self.code)
        return None


def read_signature(code: ModelCode) -> Signature | None:
    """What a factory takes; None where its text does not tell, as behind decorators or two definitions of the name."""
    owner, _, name = code.factory.rpartition(".")
    place = Place(code.path, code.module, code)
    if not owner:
        return signature_of(place, name, FARTHEST)
    return signature_in_class(place, owner, name) if "." not in owner else None


def signature_in_class(place: Place, owner: str, name: str) -> Signature | None:
    """What a class method or a static method takes."""
    kind = binding_of(place, owner)
    if not isinstance(kind, ast.ClassDef) or kind.decorator_list:
        return None
    methods = [node for node in kind.body if isinstance(node, ast.FunctionDef) and node.name == name]
    if len(methods) != 1 or len(methods[0].decorator_list) != 1:
        return None
    decorator = last_name(methods[0].decorator_list[0])
    return parameters_of(methods[0].args, decorator == "classmethod") if decorator.endswith("method") else None


def signature_of(place: Place, name: str, left: int) -> Signature | None:
    """What the function or class takes that a name stands for in a file; at most `left` names are followed."""
    bound = binding_of(place, name) if left else None
    if isinstance(bound, ast.FunctionDef):
        known = all(last_name(decorator) in TRANSPARENT for decorator in bound.decorator_list)
        return parameters_of(bound.args, False) if known else None
    if isinstance(bound, ast.ClassDef):
        return signature_of_class(place, bound, left)
    if isinstance(bound, ast.ImportFrom):
        original = next((alias.name for alias in bound.names if (alias.asname or alias.name) == name), name)
        there = place.imported(bound)
        return None if there is None else signature_of(there, original, left - 1)
    if isinstance(bound, ast.Assign):
        return signature_of_value(place, bound.value, left)
    return None


def signature_of_value(place: Place, value: ast.expr, left: int) -> Signature | None:
    """What an expression takes when it is called: another name, or a `partial` of one."""
    if isinstance(value, ast.Name):
        return signature_of(place, value.id, left - 1)
    if isinstance(value, ast.Call) and INSTANCE.fullmatch(ast.unparse(value.func)):
        return Signature()
    if not (isinstance(value, ast.Call) and last_name(value.func) == "partial" and value.args):
        return None
    first, *rest = value.args
    named = {keyword.arg: None for keyword in value.keywords if keyword.arg is not None}
    if not isinstance(first, ast.Name) or len(named) < len(value.keywords) or any_starred(rest):
        return None
    inner = signature_of(place, first.id, left - 1)
    if inner is None:
        return None

    def stub(*_args: Any, **_kwargs: Any) -> None: ...

    stub.__signature__ = inner  # type: ignore[attr-defined]
    try:
        return inspect.signature(functools.partial(stub, *rest, **named))
    except (TypeError, ValueError):
        return None


def signature_of_class(place: Place, kind: ast.ClassDef, left: int) -> Signature | None:
    """What making an instance takes: its `__init__`, or that of its only base class."""
    if kind.decorator_list or kind.keywords:
        return None
    methods = [node for node in outer_of_class(kind) if isinstance(node, ast.FunctionDef)]
    if any(node.name == "__new__" for node in methods) or is_assigned(kind, "__init__"):
        return None
    made_by = [node for node in methods if node.name == "__init__"]
    if made_by:
        alone = len(made_by) == 1 and not made_by[0].decorator_list
        return parameters_of(made_by[0].args, True) if alone else None
    if len(kind.bases) != 1:
        return None
    base = kind.bases[0]
    if ast.unparse(base) in MODULES:
        return Signature()
    return signature_of(place, base.id, left - 1) if isinstance(base, ast.Name) else None


def outer_of_class(kind: ast.ClassDef) -> Iterator[ast.AST]:
    """The nodes of a class's body outside of its functions."""
    for node in kind.body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from outer_nodes(node)


def is_assigned(kind: ast.ClassDef, name: str) -> bool:
    """Whether a class's body gives a name a value."""
    return any(isinstance(node, ast.Name) and node.id == name for node in outer_of_class(kind))


def binding_of(place: Place, name: str) -> ast.stmt | None:
    """The one statement at the top level of a file that binds a name; None where there are several or none.

    Neither where a function or a loop may bind it again, or where anything is put on the class or the function later.
    """
    tree = parse(place.path)
    found: list[ast.stmt] = []
    for node in outer_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found += [node] if node.name == name else []
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.asname or alias.name for alias in node.names]
            found += [node] if name in names or "*" in names else []
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.With | ast.NamedExpr):
            found += [node] if name in stored_names(node) else []  # type: ignore[list-item] # of which one is no statement
    again = any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(tree))
    changed = any(
        isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == name
        for node in ast.walk(tree)
    )
    return found[0] if len(found) == 1 and not (again or changed) else None


def stored_names(node: ast.AST) -> set[str]:
    """The names that a statement gives values, and those changed in their attributes."""
    return {
        part.id for part in (node, *outer_nodes(node)) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name, called or not: `cache` of `functools.cache(...)`."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def any_starred(values: list[ast.expr]) -> bool:
    """Whether a number of arguments is not known."""
    return any(isinstance(value, ast.Starred) for value in values)


def parameters_of(given: ast.arguments, bound: bool) -> Signature | None:
    """The signature of a function's text; `bound`: without the first, which is the instance or the class."""
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    found = [
        made(
            arg, Parameter.POSITIONAL_ONLY if place < len(given.posonlyargs) else Parameter.POSITIONAL_OR_KEYWORD, value
        )
        for place, (arg, value) in enumerate(zip(positional, defaults, strict=True))
    ]
    if bound and not found:
        return None
    found = found[1:] if bound else found
    found += [made(given.vararg, Parameter.VAR_POSITIONAL, None)] if given.vararg else []
    found += [
        made(arg, Parameter.KEYWORD_ONLY, value) for arg, value in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    found += [made(given.kwarg, Parameter.VAR_KEYWORD, None)] if given.kwarg else []
    return Signature(found)


def made(arg: ast.arg, kind: Any, default: ast.expr | None) -> Parameter:
    """One parameter; a default that is no constant is an object that is no number."""
    annotation = Parameter.empty if arg.annotation is None else ast.unparse(arg.annotation)
    value: Any = Parameter.empty
    if default is not None:
        try:
            value = ast.literal_eval(default)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            value = Written(ast.unparse(default))
    return Parameter(arg.arg, kind, default=value, annotation=annotation)


@dataclass(frozen=True)
class Written:
    """A default as its text."""

    text: str

    def __repr__(self) -> str:
        return self.text
