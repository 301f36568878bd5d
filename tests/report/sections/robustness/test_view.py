"""Section 8: what is found, said and listed, each with a record made to show it and one made not to; the banner."""

from __future__ import annotations

import pytest

from reportgen.metrics.robustness import CorruptionMean
from reportgen.metrics.values import value_of
from reportgen.record.probes.robustness import Condition
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.banners import find_banners
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.sections.robustness.findings import find_mean
from reportgen.report.sections.robustness.view import SECTION, RobustnessView
from tests.report.sections.cases import build, change, page
from tests.support.robustness_facts import WRONG, checked, facts_of, preparation, probed


def view_of(record: RunRecord) -> RobustnessView:
    view = build(SECTION, record).view
    assert isinstance(view, RobustnessView)
    return view


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_without_the_probe_the_section_says_why(record: RunRecord) -> None:
    assert isinstance(SECTION.build(Subject(record.model_copy(update={"probes": None})), {}), Skipped)


def test_a_mean_over_corruptions_without_an_interval_has_no_empty_brackets(record: RunRecord) -> None:
    accuracy, change = (
        value_of(name, value, None, 20) for name, value in (("accuracy", 0.6), ("accuracy.change", -0.1))
    )
    found = find_mean(record, CorruptionMean(accuracy, change, 4, (1, 3)), "")
    assert found is not None
    assert "()" not in found.text
    assert "−10.0 points against the same unmodified images; there is no interval of the change." in plain(found.text)
    assert "Over 4 kinds of corruption at severities 1 and 3 the mean" in found.text
    one = find_mean(record, CorruptionMean(accuracy, change, 1, (3,)), "")
    assert one is not None
    assert "Over 1 kind of corruption at severity 3 the mean" in one.text


def test_a_wrong_preparation_is_the_first_thing_said_and_a_banner(record: RunRecord) -> None:
    near = preparation(189, 44, 5, 0.9, "cifar10")
    wrong = probed(record, check=checked(preparation(190, 45, 5, 0.4), near, loss_images=500))
    first = build(SECTION, wrong).findings[0]
    text = plain(first.text)
    assert (first.tone, first.weight) == ("bad", 0.95)
    assert "with the spec’s normalisation “cifar10” 75.0 % (69–80, n = 200)" in text
    assert "with “imagenet” 95.0 % (91–97, n = 200) of the same ones, +20.0 points" in text
    assert "p < 0.001 after correction for 2 ways tried" in text
    assert "Set under data: normalize: imagenet." in text
    assert (
        "“cifar10” (94.5 %) can’t be distinguished from it; its loss on 500 training images is 0.90 against 0.40"
        in text
    )
    banners = [banner for banner in find_banners(wrong) if "preprocessed wrongly" in banner.text]
    assert [banner.severity for banner in banners] == ["bad"]
    assert "75.0 %" in plain(banners[0].text)
    assert "95.0 %" in plain(banners[0].text)


@pytest.mark.parametrize(
    ("name", "order", "said"),
    [
        ("half", "rgb", "Set under data: normalize: {mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}."),
        ("spec", "bgr", "channels in BGR order, which no key of the spec sets: reorder the channels in the model."),
        ("imagenet", "bgr", "reorder the channels in the model. Set under data: normalize: imagenet."),
    ],
)
def test_the_advice_is_a_line_of_the_spec_where_there_is_one(
    record: RunRecord, name: str, order: str, said: str
) -> None:
    assert said in build(SECTION, probed(record, preparation(190, 45, 5, name=name, order=order))).text


def test_a_right_preparation_raises_no_alarm(record: RunRecord) -> None:
    fine = probed(record, preparation(149, 3, 4), preparation(20, 0, 130, name="bytes"))
    first = build(SECTION, fine).findings[0]
    assert first.tone == "plain"
    assert "that were tried none does significantly better than “cifar10”" in first.text
    assert "Not every usual variant could be tried, so the check does not confirm the normalisation." in first.text
    assert "the best, “imagenet”, changes accuracy by −0.5 points" in plain(first.text)
    assert not any("prepared" in banner.text for banner in find_banners(fine))


def test_a_gain_that_may_be_chance_among_so_many_ways_is_told_with_its_test(record: RunRecord) -> None:
    """Its own interval is above zero, which alone would read as significant."""
    ways = [preparation(156, 7, 1), *(preparation(20, 0, 130, name=name) for name in ("bytes", "half", "centred"))]
    first = build(SECTION, probed(record, *ways)).findings[0]
    assert "none does significantly better than “cifar10”" in first.text
    said = "the exact McNemar test, which decides here, gives p = 0.070 after correction for 4 variants tried"
    assert said in plain(first.text)


def test_weights_of_this_run_are_never_doubted(record: RunRecord) -> None:
    own = probed(
        record, check=checked(preparation(190, 45, 5), preparation(20, 0, 130, name="bytes"), learned_here=True)
    )
    assert "lose up to 65.0 points" in plain(build(SECTION, own).findings[0].text)
    assert not any("prepared" in banner.text for banner in find_banners(own))


