"""bom.cdx.json: the model, its data and the libraries as a CycloneDX ML-BOM, for inventories and audits.

CycloneDX 1.7 (ECMA-424), https://cyclonedx.org/docs/1.7/json/; the part that is a model card is that of TensorFlow's
Model Card Toolkit. What is not known is left out.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from reportgen.outputs.licences import find_spdx
from reportgen.outputs.markdown import one_line
from reportgen.plugins import Output, OutputFile
from reportgen.record.message import draw_note
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord, Split
from reportgen.record.store import digest_measured
from reportgen.report.model import Report
from reportgen.spec.types import CardSpec
from reportgen.system.version import __version__
from reportgen.text.i18n import _, language, ngettext

FILE = "bom.cdx.json"
SPEC_VERSION = "1.7"
NAMESPACE = uuid5(NAMESPACE_URL, "urn:reportgen:cyclonedx")
MODEL, DATA = "model", "data"
"""References inside the document."""
STATE_DICT = (
    "the state dict: entries sorted by name, of each a line of JSON with name, type and shape, then its values in "
    "row-major order, little-endian; see the docstring of reportgen.record.weights_digest"
)
"""What the digest of weights is of that lie in no file."""
ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+")


def check() -> None:
    """Text can always be written."""


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """The bill of materials; its serial number is that of what is in it."""
    del warn
    with language(report.language):
        document = describe(report)
    spelled = json.dumps(document, ensure_ascii=False, sort_keys=True)
    serial = uuid5(NAMESPACE, hashlib.sha256(spelled.encode()).hexdigest())
    head = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
    }
    text = json.dumps(head | document, ensure_ascii=False, indent=2, allow_nan=False)
    return (OutputFile(FILE, f"{text}\n".encode()),)


def describe(report: Report) -> dict[str, Any]:
    """The document without its head."""
    record = report.record
    parts = [data_component(record), *weights_components(record), *library_components(record)]
    tool = {"type": "application", "name": "reportgen-torch", "version": __version__}
    return {
        "metadata": {
            "timestamp": record.provenance.created,
            "tools": {"components": [tool]},
            "component": model_component(report),
        },
        "components": parts,
        "dependencies": [{"ref": MODEL, "dependsOn": [part["bom-ref"] for part in parts]}],
    }


def model_component(report: Report) -> dict[str, Any]:
    """The model with its card."""
    record, card = report.record, report.subject.presentation.card
    origin = record.provenance
    properties = {
        "reportgen:fingerprint": record.fingerprint,
        "reportgen:measurements:sha256": digest_measured(record),
        "reportgen:model:source": record.trace.source,
        "reportgen:model:source:sha256": origin.model_source_sha256,
        "reportgen:model:parameters": str(record.trace.parameters),
        "reportgen:commit": origin.commit,
        "reportgen:device": record.device.name,
        "reportgen:weights": format_weights(record),
        **describe_hash(record),
    }
    if card.review is not None:
        properties |= {f"reportgen:review:{key}": value for key, value in card.review.model_dump().items()}
    return without_nothing(
        {
            "type": "machine-learning-model",
            "bom-ref": MODEL,
            "name": one_line(report.title) or record.trace.name,
            "version": card.version,
            "description": report.verdict,
            "authors": [{"name": name} for name in card.authors or ()],
            "hashes": hashes(find_hash(record)),
            "licenses": licences(card.licence),
            "modelCard": model_card(report, card),
            "properties": list_properties(properties),
        }
    )


def find_hash(record: RunRecord) -> str | None:
    """The digest of the weights that the numbers are about: of the file that they are from, else of their values."""
    values = record.weights.sha256 if record.weights is not None else None
    return values if record.training is not None else record.provenance.weights_sha256 or values


def describe_hash(record: RunRecord) -> dict[str, str | None]:
    """What the model's hash is of, as properties; the digest of the values also where the hash is a file's."""
    weights, digest = record.weights, find_hash(record)
    if weights is None:
        return {"reportgen:weights:hash-of": "the weights file" if digest else None}
    of_file = digest is not None and digest != weights.sha256
    why_none = draw_note(weights.reason)
    return {
        "reportgen:weights:hash-of": "the weights file" if of_file else STATE_DICT if digest else None,
        "reportgen:weights:state-dict:sha256": weights.sha256,
        "reportgen:weights:state-dict:none-because": why_none,
    } | {
        f"reportgen:weights:seed-{run.seed}:state-dict:sha256": run.weights.sha256
        for run in record.seeds
        if run.weights is not None
    }


def format_weights(record: RunRecord) -> str:
    """Where the weights come from that the numbers are about."""
    if record.training is not None:
        return "trained in this run"
    return "read from a file" if record.provenance.weights_sha256 else "as the source makes them"


def model_card(report: Report, card: CardSpec) -> dict[str, Any]:
    """What CycloneDX has room for of the nine parts: parameters, numbers, considerations."""
    record = report.record
    channels, height, width = record.data.image_shape
    return without_nothing(
        {
            "modelParameters": {
                "approach": {"type": "supervised"},
                "task": "image-classification",
                "modelArchitecture": record.trace.name,
                "datasets": [{"ref": DATA}],
                "inputs": [{"format": f"float32 image, {channels}×{height}×{width}"}],
                "outputs": [{"format": f"{record.output.kind if record.output else 'logits'}, one of each class"}],
            },
            "quantitativeAnalysis": {"performanceMetrics": list_metrics(report)},
            "considerations": considerations(card),
        }
    )


def list_metrics(report: Report) -> list[dict[str, Any]]:
    """Every number of the report, and recall and precision of each class as slices, with their intervals."""
    found = [metric(value.name, value) for value in report.metrics if is_known(value)]
    for score in report.record.measured.classes if report.record.measured else ():
        pairs = (("recall", score.recall), ("precision", score.precision), ("f1", score.f1))
        found += [metric(name, value, one_line(score.name)) for name, value in pairs if is_known(value)]
    return found


def is_known(value: MetricValue) -> bool:
    """Whether a number is one."""
    return value.value is not None and math.isfinite(value.value)


def metric(name: str, value: MetricValue, part: str = "") -> dict[str, Any]:
    """One number; proportions are 0 to 1, as in metrics.json."""
    told: dict[str, Any] = {"type": name, "value": json.dumps(value.value)}
    if part:
        told["slice"] = part
    if value.low is not None and value.high is not None and math.isfinite(value.low) and math.isfinite(value.high):
        told["confidenceInterval"] = {"lowerBound": json.dumps(value.low), "upperBound": json.dumps(value.high)}
    return told


def considerations(card: CardSpec) -> dict[str, Any]:
    """What a person wrote."""
    tradeoffs = [card.factors, card.recommendations]
    return without_nothing(
        {
            "users": texts(card.intended_users),
            "useCases": texts(card.intended_use, out_of_scope(card)),
            "technicalLimitations": texts(card.limitations, card.caveats),
            "performanceTradeoffs": texts(*tradeoffs),
            "ethicalConsiderations": [{"name": text} for text in texts(card.ethical_considerations)],
        }
    )


def out_of_scope(card: CardSpec) -> str:
    """What the model is not for, as one of its uses has to be told."""
    text = (card.out_of_scope or "").strip()
    return _("Not for: {use}", use=text) if text else ""


def data_component(record: RunRecord) -> dict[str, Any]:
    """The data set: what it is, and the digest of every file that was read."""
    data = record.data
    address = data.homepage if ADDRESS.fullmatch(data.homepage) else ""
    contents = {"url": address} if address else {}
    whole = {"type": "dataset", "name": one_line(str(data.title)), "contents": contents, "description": sizes(record)}
    return without_nothing(
        {
            "type": "data",
            "bom-ref": DATA,
            "name": one_line(str(data.title)) or data.name,
            "description": draw_note(data.description),
            "licenses": licences(str(data.licence)),
            "components": [
                {"type": "file", "bom-ref": f"{DATA}/{place}", "name": one_line(name), "hashes": hashes(digest)}
                for place, (name, digest) in enumerate(sorted(data.digests.items()))
            ],
            "data": [without_nothing(whole)],
            "properties": list_properties({"reportgen:data:published": {True: "yes", False: "no"}[data.verified]}),
        }
    )


def sizes(record: RunRecord) -> str:
    """Images of each split."""
    return "; ".join(size(split) for split in record.data.splits)


def size(split: Split) -> str:
    """Images of one split."""
    return ngettext("{name}: {count} image", "{name}: {count} images", split.n, name=split.name)


def weights_components(record: RunRecord) -> Iterator[dict[str, Any]]:
    """The files that making the model and its teacher read."""
    origin = record.provenance
    teacher = record.training.teacher if record.training else None
    files = [(origin.weights_file or "weights", origin.weights_sha256), *origin.model_files]
    if teacher is not None:
        files.append((teacher.weights_file or "weights of the teacher", teacher.weights_sha256))
    told = set()
    for name, digest in files:
        if digest and digest not in told:
            told.add(digest)
            yield {"type": "file", "bom-ref": f"file/{digest}", "name": one_line(name), "hashes": hashes(digest)}


def library_components(record: RunRecord) -> Iterator[dict[str, Any]]:
    """What the numbers were computed with."""
    for name, version in record.provenance.versions.items():
        plain = name.lower() == "python"
        purl = f"pkg:{'generic' if plain else 'pypi'}/{quote(name.lower().replace('_', '-'))}@{quote(version)}"
        kind = "platform" if plain else "library"
        yield {"type": kind, "bom-ref": purl, "name": one_line(name), "version": version, "purl": purl}


def licences(text: str | None) -> list[dict[str, Any]]:
    """A licence by its SPDX identifier, or by what it is called."""
    if text is None or not text.strip():
        return []
    spdx = find_spdx(text)
    return [{"license": {"id": spdx} if spdx else {"name": one_line(text)}}]


def hashes(sha256: str | None) -> list[dict[str, str]]:
    """A digest as CycloneDX writes it."""
    return [{"alg": "SHA-256", "content": sha256}] if sha256 else []


def texts(*given: str | None) -> list[str]:
    """The texts that somebody wrote."""
    return [text.strip() for text in given if text and text.strip()]


def list_properties(given: dict[str, str | None]) -> list[dict[str, str]]:
    """Names and values of one's own, those that are known."""
    return [{"name": name, "value": value} for name, value in given.items() if value]


def without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    """The mapping without what is empty."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


OUTPUT = Output(
    "cyclonedx", "a CycloneDX ML-BOM: model, data, libraries, numbers", (FILE,), check, render, shows_figures=False
)
