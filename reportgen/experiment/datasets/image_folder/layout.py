"""Which folders hold the training and the test images: by the names that people give them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.experiment.datasets.files import NotAvailable
from reportgen.experiment.datasets.image_folder.contents import (
    ENDINGS,
    Contents,
    is_hidden,
    read_contents,
    some,
)
from reportgen.record.message import N_, Message, nN_
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import DataSpec
from reportgen.system.files import is_shut_off
from reportgen.text.i18n import join_names
from reportgen.text.visible import visible

TRAIN = ("train", "training")
TEST = ("test", "testing", "val", "valid", "validation", "eval", "evaluation", "dev")
"""In any case, the first that is there is used: a test folder is a better test than a validation folder."""
WANTED = N_("image_folder needs a folder with train/ and test/ (or val/) in it, one folder a class in each")
ADVICE = "Give it with data.root in the spec, or with --data-root."


@dataclass(frozen=True)
class Layout:
    """A folder of images and what its parts hold."""

    root: Path
    train: Contents | None
    """None where there are no training images."""
    test: Contents | None
    """None where there is no test folder: then the images of `train` are split."""
    flat: bool = False
    """Whether the classes lie in the folder itself; `train` holds them all."""
    names: tuple[str, str] = ("train", "test")
    """Of the two folders; of a flat one both are empty."""
    beside: Contents = field(default_factory=Contents)
    """What else lies in the folder."""
    notes: tuple[Message, ...] = ()

    @property
    def parts(self) -> tuple[Contents, ...]:
        """What was read."""
        return tuple(part for part in (self.train, self.test) if part is not None)


def find_layout(spec: DataSpec, data_root: Path | None, base: Path) -> Layout | None:
    """The layout of the first folder given that has one; None where no folder is given.

    Raises DataError for folders that are not there, that hold no images by class, or a class without images.
    """
    given = [resolve_path(spec.root, base)] if spec.root is not None else []
    given += [data_root] if data_root is not None else []
    folders = [folder for folder in given if is_there(folder)]
    for folder in folders:
        layout = read_layout(folder)
        if layout is not None:
            check_classes(layout)
            return layout
    if not given:
        return None
    if not folders:
        raise NotAvailable(not_there(given[0]), ADVICE)
    why = N_(
        "{wanted}; {folder} has neither these nor folders of classes", wanted=WANTED, folder=visible(str(folders[0]))
    )
    raise NotAvailable(why, advise(folders))


def not_there(folder: Path) -> Message:
    """What is said of a folder that is given and not there, or is a file."""
    if folder.is_file():
        return N_(
            "{wanted}; {folder} is a file: unpack it where it is an archive", wanted=WANTED, folder=visible(str(folder))
        )
    return N_("{wanted}; there is no folder {folder}", wanted=WANTED, folder=visible(str(folder)))


def is_there(folder: Path) -> bool:
    """Whether there is such a folder; raises DataError where nobody may look."""
    if is_shut_off(folder):
        why = N_("there is no permission to enter a folder above {folder}", folder=visible(str(folder)))
        raise NotAvailable(why, "Check the permissions of the folders above it.")
    return folder.is_dir()


def advise(folders: list[Path]) -> str:
    """What to do where a folder has no layout: the one folder in it may be what is meant."""
    inside = [path for folder in folders for path in subfolders(folder)]
    nested = [path for path in inside if match(path, TRAIN + TEST)]
    return f"Did you mean {visible(str(nested[0]))}?" if nested else ADVICE


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder that are not hidden, links to folders too, by name; raises DataError."""
    try:
        return sorted(path for path in folder.iterdir() if not is_hidden(path.name) and path.is_dir())
    except OSError as error:
        why = N_("{folder} can't be read: {error}", folder=visible(str(folder)), error=error.strerror or str(error))
        raise NotAvailable(why, "Check its permissions.") from error


