"""Compiled templates, kept in the user's cache folder: compiling them takes longer than filling them in."""

from __future__ import annotations

import hashlib

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

from reportgen.system.cache import Cache

CACHE = Cache("templates", most=200)
MEMORY: dict[str, bytes] = {}
"""Those of this process."""


class CompiledTemplates(BytecodeCache):
    """For environments of one kind: what a template compiles to depends on `kind` and on what jinja2 keeps account of,
    the template's name, path and text. A file that is damaged or can't be written costs the time and nothing else."""

    def __init__(self, kind: bytes) -> None:
        whole = hashlib.sha256(jinja2.__version__.encode() + b"\0" + kind).hexdigest()
        self.kind = whole[:16]

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a bucket its code, if it is known."""
        key = f"{self.kind}-{bucket.key}"
        data = MEMORY.get(key) or CACHE.read(key)
        if data:
            bucket.bytecode_from_string(data)
            MEMORY[key] = data

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a bucket, in place of an earlier one."""
        key, data = f"{self.kind}-{bucket.key}", bucket.bytecode_to_string()
        MEMORY[key] = data
        CACHE.write(key, data)
