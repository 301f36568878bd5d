"""The valid name nearest to one that is not."""

from __future__ import annotations

from reportgen.text.suggest import nearest


def test_the_nearest_and_all() -> None:
    assert nearest("epoch", ["mode", "epochs", "steps"]) == "Did you mean epochs? There is: mode, epochs, steps."
    assert nearest("Cifar10", ["cifar10"]) == "Did you mean cifar10? There is only cifar10."
    assert nearest("resnet", ["ResNet"]) == "Did you mean ResNet? There is only ResNet."


def test_nothing_near() -> None:
    assert nearest("xyz", ["mode", "epochs"]) == "There is: mode, epochs."
    assert nearest("xyz", []) == ""


def test_very_many_are_not_listed() -> None:
    names = [f"resnet{index}" for index in range(100)]
    assert nearest("resnet1O", names).startswith("Did you mean resnet1")
    assert len(nearest("resnet1O", names)) < 100
    assert nearest("zzz", names) == "There are 100 names, and none is like it."
