"""The tools that look at a page as people and their machines do: Chromium, axe-core, the Nu HTML checker, qpdf."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NODE = Path(os.environ.get("REPORTGEN_NODE", "/nonexistent")) / "node_modules"
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss8m")
"""Of Java, which else spends most of its time on a program that is over in a second."""
LOOK = """
<script>
addEventListener("load", async () => {
  const root = document.documentElement;
  const out = {width: root.scrollWidth, seen: innerWidth, background: getComputedStyle(root).backgroundColor};
  out.grounds = [...document.querySelectorAll(".drawing")].map(one => getComputedStyle(one).backgroundColor);
  if (window.axe) {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    const where = nodes => nodes.map(node => node.target.join(" ")).slice(0, 3).join(", ");
    out.violations = found.violations.map(rule => rule.id + ": " + where(rule.nodes));
    out.rules = found.passes.length;
  }
  parent.document.getElementById("result").textContent = JSON.stringify(out);
});
</script>
"""


def complaints_about(folder: Path, *pages: str) -> list[dict[str, Any]]:
    """What the Nu HTML checker, started once, finds wrong with pages; each complaint names the page by its number."""
    paths = [folder / f"page-{number}.html" for number in range(len(pages))]
    for path, page in zip(paths, pages, strict=True):
        path.write_text(page, encoding="utf-8")
    jar = node_file("vnu-jar/build/dist/vnu.jar")
    command = [tool("java"), *SHORT_LIVED, "-jar", str(jar), "--format", "json", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return [message for message in json.loads(done.stderr)["messages"] if message["type"] != "info"]


def tool(*names: str) -> str:
    """The path of a program; without it the test is skipped by name, or fails where $REPORTGEN_REQUIRE_TOOLS is set."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    return missing(" or ".join(names))


def node_file(*paths: str) -> Path:
    """A file below $REPORTGEN_NODE/node_modules, or a skip."""
    for path in paths:
        if (NODE / path).is_file():
            return NODE / path
    return Path(missing(f"{paths[0]} below $REPORTGEN_NODE/node_modules"))


def missing(what: str) -> str:
    """Skip, or fail where every tool is required."""
    if os.environ.get("REPORTGEN_REQUIRE_TOOLS"):
        pytest.fail(f"{what} is required and not here")
    pytest.skip(f"{what} is not here")


def look(page: str, folder: Path, width: int, *, dark: bool = False, axe: bool = False) -> dict[str, Any]:
    """What Chromium says of a page shown `width` pixels wide: its real width and, with axe-core, what violates."""
    chromium = tool("chromium", "chromium-browser", "google-chrome")
    script = LOOK
    if axe:
        script = f"<script>{node_file('axe-core/axe.min.js').read_text(encoding='utf-8')}</script>{LOOK}"
    open_page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace(
        "</body>", f"{script}</body>"
    )
    frame = f'<iframe style="width:{width}px;height:900px;border:0" srcdoc="{html.escape(open_page)}"></iframe>'
    file = folder / f"look-{width}.html"
    file.write_text(f'<!DOCTYPE html><meta charset="utf-8"><pre id="result"></pre>{frame}', encoding="utf-8")
    scheme = ("--blink-settings=preferredColorScheme=0",) if dark else ()
    done = subprocess.run(
        [
            chromium,
            *QUIET,
            *scheme,
            f"--user-data-dir={folder / 'profile'}",
            "--virtual-time-budget=60000",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    found = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    assert found[1], "the page never said what it looks like"
    result: dict[str, Any] = json.loads(html.unescape(found[1]))
    return result
