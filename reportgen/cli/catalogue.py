"""What a spec can name, for `reportgen list`: (name, summary) of every kind, ours and those of installed plug-ins."""

from __future__ import annotations

from reportgen.plugins import Plugins, load_plugins


def entries(kind: str) -> list[tuple[str, str]]:
    """The rows of one kind: models, datasets, sections, outputs or metrics.

    Raises SpecError for an installed plug-in that can't be imported.
    """
    list_kind = {
        "models": model_entries,
        "datasets": dataset_entries,
        "sections": section_entries,
        "outputs": output_entries,
        "metrics": metric_entries,
    }[kind]
    return list_kind(load_plugins(()))


def model_entries(plugins: Plugins) -> list[tuple[str, str]]:
    """Every name that `model.source` takes, and the form for a file of one's own."""
    from reportgen.experiment.models import find_sources

    rows = [
        (f"{source.name}:{name}", source.summary if first else "")
        for source in (find_sources() | plugins.sources).values()
        for first, name in ((index == 0, name) for index, name in enumerate(source.names()))
    ]
    return [*rows, ("path/to/file.py:factory", "a function or class of your own, relative to the spec")]


def dataset_entries(plugins: Plugins) -> list[tuple[str, str]]:
    """Every `data.name`."""
    from reportgen.experiment.datasets import find_datasets

    return [(dataset.name, dataset.summary) for dataset in (find_datasets() | plugins.datasets).values()]


def section_entries(plugins: Plugins) -> list[tuple[str, str]]:
    """Every section, in the order of the report."""
    from reportgen.report.sections import find_sections

    ordered = sorted((find_sections() | plugins.sections).values(), key=lambda section: section.order)
    return [(section.name, section.title) for section in ordered]


def output_entries(plugins: Plugins) -> list[tuple[str, str]]:
    """Every output."""
    from reportgen.outputs import find_outputs

    return [(output.name, output.summary) for output in (find_outputs() | plugins.outputs).values()]


def metric_entries(plugins: Plugins) -> list[tuple[str, str]]:
    """Every metric of all reports, then those of plug-ins whose names stand for one number each."""
    from reportgen.record.definitions import HEADLINE, is_pattern

    found = (*HEADLINE, *(one for one in plugins.definitions if not is_pattern(one.name)))
    return [(one.name, f"{one.label()} ({one.reference})" if one.reference else one.label()) for one in found]
