"""Which folders hold the training and the test images: by the names that people give them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
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

TRAIN = ("train", "training", "训练", "训练集")
TEST = (
    "test",
    "testing",
    "测试",
    "测试集",
    "val",
    "valid",
    "validation",
    "验证",
    "验证集",
    "eval",
    "evaluation",
    "dev",
)
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
    if nested:
        return f"Did you mean {visible(str(nested[0]))}?"
    if read_beside(folders[0]).loose:
        return f"Put the images of each class into a folder of its name. {tables(folders[0])}".strip()
    return ADVICE


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
    pairs = pair_names([path for path in subfolders(root) if subfolders(path)])
    if len(pairs) != 1:
        return [], []
    train, test = ([path for _, path in sorted(side)] for side in pairs[0])
    return train, test


def pair_names(folders: Sequence[Path]) -> list[tuple[list[tuple[int, Path]], list[tuple[int, Path]]]]:
    """Groups of training and test folders, each with its word's place, whose names are alike but for these words."""
    found: dict[tuple[str, ...], tuple[list[tuple[int, Path]], list[tuple[int, Path]]]] = {}
    for path in folders:
        words = words_of(path.name)
        for side, names in enumerate((TRAIN, TEST)):
            for word in names:
                if words.count(word) == 1:
                    rest = tuple(other for other in words if other != word)
                    found.setdefault(rest, ([], []))[side].append((names.index(word), path))
    return [pair for pair in found.values() if all(pair)]


WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_a-zA-Z]+")
"""Of the name of a folder: TrainSet has two."""
ONE_WORD = re.compile(rf"({'|'.join(sorted((*TRAIN, *TEST), key=len, reverse=True))})(sets?|data|images?|imgs?|split)")
"""Two words written as one, such as trainset."""


def words_of(name: str) -> list[str]:
    """The words of a folder's name in lower case, without a number that only orders folders, as in 1_train."""
    words = list[str]()
    for word in WORDS.findall(name):
        both = ONE_WORD.fullmatch(word.lower())
        words += both.groups() if both else [word.lower()]
    while words and words[0].isdigit():
        del words[0]
    return words


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
        refuse_unlabelled(root)
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


def refuse_unlabelled(root: Path) -> None:
    """Raise DataError where folders are named as training and test folders and hold no folders of classes, and where
    such folders lie inside those of classes."""
    folders = subfolders(root)
    pairs = pair_names(folders)
    parts = [path for side in pairs[0] for _, path in side] if len(pairs) == 1 else []
    flat = [visible(path.name) for path in sorted(parts) if not subfolders(path)]
    if flat:
        raise NotAvailable(
            N_(
                "the images in {names} of {folder} do not lie in folders of classes, so they have no labels",
                names=some(flat),
                folder=visible(str(root)),
            ),
            f"Put the images of each class into a folder of its name, within these. {tables(root)}".strip(),
        )
    split = [path for path in folders if pair_names(subfolders(path))]
    if split:
        raise NotAvailable(
            N_(
                "{folder} holds folders for training and for testing inside those of its classes: {names}",
                folder=visible(str(root)),
                names=some(visible(path.name) for path in split),
            ),
            "Put the folders of the classes into train/ and test/, not the other way round.",
        )


def tables(folder: Path) -> str:
    """That labels in a table are not read, where a folder holds one."""
    found = [path.name for path in sorted(folder.iterdir()) if path.suffix.lower() in TABLES]
    return f"Labels in tables such as {visible(found[0])} are not read." if found else ""


TABLES = frozenset({".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"})
"""Endings of files that hold the labels of many images."""


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
            check_part(part, layout.root, name, least)
    if layout.train is None or layout.test is None:
        return
    train, test = ({image.label for image in part.images} for part in (layout.train, layout.test))
    strangers = sorted(test - train)
    for one in layout.train.refused:
        if any(f"{one.name}/".startswith(f"{layout.names[0]}/{name}/") for name in strangers):
            why = N_("{file} can't be read: {reason}", file=visible(str(one.path)), reason=one.reason)
            raise NotAvailable(why, "Check its permissions, or what it is a link to.")
    if strangers:
        trained = visible(layout.names[0])
        alike = say_alike(strangers, train)
        raise NotAvailable(
            N_(
                "{folder} has classes that {trained}/ has not: {names}",
                folder=visible(str(layout.root / layout.names[1])),
                trained=trained,
                names=", ".join(some(strangers)),
            ),
            f"Use the same folder names in both; {trained}/ has {', '.join(some(sorted(train)))}.{alike}",
        )


def say_alike(strangers: Sequence[str], train: Iterable[str]) -> str:
    """Which classes are the same but for case, or for spaces; nothing where none are."""
    said = ""
    for what, form in (("case", str.casefold), ("spaces", lambda name: "".join(name.split()))):
        known = {form(name): name for name in train}
        pairs = [(name, known[form(name)]) for name in strangers if form(name) in known]
        quote = repr if what == "spaces" else str
        if pairs:
            said += f" {join_names([f'{quote(a)} and {quote(b)}' for a, b in pairs])} differ in {what} alone."
    return said


def check_part(part: Contents, root: Path, name: str, least: int) -> None:
    """Raise DataError unless each class folder of a part holds images, and there are at least so many of them."""
    where = visible(str(root / name))
    if not part.images and not part.refused:
        raise NotAvailable(say_empty(part, where), "Put images there, one folder a class.")
    trouble = {piece for one in part.refused for piece in one.name.split("/")}
    empty = [name for name in part.empty if name not in trouble]
    if empty:
        meant = None if name or len(part.classes) - len(empty) > 1 else classes_inside(root, part)
        hint = "Put images into the folder, or remove it."
        raise NotAvailable(say_classes(part, where, empty), f"Did you mean {visible(str(meant))}?" if meant else hint)
    if len(part.classes) < least:
        why = nN_(
            "{folder} holds {count} class with images",
            "{folder} holds {count} classes with images",
            len(part.classes),
            folder=where,
        )
        inner = None if name else classes_inside(root, part)
        raise NotAvailable(why, f"Did you mean {visible(str(inner))}?" if inner else "It needs two or more folders.")


def classes_inside(root: Path, part: Contents) -> Path | None:
    """Where all images lie in one folder, the first inside that holds several folders, or training and test ones; None
    where there is none."""
    folder = root
    for _ in range(DEEPEST):
        if folder != root and match(folder, TRAIN + TEST):
            return folder
        inside = [path for path in subfolders(folder) if any(path in image.path.parents for image in part.images)]
        if len(inside) != 1:
            return folder if len(inside) > 1 and folder != root else None
        folder = inside[0]
    return None


DEEPEST = 8
"""Folders inside each other that are looked at for one that may be meant."""


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
