"""A resolved spec -> the mapping that a person would write: what has a shorter form has it."""

from __future__ import annotations

from typing import Any, Literal

from reportgen.spec.probes import PROBE_NAMES, ProbesSpec
from reportgen.spec.types import BaselineSpec, ReportSpec


def written_out(spec: ReportSpec, mode: Literal["json", "python"]) -> dict[str, Any]:
    """The spec with the default of every key that has one, as a mapping that can be read again.

    Keys whose default depends on others, as the arguments of an optimiser, stay None: the run that used them says what
    they came to.
    """
    written = spec.model_dump(mode=mode)
    one = len(spec.run.seeds) == 1
    run = {"seed" if one and key == "seeds" else key: value for key, value in written["run"].items()}
    if one:
        run["seed"] = spec.run.seeds[0]
    run["probes"] = shorten_probes(spec.run.probes, run["probes"])
    if spec.run.optimizer.eps is not None:
        run["optimizer"]["eps"] = spec.run.optimizer.argument("eps")
    written["run"] = run
    if spec.data.normalize is not None and spec.data.normalize.name != "custom":
        written["data"]["normalize"] = spec.data.normalize.name
    if spec.report.sections is None:
        written["report"]["sections"] = "default"
    elif spec.report.is_brief:
        written["report"]["sections"] = "brief"
    if spec.card.authors is not None and len(spec.card.authors) == 1:
        (written["card"]["authors"],) = spec.card.authors
    if spec.baseline is not None:
        written["baseline"] = shorten_baseline(spec.baseline, written["baseline"])
    return written


def shorten_baseline(baseline: BaselineSpec, written: dict[str, Any]) -> Any:
    """`baseline` as the record alone where that says all; else a record, or why there is none."""
    if baseline.record is not None and baseline == BaselineSpec(record=baseline.record):
        return written["record"]
    return {key: value for key, value in written.items() if value is not None}


def shorten_probes(probes: ProbesSpec, written: dict[str, Any]) -> str | dict[str, Any]:
    """`run.probes` as a level where that says all; single probes too."""
    if probes == ProbesSpec(level=probes.level):
        return probes.level
    for name in PROBE_NAMES:
        own = getattr(probes, name)
        if own.level is not None and own == type(own)(level=own.level):
            written[name] = own.level
    return written
