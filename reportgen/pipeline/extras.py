"""What a spec asks for that comes with an extra of this package: refused before anything is computed."""

from __future__ import annotations

from importlib.util import find_spec

from reportgen.errors import SpecError, about
from reportgen.record.probe_levels import level_of
from reportgen.spec.types import ReportSpec


def check_extras(spec: ReportSpec) -> None:
    """Raise SpecError, with how to install it, when the run needs an extra that is not here."""
    options = spec.run.probes.explanations
    if level_of(spec, "explanations") != "none" and options.embedding == "umap" and find_spec("umap") is None:
        with about("run.probes.explanations.embedding"):
            raise SpecError(
                "the embedding umap needs umap-learn, which is not installed",
                "Install it: pip install 'reportgen-torch[umap]', or use tsne or pca.",
            )