def test_the_worst_corruption_stands_beside_the_others(record: RunRecord) -> None:
    built = build(SECTION, probed(record))
    worst = built.sentence("The worst corruption is")
    assert worst.startswith("The worst corruption is Gaussian noise of severity 5: accuracy falls by ")
    assert "With each of the 4 kinds at its worst severity, the median loss of accuracy is" in worst
    assert next(one for one in built.findings if "The worst corruption is" in one.text).tone == "caution"


def test_corruptions_that_change_nothing_are_said_to(record: RunRecord) -> None:
    calm = build(SECTION, probed(record, wrong={("fog", 3): 0.0, ("defocus_blur", 3): 0.01}))
    assert "do not show that any of 2 kinds of corruption lowers the accuracy" in calm.text
    assert "The worst corruption is" not in calm.text
    assert "At no severity measured is half of the accuracy lost" in calm.text


def test_the_mean_and_what_training_showed(record: RunRecord) -> None:
    trained = build(SECTION, probed(record)).sentence("Over 3 kinds of corruption at severities 1, 3 and 5")
    assert "Training augmented its images with crop and flip only" in trained
    bare = change(probed(record), data={"augment": ()})
    assert "Training used no augmentation" in build(SECTION, bare).sentence("Over 3 kinds")
    assert "Training" not in build(SECTION, change(bare, training=None)).sentence("Over 3 kinds")


def test_half_of_the_accuracy(record: RunRecord) -> None:
    half = build(SECTION, probed(record)).sentence("at most half of the accuracy")
    assert half.startswith("Of 4 kinds of corruption, 1 confidently leaves at most half of the accuracy: ")
    assert half.endswith(" under Gaussian noise of severity 5.")


def test_shifts_and_mirror_images_with_what_training_showed(record: RunRecord) -> None:
    built = build(SECTION, probed(record))
    shift = built.sentence("Shifted by 1 pixel,")
    assert "0.0 % (0–2, n = 200) of the images get another prediction" in shift
    assert "Shifted by 2 it changes by" in shift
    assert "In training, images were shifted by up to 4 pixels (crop)." in shift
    mirror = next(one for one in built.findings if "Mirrored left to right" in one.text)
    assert (mirror.tone, mirror.weight) == ("caution", 0.4)
    assert "In training, images were mirrored at random (flip)." in mirror.text
    bare = build(SECTION, change(probed(record), data={"augment": ()})).text
    assert "In training no image was shifted" in bare
    assert "In training no image was mirrored" in bare


def test_turns(record: RunRecord) -> None:
    assert "Rotation changes the accuracy by −9.0 points" in build(SECTION, probed(record)).text
    assert "Turned" not in build(SECTION, probed(record, wrong={("shift", 1): 0.0})).text


def test_attacks_below_chance_and_above(record: RunRecord) -> None:
    below = build(SECTION, probed(record)).sentence("below chance")
    assert "Under PGD of ε = 8/255 the accuracy is 0.0 %" in below
    assert ", below chance (10.0 %)" in below
    above = build(SECTION, probed(record, wrong={("fgsm", 2): 0.1, ("pgd", 2): 0.2}))
    assert "Under the strongest attack tried, PGD of ε = 2/255, the accuracy is" in above.text
    assert "below chance" not in above.text
    assert "PGD, a stronger attack" not in above.text


def test_an_attack_that_was_left_out_is_told_beside_the_strongest_tried(record: RunRecord) -> None:
    alone = probed(record, wrong={("fgsm", 2): 0.1})
    assert "many steps, was not tried." in build(SECTION, alone).sentence("Under the strongest attack tried, FGSM")
    facts = facts_of(alone).model_copy(update={"kinds_left_out": ("pgd",)})
    assert alone.probes is not None
    late = change(alone, probes=alone.probes.model_copy(update={"robustness": facts}))
    assert "was left out because time ran out." in build(SECTION, late).sentence(
        "Under the strongest attack tried, FGSM"
    )


def test_a_kind_that_was_measured_in_part_is_not_said_to_be_missing(record: RunRecord) -> None:
    whole = probed(record)
    facts = facts_of(whole).model_copy(
        update={"left_out": 3, "kinds_left_out": ("elastic_transform", "shift", "rotation")}
    )
    assert whole.probes is not None
    measured = {condition.kind for condition in facts.conditions}
    assert {"elastic_transform", "shift", "rotation"} & measured == {"shift", "rotation"}
    text = str(view_of(change(whole, probes=whole.probes.model_copy(update={"robustness": facts}))))
    assert "Not measured for lack of time: elastic warp." in text
    assert "Measured at a part of the planned strengths: shift and rotation." in text


