"""Files that are something else than weights, by what they begin with, and what to do about each."""

from __future__ import annotations

import re
from pathlib import Path

from reportgen.errors import ModelError

ALONE = "Save the weights alone: torch.save(model.state_dict(), path), or a .safetensors file."
UNPACK = "Unpack it and name the file inside in model.weights."
AGAIN = "Download it again, by the link of the file itself, and compare its size."
CONVERT = "Load it with the library that wrote it and save a PyTorch state dict: torch.save(model.state_dict(), path)."
ARRAYS = (
    "Save them as tensors: torch.save({name: torch.from_numpy(array) for name, array in numpy.load(path).items()}, "
    "'weights.pt')."
)
JOBLIB = b"joblib.numpy_pickle"
POINTER = b"version https://git-lfs"

BEGINNINGS = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras and TensorFlow write weights", CONVERT),
    (b"GGUF", "a GGUF file, as llama.cpp uses", CONVERT),
    (b"\x93NUMPY", "one array of NumPy", ALONE),
    (b"\x1f\x8b", "compressed with gzip", UNPACK),
    (b"BZh", "compressed with bzip2", UNPACK),
    (b"\xfd7zXZ\x00", "compressed with xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!", "a rar archive", UNPACK),
    (b"\x89PNG", "an image", ""),
    (b"\xff\xd8\xff", "an image", ""),
    (b"%PDF", "a PDF document", ""),
    (b"\x7fELF", "a program", ""),
    (b"#!", "a script", ""),
)
AT = (
    (257, b"ustar", "a tar archive", UNPACK),
    (4, b"TFL3", "a model of TensorFlow Lite", CONVERT),
)
MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|!--|html|head|body|title|meta|script|\?xml|error)", re.IGNORECASE)
ONNX = re.compile(
    rb"\x08[\x01-\x20]\x12.{0,64}?(pytorch|onnx|tf2onnx|keras|skl2onnx|caffe2)|\x08[\x01-\x20]:", re.DOTALL
)
SAVED_MODEL = re.compile(rb"\x08\x01\x12")


def refuse_foreign(path: Path, head: bytes) -> None:
    """Raise ModelError where the first bytes of a file are those of a kind that holds no PyTorch weights."""
    name = path.name
    if not head:
        raise ModelError(f"{name} is empty", "Save or copy the weights again.")
    if head.startswith(POINTER):
        raise ModelError(f"{name} is a Git LFS pointer, not the weights", "Fetch the file itself: git lfs pull.")
    if not head.strip(b"\0"):
        raise no_weights(name, "it begins with zeros, as an interrupted download leaves them", AGAIN)
    for place, sign, what, hint in (*((0, *known) for known in BEGINNINGS), *AT):
        if head[place:].startswith(sign):
            raise no_weights(name, f"it is {what}", hint)
    if MARKUP.match(head):
        raise no_weights(name, "it is a web page or XML, as a failed download leaves it", AGAIN)
    if ONNX.match(head) or path.suffix == ".onnx":
        raise no_weights(name, "it is an ONNX model, a graph and not a state dict", CONVERT)
    if SAVED_MODEL.match(head) or path.suffix in (".pb", ".h5", ".keras", ".tflite", ".msgpack", ".gguf"):
        raise no_weights(name, f"it is of another library ({path.suffix or 'a saved model of TensorFlow'})", CONVERT)


def no_weights(name: str, why: str, hint: str = "") -> ModelError:
    """The error for a file that is something else."""
    return ModelError(f"{name} can't be read as weights: {why}", hint or ALONE)


def refuse_archive(name: str, members: list[str]) -> None:
    """Raise ModelError for a zip archive that torch.save did not write; `members` are its files."""
    bare = [member.partition("/")[2] or member for member in members]
    if any(member in ("constants.pkl", "bytecode.pkl") or member.startswith("code/") for member in bare):
        raise ModelError(
            f"{name} is a TorchScript archive, and reading those could execute code",
            "Where you trust it, take its weights out: torch.save(torch.jit.load(path).state_dict(), 'weights.pt').",
        )
    exported = ("archive_format", "archive_version", "serialized_exported_program.json")
    if any(member in exported or member.startswith("serialized_exported_program") for member in (*bare, *members)):
        raise ModelError(
            f"{name} is an exported program (torch.export, .pt2), a graph and not a state dict",
            "Where you trust it, take its weights out: torch.save(torch.export.load(path).state_dict, 'weights.pt').",
        )
    if "data.pkl" in bare:
        return
    if members and all(member.endswith(".npy") for member in members):
        raise no_weights(name, "it is an archive of NumPy arrays (.npz)", ARRAYS)
    if any(member.endswith(".h5") for member in members):
        raise no_weights(name, "it is a model of Keras", CONVERT)
    inside = next((member for member in members if member.endswith((".pt", ".pth", ".bin", ".safetensors"))), None)
    if inside:
        raise no_weights(name, f"it is a zip archive that holds {inside}", UNPACK)
    raise no_weights(name, f"it is a zip archive without weights ({', '.join(members[:3]) or 'empty'})")
