"""A record on disk, read and written without torch: what was measured, and beside it what one report made of that.

| file                                | holds                                                        |
|-------------------------------------|--------------------------------------------------------------|
| `record.json`, `arrays.safetensors` | the RunRecord; written once, whatever is drawn of it         |
| `judgement.json` and `.safetensors` | the Judgement of the last report; not there where it is empty |
| `presentation.json`                 | the Presentation of the last report                          |

Each JSON file states the digest of its arrays. The format that record.json states is that of all of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from reportgen.errors import NewerRecord, RecordError
from reportgen.record.arrays import Arrays
from reportgen.record.judgement import Judgement
from reportgen.record.presentation import Presentation
from reportgen.record.run import RECORD_FORMAT, RunRecord
from reportgen.record.soundness import find_huge, find_wrong_arrays, find_wrong_counts
from reportgen.record.subject import Subject
from reportgen.record.upgrade import Fields, upgrade
from reportgen.spec.frozen import Frozen, schema_of
from reportgen.system.files import is_regular, write_file

RECORD_FILE = "record.json"
ARRAYS_FILE = "arrays.safetensors"
JUDGEMENT_FILE = "judgement.json"
JUDGEMENT_ARRAYS_FILE = "judgement.safetensors"
PRESENTATION_FILE = "presentation.json"
FILES = (RECORD_FILE, ARRAYS_FILE, JUDGEMENT_FILE, JUDGEMENT_ARRAYS_FILE, PRESENTATION_FILE)
UNSEALED = "0" * 64
SEAL = re.compile(rb'(\n "sha256": ")[0-9a-f]{64}(?=")')
"""The digest that a JSON file states of itself, at its top level; `spell` indents all that lies deeper."""
LONG_NUMBER = re.compile(rb"[:\[,]\s*-?[0-9]{19}")
"""What could be a number that is too large; a quick look at all."""
KINDS = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4", "U64": "<u8", "U8": "|u1", "BOOL": "|b1"}
"""Types of arrays as safetensors and numpy call them."""
AGAIN = "Build the report again with --force, or take the record from a copy."
UNKNOWN = "this version of reportgen has no such field; a later one may have written it"
REDRAW = "Take the report from a copy, or remove {file} to draw the record without it."


@dataclass(frozen=True)
class Stored:
    """A record with the bytes that it is kept as, encoded once and hashed once, and what is drawn of it."""

    subject: Subject
    record_files: Mapping[str, bytes]
    """The record's two files by name, of the format that this version writes."""
    digest: str
    """sha256 of record.json, which holds that of the arrays."""

    @property
    def record(self) -> RunRecord:
        """What was measured."""
        return self.subject.record

    @property
    def files(self) -> dict[str, bytes]:
        """Every file by name, those of the record as they are kept."""
        return {**self.record_files, **encode_beside(self.subject)}

    def drawn_as(self, judgement: Judgement, presentation: Presentation) -> Stored:
        """The same record under another judgement and presentation."""
        return replace(self, subject=Subject(self.record, judgement, presentation))


def store(record: RunRecord) -> Stored:
    """A record as it is kept: what is drawn is what would be read back, to the order of its keys."""
    return decode_record(encode_record(record), Path())


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files by name into a folder. Raises EnvironmentTrouble when the machine can't."""
    for name, data in files.items():
        write_file(folder / name, data)


def load_record(folder: Path) -> RunRecord:
    """The record in a folder, whatever lies beside it.

    Raises RecordError when it is missing, damaged, of a newer format, or its two files do not belong together.
    """
    return load_measured(folder).record


def load_measured(folder: Path) -> Stored:
    """The record in a folder with its bytes, as if nothing lay beside it. Raises what `load_record` does."""
    return decode_record(read_files(folder, (RECORD_FILE, ARRAYS_FILE)), folder)


def load_stored(folder: Path) -> Stored:
    """The record in a folder with the judgement and the presentation beside it.

    Raises what `load_record` does, also for a damaged judgement or presentation.
    """
    return decode(read_files(folder, FILES), folder)


def load_judgement(folder: Path) -> Judgement:
    """The judgement beside a record of today's format; an empty one where none is there. Raises RecordError."""
    return decode_judgement(read_files(folder, (JUDGEMENT_FILE, JUDGEMENT_ARRAYS_FILE)), folder)


def encode_record(record: RunRecord) -> dict[str, bytes]:
    """The record's two files by name, the arrays first; the same record gives the same bytes."""
    return encode(record, record.arrays, RECORD_FILE, ARRAYS_FILE)


