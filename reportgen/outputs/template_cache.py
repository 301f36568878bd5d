"""Compiled templates, kept in the user's cache folder: compiling them takes longer than filling them in."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import jinja2
from jinja2.bccache import Bucket, BytecodeCache
from platformdirs import user_cache_path

from reportgen.system.files import keep_file

DIGEST = hashlib.sha256().digest_size
MEMORY: dict[str, bytes] = {}
"""Those of this process."""


class CompiledTemplates(BytecodeCache):
    """For environments of one kind: what a template compiles to depends on `kind` and on what jinja2 keeps account of,
    the template's name, path and text. A file that is damaged or can't be written costs the time and nothing else."""

    def __init__(self, kind: bytes) -> None:
        whole = hashlib.sha256(jinja2.__version__.encode() + b"\0" + kind).hexdigest()
        self.folder = user_cache_path("reportgen") / "templates" / whole[:16]

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a bucket its code, if it is known."""
        path = self.folder / bucket.key
        data = MEMORY.get(str(path), b"")
        if not data:
            with suppress(OSError):
                whole = path.read_bytes()
                digest, data = whole[:DIGEST], whole[DIGEST:]
                if hashlib.sha256(data).digest() != digest:
                    return
        if data:
            bucket.bytecode_from_string(data)
            MEMORY[str(path)] = data

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a bucket, in place of an earlier one."""
        path, data = self.folder / bucket.key, bucket.bytecode_to_string()
        MEMORY[str(path)] = data
        keep_file(path, hashlib.sha256(data).digest() + data)
