"""Every sentence goes through gettext as a whole, and a second language is only a catalogue."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from tests.support.catalogue import FIELD, KEYWORDS, MODULES, ROOT, TEMPLATES, extracted

pytestmark = pytest.mark.slow  # the whole package and all templates are read
FORMS = {"_": 1, "N_": 1, "ngettext": 2, "nN_": 2}
"""How many literals each of the marking functions begins with."""
OWN = {"reportgen/text/i18n.py", "reportgen/record/message.py"}
"""Where they are defined."""
TERMS = {
    "untitled",
    "standard deviation, without an interval because all are equal",
    "no interval",
    "training",
    "test",
    "n\u00a0=\u00a0{n} images",
    "first and last matrix",
    "first and last {count} matrices",
    "first and last {count} matrix",
    "one epoch of training ({time})",
    "original",
    "black",
    "the file",
    "no key",
    "no.\u00a0{index}",
    "parameters {ratio}",
    "one pass",
    "severity {level}",
    "severities {levels}",
    "augmented images",
    "images without augmentation",
    "no training images",
}
"""Terms that stand inside of sentences: noun phrases, and numbers in brackets with what they are."""
ABBREVIATED = {"{height}×{width}, {channels} ch."}
"""Terms that end with the full stop of an abbreviation."""
GLUE = {
    "replace",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "capitalize",
    "title",
    "removeprefix",
    "removesuffix",
    "partition",
    "split",
    "join",
    "format",
}
"""What nobody does to a translated text."""


def is_marked(node: ast.AST) -> bool:
    """Whether a node is a call of one of the marking functions."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORMS


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


@cache
def calls() -> tuple[tuple[str, ast.Call], ...]:
    """("file:line", call) of every marked message of the package."""
    found = []
    for path in MODULES:
        name = path.relative_to(ROOT).as_posix()
        if name not in OWN:
            found += [(f"{name}:{node.lineno}", node) for node in nodes_of(path) if is_marked(node)]
    return tuple(found)  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """The trees of the package are millions of objects, which slow every later search for unreachable ones."""
    yield
    for kept in (messages_inside, parents_of, calls, nodes_of, tree_of):
        kept.cache_clear()