def encode_beside(subject: Subject) -> dict[str, bytes]:
    """The files beside a record's by name: judgement, unless it is empty, and presentation."""
    presentation = json.loads(subject.presentation.model_dump_json())
    return {**encode_judgement(subject.judgement), PRESENTATION_FILE: (spell(presentation) + "\n").encode()}


def encode_judgement(judgement: Judgement) -> dict[str, bytes]:
    """The judgement's files by name; none where it is empty."""
    if judgement == Judgement():
        return {}
    return encode(judgement, judgement.arrays, JUDGEMENT_FILE, JUDGEMENT_ARRAYS_FILE)


def encode(thing: Frozen, arrays: Arrays, json_file: str, arrays_file: str) -> dict[str, bytes]:
    """A value and its arrays as two files, the arrays first."""
    # safetensors writes the memory as it lies, so that a view of other order would come back scrambled
    data = save_arrays({name: np.asarray(array, order="C") for name, array in arrays.items()})
    fields = fields_of(thing, arrays)
    fields["arrays"] = {"bytes": len(data), "file": arrays_file, "sha256": hashlib.sha256(data).hexdigest()}
    fields["sha256"] = UNSEALED
    text = (spell(fields) + "\n").encode()
    return {arrays_file: data, json_file: SEAL.sub(rb"\g<1>" + digest_unsealed(text).encode(), text, count=1)}


def fields_of(thing: Frozen, arrays: Arrays) -> dict[str, Any]:
    """The fields of a value as JSON has them."""
    try:
        written = thing.model_dump_json()  # which spells not-a-number as text; model_dump does not
    except PydanticSerializationError:  # a name that is no text, such as a file's in another encoding
        written = type(thing).model_validate({**spelled_out(thing.model_dump()), "arrays": arrays}).model_dump_json()
    return dict(json.loads(written))


def digest_unsealed(text: bytes) -> str:
    """sha256 of a JSON file as it was before its own digest was put in, in the place of zeros."""
    return hashlib.sha256(SEAL.sub(rb"\g<1>" + UNSEALED.encode(), text, count=1)).hexdigest()


def digest_measured(record: RunRecord) -> str:
    """sha256 of everything that was measured but the images that are kept to be shown, which are smaller and fewer in
    the record that a PDF carries; and without what the Hub calls the data, which older records do not say."""
    fields = fields_of(record, record.arrays)
    fields.pop("arrays", None)
    for name in ("test_files", "hub"):
        fields["data"].pop(name, None)
    for holder in (fields, *fields["seeds"]):
        if holder["weights"] is None:  # as in older records, which do not name it
            del holder["weights"]
    digest = hashlib.sha256(spell(fields).encode("utf-8", "surrogatepass"))
    for name in sorted(set(record.arrays) - {"images", "images.ids"}):
        array = np.ascontiguousarray(record.arrays[name])
        digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def check_seal(stated: object, text: bytes, path: Path, advice: str) -> None:
    """Raise RecordError for a file that is not as it was written; one that states no digest is an older one."""
    if stated is not None and stated != digest_unsealed(text):
        message = f"{path} was changed after it was written: it does not have the digest that it states"
        raise RecordError(message, f"What it says now was not measured. {advice}")


