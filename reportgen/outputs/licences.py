"""Licences as people write them -> the identifiers of SPDX and of the Hugging Face Hub.

The Hub's list is at https://huggingface.co/docs/hub/repositories-licenses; SPDX's at https://spdx.org/licenses.
"""

from __future__ import annotations

import re

SPDX = (
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "Zlib",
    "Unlicense",
    "MPL-2.0",
    "EUPL-1.2",
    "ECL-2.0",
    "Artistic-2.0",
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-NC-ND-4.0",
    "ODbL-1.0",
    "PDDL-1.0",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "LGPL-2.1-only",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
)
ALSO = {
    "apache": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache-license-2.0": "Apache-2.0",
    "cc0": "CC0-1.0",
    "cc-0": "CC0-1.0",
    "gpl-2.0": "GPL-2.0-only",
    "gpl-3.0": "GPL-3.0-only",
    "gplv3": "GPL-3.0-only",
    "lgpl-3.0": "LGPL-3.0-only",
    "agpl-3.0": "AGPL-3.0-only",
    "the-mit-license": "MIT",
    "mit-license": "MIT",
}
OF_HUB = {"PDDL-1.0": "pddl", "ODbL-1.0": "odbl"}
"""Those that the Hub calls otherwise than by their identifier in small letters."""


def find_spdx(text: str) -> str | None:
    """The SPDX identifier of a licence; None where the text is none that is known."""
    name = re.sub(r"[\s_]+", "-", text.strip()).casefold()
    known = {identifier.casefold(): identifier for identifier in SPDX} | ALSO
    return known.get(name)


def name_for_hub(text: str) -> str:
    """The Hub's name of a licence, "other" of one that it has no name for, "unknown" where nobody stated one."""
    if not text.strip():
        return "unknown"
    spdx = find_spdx(text)
    if spdx is None:
        return "other"
    return OF_HUB.get(spdx, re.sub(r"-(only|or-later)$", "", spdx).lower())
