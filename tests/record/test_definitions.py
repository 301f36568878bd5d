"""The registry: names without doubt, lists that are derived, labels for every value."""

from __future__ import annotations

import pytest

from reportgen.metrics.computing import find_metrics
from reportgen.metrics.values import value_of
from reportgen.record.definitions import (
    HEADLINE,
    OF_SECTIONS,
    Definition,
    add_definitions,
    compared_by,
    definitions,
    find_definition,
    names_for_gates,
    shown_in,
)
from reportgen.record.meaning import find_meaning
from reportgen.record.metric_value import MetricValue
from reportgen.report.sections import find_sections


def test_every_name_is_defined_once() -> None:
    names = [definition.name for definition in definitions()]
    assert len(set(names)) == len(names)


def test_every_entry_has_its_function_and_every_function_its_entry() -> None:
    assert list(find_metrics()) == [definition.name for definition in HEADLINE]


def test_every_section_s_numbers_are_defined_under_its_name() -> None:
    sections = find_sections()
    assert {definition.section for definition in OF_SECTIONS} == {one.name for one in sections.values() if one.metrics}
    for name, section in sections.items():
        assert section.metrics == (names_for_gates(name) if section.metrics else ())


@pytest.mark.parametrize(
    ("name", "stem", "change", "arguments"),
    [
        ("accuracy", "accuracy", "", ()),
        ("accuracy.change", "accuracy", "change", ()),
        ("latency.batch_128.p50.change_ratio", "latency.batch_128.p50", "change_ratio", ("128",)),
        ("class.cat.recall", "class.cat.recall", "", ("cat",)),
        ("class.a.b.recall.change", "class.a.b.recall", "change", ("a.b",)),
        ("confusion.cat.change", "confusion.cat.change", "", ("cat", "change")),
        ("robustness.fog.0.5.change", "robustness.fog.0.5", "change", ("fog", "0.5")),
        ("robustness.fog.mean.change", "robustness.fog.mean", "change", ("fog",)),
        ("throughput.batch_8", "throughput.batch_8", "", ("8",)),
    ],
)
def test_a_name_says_what_it_is(name: str, stem: str, change: str, arguments: tuple[str, ...]) -> None:
    meaning = find_meaning(name)
    assert meaning.definition is not None
    assert (meaning.name, meaning.change, meaning.arguments) == (stem, change, arguments)


@pytest.mark.parametrize("name", ["latency.batch_x.p50", "class.recall", "unheard", "unheard.change"])
def test_what_is_not_defined_is_called_by_its_name(name: str) -> None:
    value = MetricValue(name=name, value=0.5)
    assert find_meaning(name).definition is None
    assert value.label.startswith(name.removesuffix(".change"))
    assert (value.higher_is_better, value.counted) == (None, "")


@pytest.mark.parametrize(
    ("value", "label", "full"),
    [
        (value_of("accuracy", 0.9173, (0.912, 0.923), 10_000), "Top-1 accuracy", "91.73 % (91.2–92.3, n = 10,000)"),
        (value_of("accuracy_seeds", 0.75, (0.7, 0.8), 3), "Top-1, mean over seeds", "75.0 % (70.0–80.0, n = 3 seeds)"),
        (
            value_of("accuracy_seed_deviation", 0.012, (0.006, 0.07), 3),
            "Top-1, standard deviation over seeds",
            "1.2 points (0.6–7.0, n = 3 seeds)",
        ),
        (
            value_of("generalisation_gap", 0.034, (0.01, 0.05), 600),
            "Training minus test accuracy",
            "+3.4 points (+1.0 to +5.0, n = 600)",
        ),
        (value_of("card.completeness", 4 / 13, n=13), "Model card, completeness", "4 of 13"),
        (value_of("response.dead_share", 0.25, n=64), "Dead channels", "25.0 % (n = 64 channels)"),
        (value_of("latency.batch_1024.p50", 0.0021), "Latency, batches of 1,024", "2.10 ms"),
        (value_of("throughput.best", 1500.0, batch=64), "Best throughput, batches of 64", "1,500 images/s"),
        (
            value_of("corruption_accuracy.change", -0.1, count=14),
            "Mean accuracy under 14 corruptions, change",
            "−10.0 points",
        ),
        (value_of("pgd_accuracy", 0.1, n=200, level=8), "Accuracy under PGD, ε = 8/255", "10.0 % (n = 200)"),
        (
            value_of("nll.change", -0.02, (-0.03, -0.01), 500, "seeds"),
            "Negative log-likelihood, change in the mean over seeds",
            "−0.020 (−0.030 to −0.010, n = 500)",
        ),
        (MetricValue(name="macs.change_ratio", value=1.1, unit="ratio"), "MACs, ratio", "×1.10"),
    ],
)
def test_label_and_text_come_from_name_value_and_unit(value: MetricValue, label: str, full: str) -> None:
    assert value.label.replace("\u00a0", " ") == label
    assert value.display_full.replace("\u00a0", " ") == full


def test_the_lists_that_reports_had_are_the_lists_they_have() -> None:
    assert compared_by("paired") == (
        "top5_accuracy",
        "balanced_accuracy",
        "macro_f1",
        "nll",
        "brier",
        "ece",
        "ece_scaled",
        "auroc",
        "aurc",
    )
    assert [one.name for one in shown_in("ranking")] == ["macro_f1", "nll", "ece", "parameters", "macs"]
    assert [one.head for one in shown_in("ranking")] == ["Macro F1", "NLL", "ECE", "Parameters", "MACs"]
    assert [one.name for one in shown_in("comment")] == [
        "accuracy",
        "macro_f1",
        "nll",
        "ece",
        "parameters",
        "macs",
        "latency_p50",
        "train_seconds",
    ]
    assert "latency_p50_ms" in names_for_gates()
    assert not any(name.startswith("class.") for name in names_for_gates())


def test_a_plug_in_says_what_its_numbers_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    value = MetricValue(name="mine.share", value=0.25, unit="share", n=8)
    assert value.label == "mine.share"
    monkeypatch.setattr("reportgen.record.definitions._added", {})
    add_definitions([Definition("mine.share", lambda: "My share", "share", True, "mine")])
    assert (value.label, value.higher_is_better) == ("My share", True)
    assert names_for_gates("mine") == ("mine.share",)
    with pytest.raises(ValueError, match="own"):
        add_definitions([Definition("accuracy", lambda: "Other", "share", True)])
    find_definition.cache_clear()
