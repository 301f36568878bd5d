"""The page that ranks several reports compared with the records in their folders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen.errors import RecordError
from reportgen.outputs.ranking import INDEX, NUMBERS
from reportgen.pipeline.verification.comparing import Terms, compare_file, is_of_other_code
from reportgen.pipeline.verification.differences import Alteration, Compared
from reportgen.pipeline.verification.numbers import differences
from reportgen.pipeline.verification.reading import find_version
from reportgen.record.locate import find_source
from reportgen.record.ranking import Pair, Ranking
from reportgen.record.subject import Subject
from reportgen.system.files import is_regular
from reportgen.system.manifest import read_manifest
from reportgen.system.version import __version__

SIDE = (INDEX, NUMBERS)
"""What a comparison of several candidates leaves beside their folders."""
NUMBERED = re.compile(r"(\d+)-")
"""How the folders of several candidates begin: with the candidate's number."""
LANGUAGE = re.compile(rb'<html lang="(en|zh)"')


@dataclass(frozen=True)
class Ranked:
    """What came of a page that ranks reports."""

    compared: tuple[Compared, ...] = ()
    """Of each file that could be compared."""
    notes: tuple[str, ...] = ()


def compare_ranking(home: Path, folders: tuple[str, ...]) -> Ranked:
    """Compare index.html and ranking.json with the rankings that the records in these folders keep, and those with
    the records themselves.

    The baseline's record is not among them, so that its own numbers are compared with what the candidates keep of them.
    """
    subjects = load_subjects(home, folders)
    kept = {number: ranking for number, subject in subjects.items() if (ranking := subject.judgement.ranking)}
    if not kept:
        return Ranked(notes=(f"{' and '.join(SIDE)} were compared with the manifest alone: no record here keeps them",))
    first = min(kept)
    apart = [
        Alteration(
            f"{number_folders(folders)[number]}/record/judgement.json", "keeps another ranking than the first of them"
        )
        for number, ranking in kept.items()
        if differs(ranking, kept[first])
    ]
    compared = [Compared((*apart, *compare_numbers(kept[first], subjects)))]
    drawn = draw(home, kept[first], number_folders(folders))
    given = {name: (home / name).read_bytes() for name in SIDE if is_regular(home / name)}
    manifest = read_manifest(home)
    other = manifest is not None and is_of_other_code(manifest)
    terms = Terms(__version__, find_version(INDEX, given.get(INDEX, b"")), other)
    compared += [compare_file(name, given[name], drawn[name], terms) for name in SIDE if name in given]
    return Ranked(tuple(compared), (f"{NUMBERS}: the baseline's record is not here to compare its numbers with",))


def load_subjects(home: Path, folders: tuple[str, ...]) -> dict[int, Subject]:
    """The records below the home by their number; those that can't be read are told where their report is verified."""
    found: dict[int, Subject] = {}
    for number, folder in number_folders(folders).items():
        try:
            found[number] = find_source(home / folder).load().subject
        except RecordError:
            continue
    return found


def number_folders(folders: tuple[str, ...]) -> dict[int, str]:
    """The folders by the number that their names begin with."""
    return {int(found[1]): name for name in folders if (found := NUMBERED.match(name))}


def differs(one: Ranking, other: Ranking) -> bool:
    """Whether two rankings are not the same but for whose they are."""
    return one.model_copy(update={"own": None}) != other.model_copy(update={"own": None})


def compare_numbers(ranking: Ranking, subjects: Mapping[int, Subject]) -> list[Alteration]:
    """Where the accuracies and the pairs of the candidates are not those that their records give."""
    from reportgen.comparison.ranking import rank

    again = rank(subjects)
    stated, given = ({entry.number: entry for entry in one.entries} for one in (ranking, again))
    found: list[Alteration] = []
    for number in sorted(given):
        own = stated.get(number)
        keys = {"accuracy", "values"}
        old = own.model_dump(include=keys) if own else {}
        found += differences(old, given[number].model_dump(include=keys), f"ranking[{number}]")
    pairs = pairs_by_number(ranking)
    for numbers, pair in pairs_by_number(again).items():
        keys, old_pair = {"change", "p"}, pairs.get(numbers)
        old = old_pair.model_dump(include=keys) if old_pair else {}
        found += differences(old, pair.model_dump(include=keys), f"pair{list(numbers)}")
    return [replace(one, file=NUMBERS) for one in found]


def pairs_by_number(ranking: Ranking) -> dict[tuple[int, int], Pair]:
    """The pairs of a ranking by the numbers of their models."""
    numbers = {entry.name: entry.number for entry in ranking.entries}
    return {(numbers[pair.first], numbers[pair.second]): pair for pair in ranking.pairs}


def draw(home: Path, ranking: Ranking, folders: Mapping[int, str]) -> dict[str, bytes]:
    """index.html, in the language that it says, and ranking.json as the ranking gives them."""
    from reportgen.pipeline.compare import draw_ranking

    page = (home / INDEX).read_bytes() if is_regular(home / INDEX) else b""
    found = LANGUAGE.search(page)
    files = draw_ranking(ranking.model_copy(update={"own": None}), home, folders, found[1].decode() if found else "en")
    return {file.path: file.data for file in files}
