"""How long the commands take, as whole processes, beside a notebook that draws seven such figures and prints itself.

    REPORTGEN_DATA=… python -m tests.benchmarks.bench_commands RECORD_DIR [SPEC REPORT_DIR]

RECORD_DIR: the record of the ResNet-20 evaluation, drawn as HTML, as HTML and PDF, and as both with no figure or
template kept from before. With SPEC and the folder it was built into, an unchanged build is timed as well. The notebook
needs `pip install nbconvert ipykernel` and Chromium; without them it is left out and said.
Prints the median of five runs of each command, taken in turns, and the ratios; never fails on a time.
"""

from __future__ import annotations

import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
RUN = [sys.executable, "-c", "from reportgen.cli import main; main()"]
CHROMIUM = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)

NOTEBOOK = [
    "import matplotlib\nimport matplotlib.pyplot as plt, numpy as np, seaborn as sns\n"
    "from safetensors.numpy import load_file\nfrom sklearn import metrics, calibration\n"
    "arrays = load_file(RECORD)\nlogits, labels = arrays['eval.logits'], arrays['eval.labels']\n"
    "p = np.exp(logits - logits.max(1, keepdims=True)); p /= p.sum(1, keepdims=True); predicted = p.argmax(1)",
    "sns.heatmap(metrics.confusion_matrix(labels, predicted), annot=True, fmt='d'); plt.show()",
    "metrics.ConfusionMatrixDisplay.from_predictions(labels, predicted, normalize='true'); plt.show()",
    "for c in range(p.shape[1]):\n"
    "    metrics.PrecisionRecallDisplay.from_predictions(labels == c, p[:, c], ax=plt.gca())\nplt.show()",
    "for c in range(p.shape[1]):\n"
    "    metrics.RocCurveDisplay.from_predictions(labels == c, p[:, c], ax=plt.gca())\nplt.show()",
    "calibration.CalibrationDisplay.from_predictions(predicted == labels, p.max(1), n_bins=15); plt.show()",
    "sns.histplot(x=p.max(1), hue=predicted == labels, bins=20); plt.show()",
    "f, axes = plt.subplots(6, 8)\n"
    "for ax, picture in zip(axes.ravel(), arrays['images']):\n    ax.imshow(picture); ax.axis('off')\nplt.show()",
]


def timed(command: list[str]) -> float:
    """Wall seconds of one process, which keeps its compiled modules as people's do; raises when it fails."""
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=usual)
    return time.perf_counter() - start


def notebook_command(record: Path, folder: Path) -> list[str] | None:
    """A shell line that executes the notebook and prints it to PDF, or None where a tool is missing."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        import nbconvert  # noqa: F401
        import nbformat
    except ImportError:
        return None
    if browser is None:
        return None
    cells = [nbformat.v4.new_code_cell(text) for text in NOTEBOOK]
    cells.insert(0, nbformat.v4.new_code_cell(f"RECORD = {str(record / 'arrays.safetensors')!r}"))
    path = folder / "notebook.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    execute = f"{sys.executable} -m jupyter nbconvert --execute --to html {path}"
    pdf = f"{browser} {CHROMIUM} --user-data-dir={folder}/profile --print-to-pdf={folder}/notebook.pdf"
    return ["sh", "-c", f"{execute} && {pdf} file://{folder}/notebook.html"]


def without_cache(command: list[str], folder: Path) -> list[str]:
    """A shell line that runs a command with an empty cache: every figure is drawn, every template compiled."""
    return ["sh", "-c", f"rm -rf {folder} && XDG_CACHE_HOME={folder} exec {shlex.join(command)}"]


def main() -> None:
    record = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands = {
            "help": [*RUN, "--help"],
            "render html": [*RUN, "render", str(record), "-o", f"{folder}/html", "--format", "html", "-q"],
            "render html,pdf": [*RUN, "render", str(record), "-o", f"{folder}/both", "--format", "html,pdf", "-q"],
        }
        commands["nothing kept"] = without_cache(commands["render html,pdf"], folder / "cache")
        if len(sys.argv) > 3:
            commands["unchanged build"] = [*RUN, "build", sys.argv[2], "-o", sys.argv[3], "-q"]
        notebook = notebook_command(record, folder)
        if notebook:
            commands["notebook to pdf"] = notebook
        else:
            print("the notebook is left out: it needs nbconvert, ipykernel and Chromium")
        times: dict[str, list[float]] = {what: [] for what in commands}
        for _ in range(ROUNDS):
            for what, command in commands.items():
                times[what].append(timed(command))
    for what, found in times.items():
        print(f"{what:<18} median {statistics.median(found):6.2f} s   (min {min(found):.2f}, max {max(found):.2f})")
    if notebook:
        ratios = [a / b for a, b in zip(times["render html,pdf"], times["notebook to pdf"], strict=True)]
        print(f"render html,pdf takes {statistics.median(ratios):.2f} of the notebook's time (pair by pair, median)")


if __name__ == "__main__":
    main()
