"""From a catalogue that people edit (`.po`) to the one that gettext reads (`.mo`), by Babel.

A wheel holds the compiled one; in a checkout it is made by the build hook (`.ci/build_hook.py`), and again on the
first use after an edit.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from pathlib import Path


def compile_catalogue(source: Path) -> bytes:
    """The content of a `.mo` for a `.po`; messages that are marked as fuzzy are left out.

    Raises ImportError where Babel is not installed, ValueError for a file that is no catalogue.
    """
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        book = read_po(file, locale=source.parents[1].name, domain=source.stem, abort_invalid=True)
    buffer = io.BytesIO()
    write_mo(buffer, book)
    return buffer.getvalue()


def is_stale(compiled: Path, source: Path) -> bool:
    """Whether there is a source that has no compiled catalogue, or was edited since."""
    try:
        edited = source.stat().st_mtime_ns
    except OSError:
        return False
    try:
        return compiled.stat().st_mtime_ns < edited
    except OSError:
        return True


def keep(compiled: Path, content: bytes) -> None:
    """Put a compiled catalogue in its place, whole or not at all; where it can't be written it is made again."""
    import tempfile  # which every command would import

    with suppress(OSError):
        handle, name = tempfile.mkstemp(dir=compiled.parent, prefix=".", suffix=".mo")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o644)
            Path(name).replace(compiled)
        except OSError:
            Path(name).unlink(missing_ok=True)
