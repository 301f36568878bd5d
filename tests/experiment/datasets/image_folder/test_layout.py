"""Which folders are training and which are test, by the names that people give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import DataError
from reportgen.experiment.datasets import data_files, find_datasets
from reportgen.experiment.datasets.loading import load_data
from reportgen.progress import Silent
from reportgen.spec.types import DataSpec
from tests.experiment.datasets.image_folder.cases import FOLDER, load, notes, write_classes, write_image, write_splits
from tests.support.permissions import shut_off


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        ("train", "test", ""),
        ("Train", "TEST", "The test images are those of the folder “TEST”."),
        ("training", "testing", "The training images are those of the folder “training”."),
        ("train", "val", "The test images are those of the folder “val”."),
        ("train", "Valid", "The test images are those of the folder “Valid”."),
        ("TRAINING", "validation", "The test images are those of the folder “validation”."),
        ("train", "eval", "The test images are those of the folder “eval”."),
        ("train", "dev", "The test images are those of the folder “dev”."),
        ("seg_train", "seg_test", "The test images are those of the folder “seg_test”."),
        ("training_set", "test_set", "The training images are those of the folder “training_set”."),
        ("TrainImages", "ValImages", "The test images are those of the folder “ValImages”."),
        ("train2017", "val2017", "The test images are those of the folder “val2017”."),
        ("trainset", "testset", "The training images are those of the folder “trainset”."),
        ("TrainData", "valdata", "The test images are those of the folder “valdata”."),
        ("trainingset", "validationset", "The test images are those of the folder “validationset”."),
        ("1_train", "2_test", "The test images are those of the folder “2_test”."),
        ("01-Training", "02-Validation", "The test images are those of the folder “02-Validation”."),
        ("训练集", "测试集", "The test images are those of the folder “测试集”."),
        ("训练", "验证", "The training images are those of the folder “训练”."),
        ("flowers_训练", "flowers_测试", "The test images are those of the folder “flowers_测试”."),
    ],
)
def test_splits_are_found_by_their_usual_names(train: str, test: str, said: str, tmp_path: Path) -> None:
    write_classes(tmp_path / train, number=3, seed=100)
    write_classes(tmp_path / test, number=2, seed=900)
    data = load(tmp_path)
    assert [split.n for split in data.facts.splits] == [6, 4]
    assert data.facts.test_files[0] == f"{test}/cat/0.png"
    assert said in notes(data)


def test_a_test_folder_comes_before_a_validation_folder_and_the_other_is_said(tmp_path: Path) -> None:
    write_splits(tmp_path)
    write_classes(tmp_path / "val", number=5, seed=900)
    write_classes(tmp_path / "extra", number=5, seed=700)
    data = load(tmp_path)
    assert [split.n for split in data.facts.splits] == [4, 4]
    assert "2 further folders were ignored: extra and val." in notes(data)


def test_a_folder_in_a_folder_of_its_own_name_is_meant(tmp_path: Path) -> None:
    write_classes(tmp_path / "seg_train" / "seg_train", number=3, seed=100)
    write_classes(tmp_path / "seg_test" / "seg_test", number=2, seed=900)
    write_image(tmp_path / "seg_pred" / "seg_pred" / "0.png")
    data = load(tmp_path)
    assert [split.n for split in data.facts.splits] == [6, 4]
    assert data.facts.test_files[0] == "seg_test/seg_test/cat/0.png"
    assert "1 further folder was ignored: seg_pred." in notes(data)


@pytest.mark.parametrize("classes", [("bullet_train", "bus"), ("train_station", "test_tube"), ("train_set", "val_x")])
def test_classes_that_have_such_a_word_in_their_names_are_classes(classes: tuple[str, str], tmp_path: Path) -> None:
    for seed, name in enumerate(classes):
        write_classes(tmp_path / name, ("old", "new"), number=5, seed=100 * seed)
    data = load(tmp_path)
    assert data.facts.classes == tuple(sorted(classes))


def test_a_class_that_is_not_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    write_splits(tmp_path, ("cat", "dog"))
    write_classes(tmp_path / "test", ("owl",), seed=500)
    (tmp_path / "train" / "owl").symlink_to("cat")
    with pytest.raises(DataError, match="owl can't be read: it is a link to “train/cat”, which is read already"):
        load(tmp_path)


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    write_splits(tmp_path)
    write_classes(tmp_path / "Train")
    with pytest.raises(DataError, match="several folders of one name: Train and train"):
        load(tmp_path)


def test_test_images_alone_are_evaluated_and_not_trained(tmp_path: Path) -> None:
    write_classes(tmp_path / "test", ("cat", "dog", "owl"))
    data = load(tmp_path, evaluating=True)
    assert [(split.name, split.n) for split in data.facts.splits] == [("test", 6)]
    assert len(data.train_images) == 0
    assert data.facts.channel_mean[0] == pytest.approx(0.5, abs=0.05)
    with pytest.raises(DataError, match=r"holds only test images, in test/, and run.mode: train needs others"):
        load(tmp_path)


def test_a_flat_folder_is_the_test_set_where_nothing_is_trained(tmp_path: Path) -> None:
    write_classes(tmp_path, number=5)
    data = load(tmp_path, evaluating=True)
    assert [(split.name, split.n) for split in data.facts.splits] == [("test", 10)]
    assert "All images of the folder are test images" in notes(data)
    spec = DataSpec(name="image_folder", test_fraction=0.4)
    assert [split.n for split in load(tmp_path, spec, evaluating=True).facts.splits] == [6, 4]


@pytest.mark.parametrize("inside", ["", "train"])
def test_without_a_test_folder_a_part_of_each_class_is_set_aside(inside: str, tmp_path: Path) -> None:
    write_classes(tmp_path / inside, ("cat", "dog"), 10)
    data = load(tmp_path)
    assert [split.counts for split in data.facts.splits] == [(8, 8), (2, 2)]
    assert "20 % of each class, 4 images, were set aside" in notes(data)


def test_classes_called_as_splits_are_classes(tmp_path: Path) -> None:
    write_classes(tmp_path, ("dev", "prod", "test"), 5)
    assert load(tmp_path).facts.classes == ("dev", "prod", "test")


@pytest.mark.parametrize("names", [("train", "test"), ("Train", "val", "test"), ("train_images", "test_images")])
def test_folders_called_as_splits_without_classes_are_no_classes(names: tuple[str, ...], tmp_path: Path) -> None:
    write_classes(tmp_path, names, 5)
    with pytest.raises(DataError, match=r"the images in .* do not lie in folders of classes, so they have no labels"):
        load(tmp_path)
    (tmp_path / "labels.csv").touch()
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert caught.value.hint.endswith("Labels in tables such as labels.csv are not read.")


def test_unlabelled_images_are_no_classes_whatever_lies_beside_them(tmp_path: Path) -> None:
    write_classes(tmp_path, ("train2017", "val2017", "examples"), 5)
    with pytest.raises(DataError, match="the images in train2017 and val2017 of"):
        load(tmp_path)


def test_a_split_inside_of_classes_is_refused(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        write_classes(tmp_path / name, ("Train", "Test"), 3)
    with pytest.raises(DataError, match="for training and for testing inside those of its classes: cat and dog") as why:
        load(tmp_path)
    assert why.value.hint.startswith("Put the folders of the classes into train/ and test/")


@pytest.mark.parametrize("beside", ["annotations/a.xml", "meta/train.txt"])
def test_the_folder_of_classes_beside_folders_without_images_is_offered(beside: str, tmp_path: Path) -> None:
    write_classes(tmp_path / "images", ("rose", "tulip"))
    (tmp_path / beside).parent.mkdir()
    (tmp_path / beside).touch()
    with pytest.raises(DataError, match="holds no image of the class") as caught:
        load(tmp_path)
    assert caught.value.hint == f"Did you mean {tmp_path / 'images'}?"
    write_classes(tmp_path, ("lily",))
    with pytest.raises(DataError, match="holds no image of the class") as caught:
        load(tmp_path)
    assert caught.value.hint == "Put images into the folder, or remove it."


def test_of_folders_called_as_splits_those_without_classes_are_named(tmp_path: Path) -> None:
    write_classes(tmp_path / "train_images", ("cat", "dog"), 2)
    write_classes(tmp_path, ("test_images",), 2)
    with pytest.raises(DataError, match="the images in test_images of"):
        load(tmp_path)


def test_images_without_folders_are_refused_with_what_to_do(tmp_path: Path) -> None:
    write_image(tmp_path / "0.png")
    with pytest.raises(DataError, match="has neither these nor folders of classes") as caught:
        load(tmp_path)
    assert caught.value.hint == "Put the images of each class into a folder of its name."
    (tmp_path / "Labels.CSV").touch()
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert caught.value.hint.endswith("of its name. Labels in tables such as Labels.CSV are not read.")


@pytest.mark.parametrize("inside", ["flowers", "archive/flowers", "archive/data/train"])
def test_the_folder_of_classes_inside_a_single_folder_is_offered(inside: str, tmp_path: Path) -> None:
    write_classes(tmp_path / inside, ("rose", "tulip"))
    with pytest.raises(DataError, match="holds 1 class with images") as caught:
        load(tmp_path)
    assert caught.value.hint == f"Did you mean {tmp_path / inside.removesuffix('/train')}?"


@pytest.mark.parametrize("inside", ["cat", "cat/tabby"])
def test_a_single_class_is_not_taken_for_a_folder_of_classes(inside: str, tmp_path: Path) -> None:
    write_image(tmp_path / inside / "0.png")
    with pytest.raises(DataError, match="holds 1 class with images") as caught:
        load(tmp_path)
    assert caught.value.hint == "It needs two or more folders."


def test_a_test_folder_without_labels_is_not_taken(tmp_path: Path) -> None:
    write_classes(tmp_path / "train")
    write_image(tmp_path / "test" / "0001.png")
    with pytest.raises(DataError, match="test holds no images in folders of classes, so it has no labels"):
        load(tmp_path)
    write_classes(tmp_path / "val", seed=50)
    assert load(tmp_path).facts.test_files[0] == "val/cat/0.png"


def test_classes_that_differ_are_named(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", ("cat", "dog"))
    write_classes(tmp_path / "test", ("Cat", "dog", "owl"))
    with pytest.raises(DataError, match="test has classes that train/ has not: Cat, owl") as caught:
        load(tmp_path)
    assert "train/ has cat, dog. Cat and cat differ in case alone." in caught.value.hint


def test_classes_that_differ_in_spaces_alone_are_told(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", ("cat", "polar bear"))
    write_classes(tmp_path / "test", ("cat ", "polarbear"))
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert caught.value.hint.endswith("'cat ' and 'cat' and 'polarbear' and 'polar bear' differ in spaces alone.")


def test_a_class_that_may_not_be_read_is_not_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_splits(tmp_path)
    shut_off(monkeypatch, tmp_path / "train" / "cat")
    with pytest.raises(DataError, match=r"train/cat/0.png can't be read: there is no permission to read it"):
        load(tmp_path)


def test_the_folder_inside_is_offered(tmp_path: Path) -> None:
    write_splits(tmp_path / "pets")
    with pytest.raises(DataError, match="has neither these nor folders of classes") as caught:
        load(tmp_path)
    assert caught.value.hint == f"Did you mean {tmp_path / 'pets'}?"


def test_what_is_wrong_with_a_folder_shows_before_anything_is_read(tmp_path: Path) -> None:
    write_splits(tmp_path)
    assert len(data_files(FOLDER, tmp_path, Path(), find_datasets()) or ()) == 8
    (tmp_path / "train" / "ghost").mkdir()
    with pytest.raises(DataError, match="ghost"):
        data_files(FOLDER, tmp_path, Path(), find_datasets())
    spec = DataSpec(name="image_folder", fallback="digits")
    assert data_files(spec, tmp_path, Path(), find_datasets()) == ()


def test_where_other_data_stand_in_the_record_keeps_the_reason_as_a_message(tmp_path: Path) -> None:
    write_splits(tmp_path)
    (tmp_path / "train" / "ghost").mkdir()
    (tmp_path / "train" / "ghost" / "notes.txt").write_text("x", encoding="utf-8")
    spec = DataSpec(name="image_folder", fallback="digits")
    data = load_data(spec, data_root=tmp_path, offline=True, seed=0, base=Path(), progress=Silent())
    found = data.facts.fallback_reason
    assert found is not None
    assert found.id == "{said}; there are other files, such as {files}"
    said = f"{tmp_path.name}/train holds no image of the class ghost; there are other files, such as "
    assert found.text == f"{said}train/ghost/notes.txt"


def test_a_folder_below_one_that_may_not_be_entered_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_splits(tmp_path / "closed" / "data")
    shut_off(monkeypatch, tmp_path / "closed")
    with pytest.raises(DataError, match=r"no permission to enter a folder above .*closed/data"):
        load(tmp_path / "closed" / "data")


@pytest.mark.parametrize(("name", "said"), [("data.zip", "is a file: unpack it"), ("nowhere", "there is no folder")])
def test_what_is_no_folder_is_named_also_before_anything_is_read(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "data.zip").write_bytes(b"PK")
    kinds = find_datasets()
    for read in (lambda: load(tmp_path / name), lambda: data_files(FOLDER, tmp_path / name, Path(), kinds)):
        with pytest.raises(DataError, match=said) as error:
            read()
        assert name in str(error.value)