def test_the_strengths_left_out_of_a_kind_are_named(record: RunRecord) -> None:
    whole = probed(record)
    left_out = tuple(
        Condition(family=family, kind=kind, level=level, images=0)
        for family, kind, level in (
            ("noise", "gaussian_noise", 2),
            ("noise", "gaussian_noise", 4),
            ("move", "shift", 8),
        )
    )
    facts = facts_of(whole).model_copy(update={"left_out": 3, "conditions_left_out": left_out})
    assert whole.probes is not None
    assert {"gaussian_noise", "shift"} <= {condition.kind for condition in facts.conditions}
    text = str(view_of(change(whole, probes=whole.probes.model_copy(update={"robustness": facts}))))
    said = "Strengths left out of what was measured: Gaussian noise (severity 2, severity 4); shift (8 px)."
    assert said in text.replace("\\xa0", " ")


def test_every_kind_that_may_cost_as_much_is_named(record: RunRecord) -> None:
    close = {("gaussian_noise", 5): 0.7, ("fog", 5): 0.69, ("jpeg_compression", 5): 0.68, ("defocus_blur", 5): 0.2}
    text = build(SECTION, probed(record, wrong=close)).sentence("Whether it lowers the accuracy more than")
    assert "fog of severity 5 (" in text
    assert "JPEG of severity 5 (" in text
    assert "defocus blur" not in text.split("is undecided (exact McNemar tests, the largest p")[0].split("Whether")[1]


def test_signs_of_a_hidden_gradient(record: RunRecord) -> None:
    assert "weaker than they look" not in build(SECTION, probed(record)).text
    flat = build(SECTION, probed(record, flat=3)).sentence("weaker than they look")
    assert "For 3 images the gradient is zero everywhere" in flat
    odd = build(SECTION, probed(record, wrong={("fgsm", 8): 0.9, ("pgd", 8): 0.1})).sentence("weaker than they look")
    assert "At ε = 8/255 one step lowers the accuracy more than many steps do" in odd


def test_the_tables_hold_every_condition(record: RunRecord) -> None:
    view = view_of(probed(record, preparation(149, 3, 4)))
    assert [row[0] for row in view.corruptions] == ["Gaussian noise", "defocus blur", "fog", "JPEG"]
    noise = view.corruptions[0]
    assert noise[2] == noise[4] == "—"
    assert all("(" in noise[place] for place in (1, 3, 5, 6))
    assert len(view.others) == sum(kind in ("shift", "rotation", "fgsm", "pgd") or "flip" in kind for kind, _ in WRONG)
    assert len(view.preparations) == 2
    assert view.preparations[0][0] == "“cifar10”, the spec’s"
    assert {value.name for value in view.metrics} == set(SECTION.metrics)
    assert "3 further changes were left out to keep the time budget" in view.sample


def test_a_second_look_is_said(record: RunRecord) -> None:
    once, twice = (view_of(probed(record, check=checked(preparation(149, 3, 4), stages=stages))) for stages in (1, 2))
    assert "tried on more" not in once.preparations.caption
    assert "Variants that might be better after 200 images were tried on more." in twice.preparations.caption


def test_where_nothing_was_changed_the_check_still_stands(record: RunRecord) -> None:
    why = "The model is no better than chance."
    text = page(SECTION, probed(record, preparation(149, 3, 4), wrong={}, gaps=(why,)))
    assert why in text
    assert 'id="robustness-preparation"' in text
    assert "Corruptions, transforms and attacks" not in text


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_page(record: RunRecord, medium: str) -> None:
    text = page(SECTION, probed(record, preparation(149, 3, 4)), medium)
    assert ("Every corruption in numbers" in text) == (medium == "screen")
    assert text.index('id="robustness-preparation"') < text.index("Corruptions, transforms and attacks")


def test_only_methods_that_were_used_are_named(record: RunRecord) -> None:
    names = {note.name for note in view_of(probed(record)).methods}
    assert names == {"Preprocessing check", "Changes in accuracy", "Corruptions", "Attacks"}


def test_findings_point_at_figures_that_are_shown(record: RunRecord) -> None:
    figure = FigureFile("robustness_transforms", "image/svg+xml", b"<svg/>", 10, 10, "", "", "")
    anchors = {finding.anchor for finding in build(SECTION, probed(record), {"robustness_transforms": figure}).findings}
    assert "figure-robustness_transforms" in anchors
    assert "figure-robustness_corruptions" not in anchors


def test_what_is_not_excluded_is_told_with_the_fewest_images_that_a_way_was_tried_on(record: RunRecord) -> None:
    """The best was tried on more, so that its n would not say why."""
    few = preparation(80, 0, 10, name="half", images=100)
    check = checked(preparation(149, 3, 4), few).model_copy(update={"complete": True})
    text = plain(build(SECTION, probed(record, check=check)).findings[0].text)
    assert "On 100 images, the fewest that a variant was tried on, another may still be better by more than 2" in text
