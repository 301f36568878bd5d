"""What captions, notes, marks, tiles and verdicts judge is said by a claim, and each wording is shown by a case."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

import reportgen
from tests.report.register.captions import ONLY_SAID, PLACES
from tests.support.records import small_record

PACKAGE = Path(reportgen.__file__).parent
ROOMS = ("figures", "report", "outputs")
"""Packages that write for readers of a report."""
JUDGES = re.compile(
    r"significan|evidence|too few|not enough|not certain|may or may|surely|undecided|unclear|distinguish|equivalent|"
    r"hardly|faster|slower|more slowly|no change in|change point|Holm|confident on average|"
    r"better than|worse than|models may be|every difference",
    re.IGNORECASE,
)
"""What a sentence says that a test, or a number set against another, decides."""
EXPLAINED = {
    "Grey bars: share correct in each": "how the figure is read, the same under every diagram",
    "Dots: top-1 accuracy; lines": "how the figure is read, the same under every ranking",
    "By top-1 accuracy, each with its own": "how the table is read, the same above every ranking",
    "Change in top-1 accuracy from the second to": "how the table is read, the same above every ranking",
    "A line holds the records of one model": "how the page is read, the same on every index",
    "Timed in {count} process": "a method",
    "Every pair of models on the same images": "a method",
    "Each run is compared with the run before": "a method",
    "A finding that chance could make": "a method",
    "Marks: groups of equal modules": "how the figure is read, the same under every roofline",
    "Modules against the machine’s limits": "the order of the rows of an alternative text",
    "{count} change point": "a part of the sentence that is said",
    "p, Holm": "the head of a column",
    "Recall of every class, the largest loss": "how the table is read, the same above every one",
    "Runs of this model on the same": "how the table is read, the same above every one",
    "Negative log-likelihood of the runs": "how the table is read, the same above every one",
    "Equal modules share a row": "how the table is read, the same above every one",
    "no worse than the baseline": "the name of a test case, whatever it gives",
    "✓ All gates": "a gate's rule and bound are the spec's",
    "? {count} gate is undecided": "a gate's rule and bound are the spec's, and a gate says whether it holds",
    "{count} gate is undecided": "a gate's rule and bound are the spec's, and a gate says whether it holds",
    "Not enough data.": "a gate's rule and bound are the spec's, and a gate says whether it holds",
    "The figures of the PDF were drawn the slower way": "about the program, not the model",
    "{part}: not made; there are too few images": "counted: fewer than the probe takes",
    "{path} ({size}: too few cells)": "counted: the cells of a feature map",
    "Batches of {sizes} were timed": "counted: the processes in which a batch size was timed",
}
"""Beginnings of what judges nothing of a model, or nothing by chance, and why."""


@lru_cache(maxsize=1)
def trees() -> dict[str, ast.Module]:
    """The modules of these packages by dotted name; findings stand under the other rule, and methods judge nothing."""
    found = {}
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if "findings" not in path.name and path.name not in ("methods.py", "banners.py", "claims.py"):
                name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
                found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def messages(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """The messages below a node: one form, or both of a number."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
            forms = [one.value for one in node.args[: 1 if node.func.id == "_" else 2] if isinstance(one, ast.Constant)]
            if forms:
                yield tuple(forms)


@cache
def functions(module: str) -> dict[str, ast.FunctionDef]:
    """The functions of a module, and those that it imports from others of these packages."""
    tree = trees().get(module, ast.Module([], []))
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module in trees() and node.module != module:
            for name in node.names:
                own = {one.name: one for one in trees()[node.module].body if isinstance(one, ast.FunctionDef)}
                if name.name in own:
                    found[name.asname or name.name] = own[name.name]
    return found


def called(tree: ast.AST) -> Iterator[str]:
    """Names of the functions called below a node."""
    return (one.func.id for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name))


def home_of(name: str, module: str) -> str:
    """The module whose function is known by a name here."""
    for node in trees()[module].body:
        if isinstance(node, ast.ImportFrom) and any((one.asname or one.name) == name for one in node.names):
            return str(node.module)
    return module


def behind(tree: ast.AST, module: str, seen: set[str]) -> Iterator[tuple[str, ...]]:
    """The messages below a node and in the functions that it calls, which write sentences."""
    yield from messages(tree)
    for name in called(tree):
        if name in functions(module) and f"{module}.{name}" not in seen:
            seen.add(f"{module}.{name}")
            inside = behind(functions(module)[name], home_of(name, module), seen)
            yield from (forms for forms in inside if forms[0].endswith(".") or JUDGES.search(forms[0]))


@lru_cache(maxsize=1)
def by_claims() -> frozenset[tuple[str, ...]]:
    """The messages that are said by a claim."""
    found: set[tuple[str, ...]] = set()
    for module, tree in trees().items():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "says":
                found.update(behind(call.args[0], module, set()))
    return frozenset(found)


def test_what_judges_is_said_by_a_claim_or_explained() -> None:
    bare = {
        forms[0]: module
        for module, tree in trees().items()
        for forms in messages(tree)
        if JUDGES.search(forms[0]) and forms not in by_claims() and not any(map(forms[0].startswith, EXPLAINED))
    }
    assert not bare, "judged without a claim of the register, see “A finding” in CONTRIBUTING.md"


def test_what_is_explained_is_still_written() -> None:
    written = [forms[0] for tree in trees().values() for forms in messages(tree)]
    assert not [start for start in EXPLAINED if not any(text.startswith(start) for text in written)]


@lru_cache(maxsize=1)
def heard() -> dict[str, dict[str, dict[str, set[str]]]]:
    """What every case of every place says: place -> case -> key of the claim -> texts."""
    record = small_record()
    return {place: {name: found.said(record, name) for name in found.records} for place, found in PLACES.items()}


FIELD, VALUE = re.compile(r"\{\w+\}"), r"(?:(?!\.\s).)+?"
"""What varies in a message, and what can stand there: no end of a sentence."""


@cache
def pattern(form: str) -> re.Pattern[str]:
    """The texts that a message can become, in a longer one."""
    return re.compile(VALUE.join(re.escape(part) for part in FIELD.split(form)) + r"(?=$|\s)", re.DOTALL)


@cache
def wordings_of(text: str) -> frozenset[tuple[str, ...]]:
    """The messages that a text was made of; what can be two is the one with the most words of its own."""
    found = set()
    for forms in sorted(by_claims(), key=lambda forms: -len(FIELD.sub("", forms[0]))):
        for form in forms:
            if pattern(form).search(text):
                found.add(forms)
                text = pattern(form).sub("", text)
    return frozenset(found)


@pytest.mark.slow
@pytest.mark.parametrize("forms", sorted(by_claims()), ids=lambda forms: forms[0][:60])
def test_each_wording_is_shown_by_one_case_of_a_place_and_not_by_another(forms: tuple[str, ...]) -> None:
    for cases in heard().values():
        shown = [any(forms in wordings_of(text) for said in one.values() for text in said) for one in cases.values()]
        if any(shown) and not all(shown):
            return
    raise AssertionError("no two cases of a place in tests/report/register/captions.py show it and do not")


@pytest.mark.slow
@pytest.mark.parametrize("key", sorted(ONLY_SAID))
def test_a_claim_that_no_finding_makes_is_said_in_one_case_and_not_in_another(key: str) -> None:
    places = [[key in one for one in cases.values()] for cases in heard().values()]
    assert any(any(shown) and not all(shown) for shown in places)
