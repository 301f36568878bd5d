"""The page over many records: one file that needs nothing else. Its one script sorts and filters what is there."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from reportgen.outputs.template_folder import template_root
from reportgen.outputs.templating import render_template
from reportgen.plugins import OutputFile
from reportgen.report.index import IndexView
from reportgen.system.version import __version__
from reportgen.text.i18n import current_language

INDEX = "index.html"
TEMPLATE, SCRIPT = "index.html.j2", "index.js"
MARK = b'<meta name="reportgen-page" content="index">'
"""By which a page is known that may be replaced by a newer one."""


@lru_cache(maxsize=1)
def read_script() -> str:
    """The script of the page, as it stands in it."""
    return (template_root() / SCRIPT).read_text(encoding="utf-8").strip()


def hash_script(script: str) -> str:
    """The source that lets a content-security policy allow this script and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}"


def make_index(view: IndexView) -> OutputFile:
    """The page of an index."""
    script = read_script()
    values = {"page": view, "script": script, "script_hash": hash_script(script), "version": __version__}
    text = render_template(TEMPLATE, values, language=current_language())
    return OutputFile(INDEX, text.encode("utf-8"))
