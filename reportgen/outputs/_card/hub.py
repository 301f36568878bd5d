"""The metadata of a model card as the Hugging Face Hub reads them: front matter with model-index, and .eval_results.

Formats: https://github.com/huggingface/hub-docs/blob/main/modelcard.md and
https://huggingface.co/docs/hub/eval-results.
"""

from __future__ import annotations

import math
import re
from typing import Any

from reportgen.outputs._card.block_yaml import write_yaml
from reportgen.outputs.licences import name_for_hub
from reportgen.outputs.markdown import one_line
from reportgen.record.definitions import find_definition, shown_in
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.report.model import Report
from reportgen.system.version import __version__
from reportgen.text import numerals
from reportgen.text.i18n import _

TASK = "image-classification"
LONGEST = 200


def find_dataset(report: Report) -> str:
    """The data set as the Hub names it: the spec's, else what its kind is known by there, else its name here."""
    data = report.record.data
    return report.subject.presentation.card.dataset or data.hub or one_line(data.name)


def is_on_hub(report: Report) -> bool:
    """Whether the Hub is known to have the data set."""
    return report.subject.presentation.card.dataset is not None or report.record.data.hub != ""


def list_results(report: Report) -> list[MetricValue]:
    """The numbers of a model card that are known."""
    names = [definition.name for definition in shown_in("card")]
    known = {value.name: value for value in report.metrics if value.value is not None and math.isfinite(value.value)}
    return [known[name] for name in names if name in known]


def name_metric(value: MetricValue) -> str:
    """What the Hub calls a metric."""
    definition, _parts = find_definition(value.name)
    return (definition.on_hub if definition is not None else "") or value.name


def write_front_matter(report: Report) -> str:
    """The lines between the dashes at the head of README.md."""
    licence = (report.subject.presentation.card.licence or "").strip()
    results = list_results(report)
    matter: dict[str, Any] = {"license": name_for_hub(licence)}
    if matter["license"] == "other":
        matter["license_name"] = re.sub(r"[^a-z0-9.+-]+", "-", licence.lower()).strip("-")[:LONGEST] or "other"
    library = find_library(report.record)
    matter |= {
        "library_name": library,
        "pipeline_tag": TASK,
        "tags": list(dict.fromkeys([TASK, "pytorch", library, "reportgen"])),
        "datasets": [find_dataset(report)],
        "metrics": [name_metric(value) for value in results],
    }
    if results:
        matter["model-index"] = [{"name": one_line(report.title)[:LONGEST], "results": [model_index(report, results)]}]
    return write_yaml({key: value for key, value in matter.items() if value})


def find_library(record: RunRecord) -> str:
    """What makes the model: timm, which the Hub knows how to load, else PyTorch."""
    return "timm" if record.spec.model.source.startswith("timm:") else "pytorch"


def model_index(report: Report, results: list[MetricValue]) -> dict[str, Any]:
    """The results of the test images, each with its interval."""
    data = report.record.data
    return {
        "task": {"type": TASK, "name": _("Image classification")},
        "dataset": {"name": one_line(str(data.title)), "type": find_dataset(report), "split": "test"},
        "metrics": [
            {
                "name": one_line(value.label),
                "type": name_metric(value),
                "value": value.value,
                **({"args": describe_sureness(value)} if describe_sureness(value) else {}),
            }
            for value in results
        ],
    }


def describe_sureness(value: MetricValue) -> dict[str, Any]:
    """Interval and n of a number."""
    told: dict[str, Any] = {}
    if value.low is not None and value.high is not None and math.isfinite(value.low) and math.isfinite(value.high):
        told |= {"confidence_level": 0.95, "confidence_interval": [value.low, value.high]}
    return told | ({"n": value.n} if value.n is not None else {})


def write_eval_results(report: Report) -> tuple[str, str] | None:
    """(name, text) of the file in .eval_results; None where nothing was evaluated."""
    accuracy = next((value for value in list_results(report) if value.name == "accuracy"), None)
    if accuracy is None:
        return None
    identifier = find_dataset(report)
    entry = {
        "dataset": {"id": identifier, "task_id": "default"},
        "value": accuracy.value,
        "date": report.created,
        "notes": write_notes(report, accuracy),
    }
    name = re.sub(r"[^A-Za-z0-9.]+", "_", identifier).strip("_.") or "results"
    return f".eval_results/{name}.yaml", write_yaml([entry])


def write_notes(report: Report, accuracy: MetricValue) -> str:
    """What a reader of the one number must know."""
    data = report.record.data
    split = next((part for part in data.splits if part.name == "test"), None)
    told = _(
        "{label} on {n} of {all} test images, 95 % interval {interval}; measured by reportgen {version}",
        label=accuracy.label,
        n=numerals.count(split.n if split else accuracy.n),
        all=numerals.count(split.available if split else None),
        interval=accuracy.display_interval,
        version=__version__,
    )
    return one_line(
        told if is_on_hub(report) else _("{told}; {name} is not a data set on the Hub", told=told, name=data.name)
    )