def forms_of(call: ast.Call) -> list[str]:
    """The literals of a message: one, or singular and plural; nothing where they are no literals."""
    assert isinstance(call.func, ast.Name)
    first = call.args[: FORMS[call.func.id]]
    return [part.value for part in first if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def fields_of(text: str) -> set[str]:
    """The names in braces."""
    return {name for _text, name, _spec, _kind in Formatter().parse(text) if name is not None}


def test_every_message_is_a_literal() -> None:
    assert not [place for place, call in calls() if len(forms_of(call)) != FORMS[call.func.id]]  # type: ignore[attr-defined]


def test_babel_finds_every_message_of_the_package() -> None:
    found = Counter(
        (path.relative_to(ROOT).as_posix(), message if isinstance(message, tuple) else (message,))
        for path, _line, message in extracted()
        if path.suffix == ".py" and path.relative_to(ROOT).as_posix() not in OWN
    )
    marked = Counter((place.partition(":")[0], tuple(forms_of(call))) for place, call in calls())
    assert marked - found == Counter()
    assert found - marked == Counter()
    assert found.total() > 1000


def test_babel_finds_every_message_of_the_templates() -> None:
    for path in TEMPLATES:
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        marked = len(re.findall(r"\b(?:_|ngettext)\(", text))
        assert marked == sum(1 for where, *_rest in extracted() if where == path), path.name


def test_every_field_is_given_by_name_and_no_other() -> None:
    wrong = []
    for place, call in calls():
        needed = {name for form in forms_of(call) for name in fields_of(form)}
        given = {keyword.arg for keyword in call.keywords}
        given |= {"count"} if len(forms_of(call)) == 2 and "count" in needed else set()
        wrong += [(place, needed, given)] if needed != given else []
    assert wrong == []


def test_singular_and_plural_have_the_same_fields() -> None:
    pairs = [(place, forms_of(call)) for place, call in calls() if len(forms_of(call)) == 2]
    assert [place for place, (one, many) in pairs if fields_of(one) != fields_of(many)] == []


def test_no_message_begins_or_ends_with_a_space_or_in_the_middle_of_a_sentence() -> None:
    texts = {
        text
        for _path, _line, message in extracted()
        for text in (message if isinstance(message, tuple) else (message,))
    }
    assert [text for text in texts if text != text.strip()] == []
    assert [text for text in texts if text[:1] in ",;.:)" and text != ","] == []


@cache
def parents_of(path: Path) -> dict[ast.AST, ast.AST]:
    return {child: node for node in nodes_of(path) for child in ast.iter_child_nodes(node)}


def above(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    """What a node stands in, from the inside out, up to its statement."""
    while not isinstance(node, ast.stmt | ast.Lambda | ast.comprehension):
        node = parents[node]
        yield node


def is_glue(node: ast.AST) -> bool:
    """Whether a node joins texts, or changes one."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in GLUE
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Attribute) and node.attr in GLUE)


def test_nothing_is_done_to_a_message_afterwards() -> None:
    wrong = []
    for path in MODULES:
        parents = parents_of(path)
        for node in filter(is_marked, nodes_of(path)):
            for outer in above(node, parents):
                glued = isinstance(outer, ast.JoinedStr) or (
                    isinstance(outer, ast.BinOp) and isinstance(outer.op, ast.Add)
                )
                changed = isinstance(outer, ast.Attribute) and outer.attr in GLUE
                joined = (
                    isinstance(outer, ast.Call) and isinstance(outer.func, ast.Attribute) and outer.func.attr == "join"
                )
                if glued or changed or joined:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")  # type: ignore[attr-defined]
                if isinstance(outer, ast.Call):
                    break
    assert wrong == []


def test_messages_are_translated_when_they_are_drawn_and_not_on_import() -> None:
    wrong = []
    for path in MODULES:
        parents = parents_of(path)
        for node in nodes_of(path):
            if not (is_marked(node) and node.func.id in ("_", "ngettext")):  # type: ignore[attr-defined]
                continue
            outer: ast.AST = node
            while outer in parents and not isinstance(outer, ast.FunctionDef | ast.Lambda):
                outer = parents[outer]
            if isinstance(outer, ast.Module):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")  # type: ignore[attr-defined]
    assert wrong == []


def begins_small(text: str) -> bool:
    """Whether a message begins with a word in small letters, as a part of a sentence does."""
    return bool(re.match(r"[a-z]", FIELD.sub("", text)[:1]) and text[:1].islower())


def phrases_in(node: ast.AST, names: dict[str, set[str]]) -> set[str]:
    """The messages that a value may be, through names of variables and functions of the same module."""
    if is_marked(node):
        return set(forms_of(node))  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return names.get(node.id, set())
    if isinstance(node, ast.Attribute):  # a field of what the name stands for, not the text itself
        return set()
    return {text for part in ast.iter_child_nodes(node) for text in phrases_in(part, names)}


def named_phrases(functions: list[ast.FunctionDef]) -> dict[str, set[str]]:
    """Function -> messages that it returns, of one module."""
    names: dict[str, set[str]] = {}
    for function in functions:
        returned = [part.value for part in ast.walk(function) if isinstance(part, ast.Return) and part.value]
        direct = [value for value in returned if not isinstance(value, ast.Call) or is_marked(value)]
        names[function.name] = {text for value in direct for text in phrases_in(value, {})}
    return names


def messages_inside_of(path: Path) -> Iterator[tuple[str, ast.AST, set[str]]]:
    """(file, outer call or f-string, messages) of every message that goes into another message or an f-string."""
    functions = [node for node in nodes_of(path) if isinstance(node, ast.FunctionDef)]
    names = named_phrases(functions)
    for function in functions:
        own, parts = dict(names), tuple(ast.walk(function))
        for node in parts:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                own[node.targets[0].id] = phrases_in(node.value, {})
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                own |= {
                    part.id: phrases_in(node.value, {}) for part in node.targets[0].elts if isinstance(part, ast.Name)
                }
        for node in parts:
            if is_marked(node):
                values = [keyword.value for keyword in node.keywords]  # type: ignore[attr-defined]
                yield path.name, node, {text for value in values for text in phrases_in(value, own)}
            elif isinstance(node, ast.JoinedStr):
                yield path.name, node, phrases_in(node, own)


@cache
def messages_inside() -> tuple[tuple[str, ast.AST, set[str]], ...]:
    """What `messages_inside_of` finds in the whole package."""
    return tuple(found for path in MODULES for found in messages_inside_of(path))


def test_no_sentence_is_made_of_parts() -> None:
    """A message with a small initial inside another is a term of the list, never a clause."""
    found = {(name, text) for name, node, inside in messages_inside() if is_marked(node) for text in inside}
    assert sorted((name, text) for name, text in found if begins_small(text) and text not in TERMS) == []


def test_no_sentence_stands_inside_another() -> None:
    found = {(name, text) for name, _node, inside in messages_inside() for text in inside}
    assert (
        sorted((name, text) for name, text in found if text.endswith((".", ":", ";")) and text not in ABBREVIATED) == []
    )


def test_every_term_is_used() -> None:
    used = {text for _name, _node, inside in messages_inside() for text in inside}
    assert sorted(TERMS - used) == []


@pytest.mark.parametrize("name", KEYWORDS)
def test_the_marks_are_looked_for(name: str) -> None:
    assert sum(1 for _place, call in calls() if call.func.id == name) > 1  # type: ignore[attr-defined]