def spelled_out(value: Any) -> Any:
    """A value in whose texts whatever is no character, and has no bytes in UTF-8, is spelled out as in \\udce9."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {spelled_out(key): spelled_out(item) for key, item in value.items()}
    return [spelled_out(item) for item in value] if isinstance(value, list | tuple) else value


def judgement_digest(judgement: Judgement) -> str:
    """sha256 of judgement.json, which holds that of its arrays; empty for an empty judgement."""
    content = encode_judgement(judgement).get(JUDGEMENT_FILE)
    return hashlib.sha256(content).hexdigest() if content is not None else ""


def decode_record(files: Mapping[str, bytes], where: Path) -> Stored:
    """The record of files by name, whatever else they hold; `where` is how messages name their place.

    Raises RecordError.
    """
    fields, arrays, version = read_record(files, where)
    seal = fields.pop("sha256", None)
    stored = make_stored(upgrade(Fields(fields, arrays), version), version, files, where)
    check_seal(seal, files[RECORD_FILE], where / RECORD_FILE, AGAIN)
    return stored


def decode(files: Mapping[str, bytes], where: Path) -> Stored:
    """The record of files by name with its judgement and presentation, of whatever format. Raises RecordError."""
    fields, arrays, version = read_record(files, where)
    seal = fields.pop("sha256", None)
    found = upgrade(Fields(fields, arrays), version)
    stored = make_stored(found, version, files, where)
    check_seal(seal, files[RECORD_FILE], where / RECORD_FILE, AGAIN)
    if version < RECORD_FORMAT:  # whose one file held everything
        with named_errors(where / RECORD_FILE, where / ARRAYS_FILE, AGAIN):
            judgement = Judgement.model_validate({**found.judgement, "arrays": Arrays(found.judgement_arrays)})
            return stored.drawn_as(judgement, Presentation.model_validate(found.presentation))
    return stored.drawn_as(decode_judgement(files, where), decode_presentation(files, where))


def make_stored(found: Fields, version: int, files: Mapping[str, bytes], where: Path) -> Stored:
    """The record of fields in today's format, with the files it came from or, of an older format, with new ones."""
    with named_errors(where / RECORD_FILE, where / ARRAYS_FILE, AGAIN):
        record = RunRecord.model_validate({**found.record, "arrays": Arrays(found.arrays)})
    check_sound(record, where)
    same = version == RECORD_FORMAT
    kept = {name: files[name] for name in (ARRAYS_FILE, RECORD_FILE)} if same else encode_record(record)
    return Stored(Subject(record), kept, hashlib.sha256(kept[RECORD_FILE]).hexdigest())


def decode_judgement(files: Mapping[str, bytes], where: Path) -> Judgement:
    """The judgement of files by name; an empty one where they hold none. Raises RecordError."""
    if JUDGEMENT_FILE not in files:
        return Judgement()
    path, arrays_path = where / JUDGEMENT_FILE, where / JUDGEMENT_ARRAYS_FILE
    advice = REDRAW.format(file=JUDGEMENT_FILE)
    fields = read_object(files[JUDGEMENT_FILE], path, advice)
    with named_errors(path, arrays_path, advice):
        arrays = read_arrays(fields, files.get(JUDGEMENT_ARRAYS_FILE, b""), path, arrays_path, advice)
        seal = fields.pop("sha256", None)
        judgement = Judgement.model_validate({**fields, "arrays": Arrays(arrays)})
    check_seal(seal, files[JUDGEMENT_FILE], path, advice)
    return judgement


def check_sound(record: RunRecord, where: Path) -> None:
    """Raise RecordError, with file and field, for a record that nothing can have measured."""
    for said in find_wrong_arrays(record):
        raise RecordError(f"{where / ARRAYS_FILE} is damaged: {said}", AGAIN)
    for field, said in find_wrong_counts(record):
        raise RecordError(f"{where / RECORD_FILE} is damaged: {field}: {said}", AGAIN)


def decode_presentation(files: Mapping[str, bytes], where: Path) -> Presentation:
    """The presentation of files by name; the defaults where they hold none. Raises RecordError."""
    if PRESENTATION_FILE not in files:
        return Presentation()
    path, advice = where / PRESENTATION_FILE, REDRAW.format(file=PRESENTATION_FILE)
    with named_errors(path, path, advice):
        return Presentation.model_validate(read_object(files[PRESENTATION_FILE], path, advice))


def read_record(files: Mapping[str, bytes], where: Path) -> tuple[dict[str, Any], dict[str, Any], int]:
    """The object in record.json without its arrays' digest, the arrays, and the format; raises RecordError."""
    for name in (RECORD_FILE, ARRAYS_FILE):
        if name not in files:
            raise RecordError(f"there is no {name} in {where}", AGAIN)
    path, arrays_path = where / RECORD_FILE, where / ARRAYS_FILE
    fields = read_object(files[RECORD_FILE], path, AGAIN)
    version = check_format(fields, path)
    with named_errors(path, arrays_path, AGAIN):
        return fields, read_arrays(fields, files[ARRAYS_FILE], path, arrays_path, AGAIN), version


def read_arrays(fields: dict[str, Any], data: bytes, path: Path, arrays_path: Path, advice: str) -> dict[str, Any]:
    """The arrays that belong to an object, whose statement about them is taken out of it; raises RecordError."""
    stated = fields.pop("arrays", None)
    if not isinstance(stated, dict) or hashlib.sha256(data).hexdigest() != stated.get("sha256"):
        message = f"{arrays_path} is not the file that {path.name} was written with"
        raise RecordError(message, f"One of the two is damaged or from another build. {advice}")
    return dict(load_arrays(data))


