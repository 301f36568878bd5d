"""What a report is drawn by: one digest of code, translations, templates, plug-ins and the libraries that draw."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from reportgen.errors import SpecError, about
from reportgen.outputs import template_folder
from reportgen.pipeline.code_digest import DRAWING, catalogue_digest, code_digest
from reportgen.pipeline.fingerprint import NO_PLUGINS, digest_plugins
from reportgen.plugins import Plugins
from reportgen.system.digests import DigestMemo
from reportgen.system.files import is_regular
from reportgen.system.machine import versions

DRAWING_DISTRIBUTIONS = ("matplotlib", "seaborn", "jinja2", "weasyprint", "tensorboard")
MOST_TEMPLATES = 2000
"""Files in a folder of templates; ours has thirty."""


def drawing_digest(templates: Path | None = None, plugins: Plugins = NO_PLUGINS) -> str:
    """Digest of what makes a report of a record: code, translations, templates, the user's own ones, plug-ins with all
    that they import, the libraries that draw.

    Raises SpecError.
    """
    whole = hashlib.sha256(code_digest(*DRAWING).encode())
    whole.update(catalogue_digest().encode())
    whole.update(json.dumps(versions(DRAWING_DISTRIBUTIONS)).encode())
    if plugins.modules:
        whole.update(json.dumps(digest_plugins(plugins.modules, DigestMemo.load()), sort_keys=True).encode())
    for root in (template_folder.template_root(), *([templates] if templates else [])):
        for path in list_templates(root):
            try:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError as error:
                with about("report.templates"):
                    raise SpecError(f"{path} can't be read: {error.strerror}", "Check its permissions.") from error
            whole.update(f"{path.relative_to(root).as_posix()}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def code_of_drawing() -> str:
    """Digest of the parts of this package that draw a report: code, translations, templates and style sheets; none of
    a user's own, and no library's. Two versions of the code may have one number."""
    whole = hashlib.sha256(f"{code_digest(*DRAWING)} {catalogue_digest()}\n".encode())
    root = template_folder.template_root()
    for path in list_templates(root):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(root).as_posix()}\0{digest}\n".encode())
    return whole.hexdigest()


def list_templates(root: Path) -> list[Path]:
    """Every regular file in a folder of templates, sorted; links to folders are not followed.

    Raises SpecError for a folder that holds too much to be one of templates, such as a home.
    """
    found: list[Path] = []
    for folder, _folders, names in os.walk(root):
        found += [path for path in (Path(folder) / name for name in names) if is_regular(path)]
        if len(found) > MOST_TEMPLATES:
            with about("report.templates"):
                hint = "Give a folder that holds templates and nothing else."
                raise SpecError(f"{root} holds more than {MOST_TEMPLATES:,} files", hint)
    return sorted(found)
