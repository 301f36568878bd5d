"""Compiled templates, kept in the user's cache folder by jinja2: compiling them takes longer than filling them in.

jinja2 itself sees whether the text of a template has changed, and which Python wrote the file. What else a compiled
template depends on is in the file's name: the versions of jinja2 and markupsafe, and how the environment is set up.
None of our filters is in it, because none is computed while a template is compiled. As with Python's own .pyc files,
what is kept is code that will be run, so it is kept only where this user alone can write.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from jinja2.bccache import Bucket, FileSystemBytecodeCache

from reportgen.system.cache import drop_oldest, private_folder
from reportgen.system.files import is_regular
from reportgen.system.machine import versions

LIBRARIES = ("jinja2", "markupsafe")
MOST = 200
"""Files that stay, the latest."""


class KeptTemplates(FileSystemBytecodeCache):
    """jinja2's own cache, in which a file that is damaged or can't be written costs the time and nothing else."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a bucket its code, if it is known; what is no regular file may have no end."""
        if not is_regular(Path(self.directory) / (self.pattern % (bucket.key,))):
            return
        try:
            super().load_bytecode(bucket)
        except Exception:  # what a damaged pickle can raise is not limited to anything
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a bucket, and drop the oldest of too many."""
        with suppress(OSError):
            super().dump_bytecode(bucket)
            drop_oldest(Path(self.directory), MOST)


def keep_compiled(kind: str, setup: Path) -> KeptTemplates | None:
    """The cache of environments of one kind, which the module `setup` makes; None where no folder is safe for it."""
    folder = private_folder("templates")
    whole = hashlib.sha256(repr((kind, versions(LIBRARIES))).encode() + setup.read_bytes())
    return KeptTemplates(str(folder), f"{whole.hexdigest()[:16]}-%s") if folder is not None else None