def match(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """The folders in a folder that have one of these names, in any case, in the order of the names.

    Only those that hold folders themselves: one that holds files alone is a class, or images without labels.

    Raises DataError.
    """
    found = [path for path in subfolders(folder) if path.name.lower() in names and subfolders(path)]
    twice = [name for name, number in Counter(path.name.lower() for path in found).items() if number > 1]
    if twice:
        same = [visible(path.name) for path in found if path.name.lower() == twice[0]]
        why = N_("{folder} has several folders of one name: {names}", folder=visible(str(folder)), names=same)
        raise NotAvailable(why, "Keep one of them.")
    return sorted(found, key=lambda path: names.index(path.name.lower()))


def match_pairs(root: Path) -> tuple[list[Path], list[Path]]:
    """The training and the test folders whose names are alike but for these words, such as seg_train and seg_test,
    training_set and test_set, train2017 and val2017; nothing unless there are both. Raises DataError."""
    found: dict[tuple[str, ...], tuple[list[tuple[int, Path]], list[tuple[int, Path]]]] = {}
    for path in subfolders(root):
        words = [word.lower() for word in WORDS.findall(path.name)]
        for side, names in enumerate((TRAIN, TEST)):
            for word in names:
                if words.count(word) == 1 and subfolders(path):
                    rest = tuple(other for other in words if other != word)
                    found.setdefault(rest, ([], []))[side].append((names.index(word), path))
    pairs = [pair for pair in found.values() if all(pair)]
    if len(pairs) != 1:
        return [], []
    train, test = ([path for _, path in sorted(side)] for side in pairs[0])
    return train, test


WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
"""Of the name of a folder: TrainSet has two."""


def inner_name(folder: Path) -> str:
    """The name of a folder of classes; where it holds nothing but a folder of its own name, as some archives do, that
    one's. Raises DataError."""
    inside = subfolders(folder)
    same = len(inside) == 1 and inside[0].name == folder.name and subfolders(inside[0])
    return f"{folder.name}/{folder.name}" if same else folder.name


def read_layout(root: Path) -> Layout | None:
    """What a folder holds, or None where that is nothing that can be used; raises DataError."""
    train, test = match(root, TRAIN), match(root, TEST)
    if not train and not test:
        train, test = match_pairs(root)
    if not train and not test:
        if any(match(path, TRAIN + TEST) for path in subfolders(root)):
            return None
        whole = read_contents(root, "")
        return Layout(root, whole, None, flat=True, names=("", "")) if whole.images else None
    unlabelled = [path for path in subfolders(root) if path.name.lower() in TEST and path not in test]
    if unlabelled and not test:
        raise NotAvailable(
            N_(
                "{folder} holds no images in folders of classes, so it has no labels to test by",
                folder=visible(str(unlabelled[0])),
            ),
            "Put its images into one folder a class, or remove it: then a part of the training images is set aside.",
        )
    used = [paths[0] for paths in (train, test) if paths]
    names = (inner_name(train[0]) if train else "", inner_name(test[0]) if test else "")
    return Layout(
        root,
        read_contents(root, names[0]) if train else None,
        read_contents(root, names[1]) if test else None,
        names=names,
        beside=read_beside(root),
        notes=tuple(describe_choice(root, train, test, used)),
    )


def read_beside(root: Path) -> Contents:
    """The files and the hidden folders that lie in a folder itself."""
    found = Contents()
    for path in sorted(root.iterdir()):
        name = visible(path.name)
        if is_hidden(path.name):
            found.hidden.append(name)
        elif not path.is_dir():
            (found.loose if path.suffix.lower() in ENDINGS else found.others).append(name)
    return found


def describe_choice(root: Path, train: list[Path], test: list[Path], used: list[Path]) -> list[Message]:
    """What is said of the folders that were chosen, where they are not train and test alone."""
    notes = []
    if test and test[0].name != "test":
        notes.append(N_("The test images are those of the folder “{folder}”.", folder=visible(test[0].name)))
    if train and train[0].name != "train":
        notes.append(N_("The training images are those of the folder “{folder}”.", folder=visible(train[0].name)))
    aside = [visible(path.name) for path in subfolders(root) if path not in used]
    if aside:
        notes.append(
            nN_(
                "{count} further folder was ignored: {names}.",
                "{count} further folders were ignored: {names}.",
                len(aside),
                names=some(aside),
            )
        )
    return notes


def check_classes(layout: Layout) -> None:
    """Raise DataError for a class without images, for fewer than two classes, and for classes that can't be tested."""
    for part, name in zip((layout.train, layout.test), layout.names, strict=True):
        if part is not None:
            least = 1 if part is layout.test and layout.train is not None else 2
            check_part(part, visible(str(layout.root / name)), least)
    if layout.train is None or layout.test is None:
        return
    train, test = ({image.label for image in part.images} for part in (layout.train, layout.test))
    strangers = sorted(test - train)
    for one in layout.train.refused:
        if one.name in [f"{layout.names[0]}/{name}" for name in strangers]:
            why = N_("{file} can't be read: {reason}", file=visible(str(one.path)), reason=one.reason)
            raise NotAvailable(why, "Check its permissions, or what it is a link to.")
    if strangers:
        trained = visible(layout.names[0])
        folded = {name.casefold(): name for name in train}
        pairs = [f"{name} and {folded[name.casefold()]}" for name in strangers if name.casefold() in folded]
        alike = f" {join_names(pairs)} differ in case alone." if pairs else ""
        raise NotAvailable(
            N_(
                "{folder} has classes that {trained}/ has not: {names}",
                folder=visible(str(layout.root / layout.names[1])),
                trained=trained,
                names=", ".join(some(strangers)),
            ),
            f"Use the same folder names in both; {trained}/ has {', '.join(some(sorted(train)))}.{alike}",
        )


def check_part(part: Contents, where: str, least: int) -> None:
    """Raise DataError unless each class folder of a part holds images, and there are at least so many of them."""
    if not part.images and not part.refused:
        raise NotAvailable(say_empty(part, where), "Put images there, one folder a class.")
    trouble = {piece for one in part.refused for piece in one.name.split("/")}
    empty = [name for name in part.empty if name not in trouble]
    if empty:
        raise NotAvailable(say_classes(part, where, empty), "Put images into the folder, or remove it.")
    if len(part.classes) < least:
        why = nN_(
            "{folder} holds {count} class with images",
            "{folder} holds {count} classes with images",
            len(part.classes),
            folder=where,
        )
        raise NotAvailable(why, "It needs two or more folders.")


def say_empty(part: Contents, where: str) -> Message:
    """That a part holds no images, and what it holds."""
    if not part.others:
        return N_("{folder} holds no images", folder=where)
    return nN_(
        "{folder} holds no images; it holds {count} other file, such as {file}",
        "{folder} holds no images; it holds {count} other files, such as {file}",
        len(part.others),
        folder=where,
        file=part.others[0],
    )


def say_classes(part: Contents, where: str, empty: Sequence[str]) -> Message:
    """That some classes hold no images, and what they hold."""
    other = [name for name in part.others if name.split("/")[-2:-1] and name.split("/")[-2] in empty]
    said = nN_(
        "{folder} holds no image of the class {names}",
        "{folder} holds no image of the classes {names}",
        len(empty),
        folder=where,
        names=", ".join(some(empty, 20)),
    )
    files = ", ".join(some(other, 3))
    return N_("{said}; there are other files, such as {files}", said=said, files=files) if other else said
