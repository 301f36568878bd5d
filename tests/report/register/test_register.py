"""The register of findings: nothing is said without a claim, and each claim has its null, its rate and both cases."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact

import reportgen
from reportgen.record.run import RunRecord
from reportgen.report.claims import KINDS, Claim, ErrorRate
from reportgen.report.sections.baseline import claims
from tests.report.register import (
    banners,
    baseline,
    cost,
    data,
    evaluation,
    explanations,
    history,
    model,
    parameters,
    response,
    robustness,
    training,
    worlds,
)
from tests.report.register.captions import ONLY_SAID
from tests.report.register.case import Cases
from tests.support.records import small_record

PACKAGE = Path(reportgen.__file__).parent
MAKERS = ("Finding", "Banner")
"""Classes of what is said, which claims alone make."""
ALL: tuple[Cases, ...] = (
    evaluation.EVALUATION,
    evaluation.SINGLE,
    training.TRAINING,
    response.RESPONSE,
    parameters.PARAMETERS,
    robustness.ROBUSTNESS,
    explanations.EXPLANATIONS,
    data.DATA,
    cost.COST,
    model.MODEL,
    model.CARD,
    baseline.BASELINE,
    history.HISTORY,
    banners.BANNERS,
)
CASES = {key: (cases, *names) for cases in ALL for key, names in cases.shown.items()}


@lru_cache(maxsize=1)
def modules() -> dict[str, ast.Module]:
    """Every module of the package that can have to do with findings, by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if any(word in text for word in ("Finding", "Banner", "Claim", "claims")):
            name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
            found[name] = ast.parse(text)
    return found


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Every call in a module."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@lru_cache(maxsize=1)
def register() -> dict[str, Claim]:
    """Every claim of the package by its key."""
    found: dict[str, Claim] = {}
    for name, tree in modules().items():
        if any(ast.unparse(call.func) == "Claim" for call in calls(tree)):
            for claim in vars(importlib.import_module(name)).values():
                if isinstance(claim, Claim):
                    assert found.setdefault(claim.key, claim) is claim, f"two claims are called {claim.key}"
    return found


def test_whatever_is_said_is_said_by_a_claim() -> None:
    bare = [
        f"{name}:{call.lineno}"
        for name, tree in modules().items()
        for call in calls(tree)
        if ast.unparse(call.func).rpartition(".")[2] in MAKERS and name != "reportgen.report.claims"
    ]
    assert not bare, f"made without a claim of the register: {bare}"


def test_every_claim_is_made_somewhere() -> None:
    used = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert not [key for key in register() if key.rpartition(".")[2].upper() not in used]


def test_a_claim_states_its_null_and_its_rate_or_that_it_is_no_inference() -> None:
    wrong = [
        claim.key for claim in register().values() if not claim.null or (claim.null in KINDS) != (claim.error is None)
    ]
    assert not wrong
    for claim in register().values():
        if claim.error is not None:
            assert hasattr(worlds, claim.error.world), f"{claim.key} names no simulation"
            assert claim.key in worlds.CLAIMS[claim.error.world]


def test_an_inference_errs_in_at_most_one_report_in_twenty() -> None:
    assert {
        claim.key: claim.error.share for claim in register().values() if claim.error and claim.error.share > 0.05
    } == {}
    assert claims.ANY_CHANGE.share <= 0.05


def test_every_claim_has_a_case_that_shows_it_and_one_that_does_not() -> None:
    assert set(register()) == set(CASES) | ONLY_SAID
    assert not set(CASES) & ONLY_SAID
    assert len(CASES) == sum(len(cases.shown) for cases in ALL)


@cache
def said(place: int, name: str) -> frozenset[str]:
    """The claims made of a record of the cases."""
    return frozenset(ALL[place].keys(small_record(), name))


@pytest.mark.parametrize("key", sorted(CASES))
def test_the_case_shows_it_and_the_other_does_not(key: str) -> None:
    cases, shown, hidden = CASES[key]
    place = ALL.index(cases)
    assert key in said(place, shown)
    assert key not in said(place, hidden)


def test_every_record_serves_a_claim() -> None:
    idle = [name for cases in ALL for name in cases.records if not any(name in pair for pair in cases.shown.values())]
    assert not idle


def test_what_is_said_carries_its_key(record: RunRecord) -> None:
    assert all("" not in said(place, name) for place, cases in enumerate(ALL) for name in cases.records)


def rate_of(key: str) -> ErrorRate:
    """What a claim states."""
    error = register()[key].error
    assert error is not None
    return error


@pytest.mark.parametrize("world", sorted(worlds.CLAIMS))
def test_the_rates_are_not_above_what_the_claims_state(world: str) -> None:
    draws = 10 if world in worlds.HEAVY else 100
    for key, count in worlds.simulate(world, draws, seed=1).items():
        rate = rate_of(key)
        assert rate.world == world
        most = max(rate.share, 1 / rate.draws)
        assert binom.sf(count - 1, draws, most) > 1e-4, f"{key}: {count} of {draws}, {rate.share} are stated"


@pytest.mark.slow
def test_a_comparison_of_equal_models_says_that_anything_changed_as_often_as_methods_say() -> None:
    rng, draws = np.random.default_rng(3), 60
    count = sum(bool(worlds.equal_comparison(rng) & worlds.ANY_CHANGE) for _ in range(draws))
    assert binom.sf(count - 1, draws, claims.ANY_CHANGE.share) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("world", sorted(worlds.CLAIMS))
def test_the_rates_are_those_that_the_claims_state(world: str) -> None:
    draws = 80 if world in worlds.HEAVY else 500
    for key, count in worlds.simulate(world, draws, seed=2).items():
        rate = rate_of(key)
        stated = round(rate.share * rate.draws)
        test = fisher_exact([[count, draws - count], [stated, rate.draws - stated]])
        assert test.pvalue > 1e-4, f"{key}: {count} of {draws}, {rate.share} are stated"