def pick_arrays(data: bytes, names: Collection[str], path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Some of the arrays of a safetensors file, without a copy of the others; those that it has not are left out.

    Raises RecordError for a file that is none.
    """
    try:
        end = 8 + int.from_bytes(data[:8], "little")
        found = {}
        for name, told in json.loads(data[8:end]).items():
            if name in names:
                first, last = told["data_offsets"]
                kind, shape = KINDS[told["dtype"]], tuple(told["shape"])
                if not 0 <= first <= last <= len(data) - end:
                    raise ValueError(f"{name} lies outside of the file")
                found[name] = np.frombuffer(data[end + first : end + last], kind).reshape(shape)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"{path} is damaged: {error}", AGAIN) from error
    return found


@contextmanager
def named_errors(path: Path, arrays_path: Path, advice: str) -> Iterator[None]:
    """Turn what pydantic and safetensors raise for damaged files into a RecordError that names the file."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        said = UNKNOWN if first["type"] == "extra_forbidden" else first["msg"]
        raise RecordError(f"{path} is damaged: {place}: {said}", advice) from error
    except (SafetensorError, ValueError, KeyError) as error:
        raise RecordError(f"{arrays_path} is damaged: {error}", advice) from error


def read_object(content: bytes, path: Path, advice: str) -> dict[str, Any]:
    """The JSON object of a file; raises RecordError."""
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is damaged: it is not JSON", advice) from error
    huge = find_huge(fields) if LONG_NUMBER.search(content) else ""
    if huge:
        raise RecordError(f"{path} is damaged: {huge}: no possible count", advice)
    return fields if isinstance(fields, dict) else {}


def check_format(fields: Mapping[str, Any], path: Path) -> int:
    """The format that an object states. Raises RecordError for none and for a newer one."""
    version = fields.get("format")
    if type(version) is not int or version < 1:
        raise RecordError(f"{path} is not a record of reportgen: it states no format", AGAIN)
    if version > RECORD_FORMAT:
        message = f"{path} has format {version}, and this version of reportgen reads up to format {RECORD_FORMAT}"
        raise NewerRecord(message, "Install a newer version: pip install -U reportgen-torch")
    return version


def read_files(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """The files of these names in a folder; those of the record have to be there, the others may be."""
    needed = (RECORD_FILE, ARRAYS_FILE)
    return {name: read_bytes(folder / name) for name in names if name in needed or (folder / name).exists()}


def read_bytes(path: Path) -> bytes:
    """The content of one file of a record; only of a regular one, which has an end; raises RecordError."""
    try:
        if path.exists() and not is_regular(path):
            raise RecordError(f"{path} can't be read: it is not a file", "Take the record from a copy.")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        message = f"there is no record in {path.parent}: {path.name} is missing"
        raise RecordError(message, f"A record is a folder with {RECORD_FILE} and {ARRAYS_FILE}.") from error
    except OSError as error:
        raise RecordError(f"{path} can't be read: {error.strerror}", "Check its permissions.") from error


write_plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
"""JSON on one line; `json.dumps` makes an encoder each time, and a record has 12,000 values."""


def spell(value: Any, indent: int = 0) -> str:
    """JSON for people and for diff: keys sorted, one a line, rows of plain values on one line."""
    pad = "\n" + " " * (indent + 1)
    close = "\n" + " " * indent
    if isinstance(value, dict) and value:
        rows = (f"{write_plain(key)}: {spell(value[key], indent + 1)}" for key in sorted(value))
        return "{" + pad + ("," + pad).join(rows) + close + "}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[" + pad + ("," + pad).join(spell(item, indent + 1) for item in value) + close + "]"
    return write_plain(value)


def record_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of record.json."""
    schema = schema_of(RunRecord, "serialization")
    schema["properties"]["arrays"] = {
        "description": "The file beside this one that holds the arrays, and its digest.",
        "type": "object",
        "properties": {"bytes": {"type": "integer"}, "file": {"const": ARRAYS_FILE}, "sha256": {"type": "string"}},
        "required": ["bytes", "file", "sha256"],
        "additionalProperties": False,
    }
    schema["properties"]["sha256"] = {
        "description": "Of this file with 64 zeros in the place of this digest; a file that was changed since differs.",
        "type": "string",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A reportgen record"} | schema
