"""What stands beside the reports of several candidates: index.html to open first, ranking.json for other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping

from reportgen.outputs.json import describe, finite
from reportgen.outputs.templating import render_template
from reportgen.plugins import OutputFile
from reportgen.record.ranking import Entry, Pair, Ranking
from reportgen.system.version import __version__
from reportgen.text.i18n import current_language

RANKING_FORMAT = 1
INDEX, NUMBERS = "index.html", "ranking.json"


def make_index(values: Mapping[str, object]) -> OutputFile:
    """The page that lists the models with links to their reports; `values` are those of ranking.html.j2."""
    text = render_template("ranking.html.j2", {"version": __version__, **values}, language=current_language())
    return OutputFile(INDEX, text.encode("utf-8"))


def spell_ranking(ranking: Ranking, folders: Mapping[int, str]) -> OutputFile:
    """The ranking as JSON; `folders`: where the reports are, by number, relative to the file."""
    document = {
        "format": RANKING_FORMAT,
        "entries": [describe_entry(entry, folders.get(entry.number)) for entry in ranking.entries],
        "pairs": [describe_pair(pair) for pair in ranking.pairs],
        "refused": [pair.model_dump(mode="json") | {"reason": pair.reason.text} for pair in ranking.refused],
    }
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return OutputFile(NUMBERS, f"{text}\n".encode())


def describe_entry(entry: Entry, folder: str | None) -> dict[str, object]:
    """One model; numbers as metrics.json has them."""
    return {
        "name": entry.name,
        "baseline": entry.is_baseline,
        "folder": folder,
        "rank": entry.rank,
        "ranks": None if entry.best is None else [entry.best, entry.worst],
        "accuracy": None if entry.accuracy is None else describe(entry.accuracy),
        "values": [describe(value) for value in entry.values],
    }


def describe_pair(pair: Pair) -> dict[str, object]:
    """One pair; the change is second − first."""
    return {
        "first": pair.first,
        "second": pair.second,
        "change": describe(pair.change),
        "p": finite(pair.p),
        "p_adjusted": finite(pair.p_adjusted),
        "holds": pair.holds,
    }
