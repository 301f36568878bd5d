"""A record on disk: `record.json` and `arrays.safetensors`, read and written without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from reportgen.errors import RecordError
from reportgen.record.arrays import Arrays
from reportgen.record.run import RECORD_FORMAT, RunRecord
from reportgen.spec.frozen import schema_of
from reportgen.system.files import write_file

RECORD_FILE = "record.json"
ARRAYS_FILE = "arrays.safetensors"
AGAIN = "Build the report again with --force, or take the record from a copy."


def save_record(record: RunRecord, folder: Path) -> None:
    """Write a record into a folder; the same record gives the same bytes.

    Raises EnvironmentTrouble when the machine can't (disk full, no permission).
    """
    for name, data in encode_record(record).items():
        write_file(folder / name, data)


def load_record(folder: Path) -> RunRecord:
    """The record in a folder.

    Raises RecordError when it is missing, damaged, of a newer format, or its two files do not belong together.
    """
    fields = read_fields(read_bytes(folder / RECORD_FILE), folder)  # what is no record needs no arrays
    return join(fields, read_bytes(folder / ARRAYS_FILE), folder)


def encode_record(record: RunRecord) -> dict[str, bytes]:
    """The record's two files by name, the arrays first; the same record gives the same bytes."""
    # safetensors writes the memory as it lies, so that a view of other order would come back scrambled
    arrays = save_arrays({name: np.asarray(array, order="C") for name, array in record.arrays.items()})
    fields = json.loads(record.model_dump_json())  # which spells not-a-number as text; model_dump does not
    fields["arrays"] = {"bytes": len(arrays), "file": ARRAYS_FILE, "sha256": hashlib.sha256(arrays).hexdigest()}
    return {ARRAYS_FILE: arrays, RECORD_FILE: (spell(fields) + "\n").encode()}


def decode_record(files: Mapping[str, bytes], where: Path) -> RunRecord:
    """The record of two files by name; `where` is how messages name their place. Raises RecordError."""
    for name in (RECORD_FILE, ARRAYS_FILE):
        if name not in files:
            raise RecordError(f"there is no {name} in {where}", AGAIN)
    return join(read_fields(files[RECORD_FILE], where), files[ARRAYS_FILE], where)


def join(fields: dict[str, Any], data: bytes, where: Path) -> RunRecord:
    """The record of the object in record.json and the bytes of its arrays."""
    stated = fields.pop("arrays", None)
    if not isinstance(stated, dict) or hashlib.sha256(data).hexdigest() != stated.get("sha256"):
        message = f"{where / ARRAYS_FILE} is not the file that {RECORD_FILE} was written with"
        raise RecordError(message, f"One of the two is damaged or from another build. {AGAIN}")
    try:
        record = RunRecord.model_validate(fields)
        return record.model_copy(update={"arrays": Arrays(load_arrays(data))})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"{where / RECORD_FILE} is damaged: {place}: {first['msg']}", AGAIN) from error
    except (SafetensorError, ValueError, KeyError) as error:
        raise RecordError(f"{where / ARRAYS_FILE} is damaged: {error}", AGAIN) from error


def read_fields(content: bytes, where: Path) -> dict[str, Any]:
    """The object in record.json, of a format this version reads."""
    path = where / RECORD_FILE
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is damaged: it is not JSON", AGAIN) from error
    version = fields.get("format") if isinstance(fields, dict) else None
    if type(version) is not int or version < 1:
        raise RecordError(f"{path} is not a record of reportgen: it states no format", AGAIN)
    if version > RECORD_FORMAT:
        message = f"{path} has format {version}, and this version of reportgen reads up to format {RECORD_FORMAT}"
        raise RecordError(message, "Install a newer version: pip install -U reportgen-torch")
    return dict(fields)


def read_bytes(path: Path) -> bytes:
    """The content of one file of a record."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        message = f"there is no record in {path.parent}: {path.name} is missing"
        raise RecordError(message, f"A record is a folder with {RECORD_FILE} and {ARRAYS_FILE}.") from error
    except OSError as error:
        raise RecordError(f"{path} can't be read: {error.strerror}", "Check its permissions.") from error


def spell(value: Any, indent: int = 0) -> str:
    """JSON for people and for diff: keys sorted, one a line, rows of plain values on one line."""
    pad = "\n" + " " * (indent + 1)
    close = "\n" + " " * indent
    if isinstance(value, dict) and value:
        rows = (f"{json.dumps(key, ensure_ascii=False)}: {spell(value[key], indent + 1)}" for key in sorted(value))
        return "{" + pad + ("," + pad).join(rows) + close + "}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[" + pad + ("," + pad).join(spell(item, indent + 1) for item in value) + close + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


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
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A reportgen record"} | schema
