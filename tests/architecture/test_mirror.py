"""The tests mirror the package: a module of tests is named after the module, package or topic that it shows."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
APART = {"architecture", "benchmarks", "end_to_end", "support"}
"""Folders of tests that show no package of their own."""
OF_A_PACKAGE = {
    "experiment/test_kinds.py": "models of every kind, from the factory to every number",
    "figures/test_data_figures.py": "the many small figures of data and evaluation, a module each",
    "outputs/test_one_rounding.py": "a number has the same digits in all outputs",
    "outputs/test_select_outputs.py": "what is asked for is found without the others",
    "pipeline/test_caches.py": "which of the caches miss after a change of one line",
    "report/register/test_captions.py": "all captions, notes, marks and verdicts against the register",
    "report/register/test_register.py": "all sections against the register of claims beside it",
    "report/test_leading_findings.py": "what all sections have in common",
}
"""Modules of tests whose subject is a whole package -> the subject."""


def names_in(folder: Path) -> set[str]:
    """Modules and packages in a folder of the package, without the underscore of what is private."""
    return {path.stem.removeprefix("_") for path in folder.glob("*") if not path.name.startswith("__")}


def source_of(folder: Path) -> Path:
    """The folder of the package that a folder of tests mirrors."""
    return ROOT / "reportgen" / folder.relative_to(TESTS)


def mirrors(test: Path) -> bool:
    """Whether a module of tests is named after a module or a package (`test_b`), after one and what of it is shown
    (`test_b_aspect`), or after what the names of several begin with (`test_b` for `b_one` and `b_two`)."""
    subject = test.stem.removeprefix("test_")
    names = names_in(source_of(test.parent))
    return subject in names or any(subject.startswith(f"{name}_") or name.startswith(f"{subject}_") for name in names)


def test_every_module_of_tests_is_named_after_what_it_shows() -> None:
    tests = [path for path in TESTS.rglob("test_*.py") if path.relative_to(TESTS).parts[0] not in APART]
    strangers = {path.relative_to(TESTS).as_posix() for path in tests if not mirrors(path)}
    assert strangers == set(OF_A_PACKAGE)
