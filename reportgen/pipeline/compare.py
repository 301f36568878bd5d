"""Records that are there already: candidates compared with a baseline, and several against one another."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from reportgen.errors import RecordError, SpecError
from reportgen.pipeline.baseline import LoadedBaseline, judge
from reportgen.pipeline.build import Options, choose_formats
from reportgen.pipeline.drawing import Drawing, Outcome, finish
from reportgen.pipeline.drawing_digest import code_of_drawing
from reportgen.pipeline.history import with_history
from reportgen.pipeline.platform import on_platform
from reportgen.pipeline.received import choose_drawing
from reportgen.pipeline.registry import Registry
from reportgen.pipeline.replacing import COMPARISON, HINT, Claim, check_replaceable
from reportgen.plugins import OutputFile
from reportgen.progress import Progress
from reportgen.record.locate import RECORD, Source, find_source
from reportgen.record.presentation import Presentation
from reportgen.record.ranking import Ranking
from reportgen.record.store import RECORD_FILE
from reportgen.record.subject import Subject
from reportgen.spec.types import BaselineSpec
from reportgen.system.epoch import check_epoch
from reportgen.system.files import is_regular
from reportgen.system.manifest import MANIFEST, read_manifest
from reportgen.system.signing import signing_key
from reportgen.system.workspace import Workspace
from reportgen.text.i18n import _, language, ngettext

PAGES = ("report.html", "report.pdf")
"""What a link leads to, the first that there is."""


@dataclass(frozen=True)
class CandidateSet:
    """One baseline and its candidates, found but not read."""

    sources: tuple[Source, ...]
    """The baseline first."""
    home: Path
    """Where the report of a single candidate goes, and the folders of several."""

    @classmethod
    def find(cls, baseline: Path, candidates: Sequence[Path], home: Path) -> CandidateSet:
        """Find every record.

        Raises RecordError where there is none; SpecError where the page of several would take the place of one of them.
        """
        candidate_set = cls(tuple(find_source(path) for path in (baseline, *candidates)), home)
        if candidate_set.several and any(holds(home, source.path) for source in candidate_set.sources):
            raise SpecError(f"{home} holds one of the records to compare", "Choose another folder with -o.")
        return candidate_set

    @property
    def several(self) -> bool:
        """Whether there is more than one candidate."""
        return len(self.sources) > 2

    @property
    def folders(self) -> dict[int, str]:
        """The folder of each candidate of several, by number, inside of the home."""
        return {number: f"{number}-{source.name}" for number, source in enumerate(self.sources) if number}

    def rank(self, progress: Progress) -> Ranking | None:
        """All records against one another; one that can't be read is left out. None for a single candidate.

        Raises RecordError where the baseline can't be read.
        """
        from reportgen.comparison.ranking import rank

        if not self.several:
            return None
        subjects = {0: self.sources[0].load().subject}
        for number, source in enumerate(self.sources[1:], start=1):
            try:
                subjects[number] = source.load().subject
            except RecordError:
                continue  # said when its own report is made
        with progress.stage("Rank"):
            return rank(subjects) if len(subjects) > 1 else None

    def compare(
        self, number: int, margin: float | None, options: Options, progress: Progress, ranking: Ranking | None
    ) -> Outcome:
        """Draw the report of one candidate with its comparison to the baseline and its place among all.

        Without torch and without the data. `margin`: the change of top-1 accuracy that does not matter; None: half a
        point.
        """
        check_epoch()
        found, other = self.sources[number], self.sources[0]
        stored = found.load()
        name = Path(other.name)
        wanted = BaselineSpec(record=name) if margin is None else BaselineSpec(record=name, margin=margin)
        own, plugins = choose_drawing(stored.subject.spec, (), progress)
        spec = choose_formats(own.model_copy(update={"baseline": wanted}), options.formats, plugins, progress)
        spec = on_platform(spec, os.environ)
        presentation = Presentation.of(spec)
        registry = Registry.load(spec, plugins)
        registry.check(spec)
        key = signing_key(options.sign)
        baseline = LoadedBaseline(other.load().subject, other.digest, wanted.margin)
        folder = self.home / self.folders[number] if self.several else self.home
        claim = Claim(stored.record.fingerprint, COMPARISON)
        with Workspace(folder) as space:
            check_replaceable(folder, claim, registry.outputs.values(), options.force)
            judgement = judge(Subject(stored.record, presentation=presentation), baseline, registry.sections, progress)
            judgement = with_history(judgement, stored.record, stored.subject, baseline.subject)
            if ranking is not None:
                judgement = judgement.model_copy(update={"ranking": ranking.seen_by(number)})
            drawing = Drawing(spec.report.templates, space, registry, progress, True, origin=COMPARISON, key=key)
            return finish(stored.drawn_as(judgement, presentation), drawing)

    def check_home(self, force: bool) -> None:
        """Raise SpecError where the page of several would take the place of a report or of a file of somebody's own."""
        if not self.several or force:
            return
        manifest = read_manifest(self.home)
        listed = {*manifest.files, MANIFEST} if manifest is not None else set()
        for name in ("index.html", "ranking.json", MANIFEST):
            if name not in listed and os.path.lexists(self.home / name):
                raise SpecError(f"{self.home} holds {name}, which no report there lists", HINT)
        if is_regular(self.home / RECORD / RECORD_FILE):
            raise SpecError(f"{self.home} holds the report of a run", HINT)

    def publish(self, ranking: Ranking, sign: Path | None = None) -> Path:
        """Write index.html and ranking.json beside the candidates' folders, in the language of the baseline's report;
        returns where the page is.

        `sign` as in Options. Raises EnvironmentTrouble when the machine can't.
        """
        language_name = self.sources[0].load().subject.presentation.report.language
        files = draw_ranking(ranking, self.home, self.folders, language_name)
        with Workspace(self.home) as space:
            for file in files:
                space.write(file.path, file.data)
            space.commit(origin=COMPARISON, key=signing_key(sign), code=code_of_drawing())
        return self.home / files[0].path

    @property
    def made(self) -> bool:
        """Whether a folder of several candidates is there, so that a page beside it has something to lead to."""
        return any((self.home / folder).is_dir() for folder in self.folders.values())


def draw_ranking(
    ranking: Ranking, home: Path, folders: Mapping[int, str], language_name: str
) -> tuple[OutputFile, OutputFile]:
    """index.html and ranking.json of what stands in the folders below `home`, by number; a page there is linked."""
    from reportgen.outputs.ranking import make_index, spell_ranking

    with language(language_name):
        return make_index(page_values(ranking, find_links(home, folders))), spell_ranking(ranking, folders)


def find_links(home: Path, folders: Mapping[int, str]) -> dict[int, str]:
    """The addresses of the reports that were made, by number, relative to the home."""
    pages = {
        number: next((f"{folder}/{page}" for page in PAGES if (home / folder / page).is_file()), None)
        for number, folder in folders.items()
    }
    return {number: quote(page) for number, page in pages.items() if page is not None}


def holds(home: Path, record: Path) -> bool:
    """Whether a record is a part of the report in a folder, and would go with it."""
    manifest = read_manifest(home)
    files = [(home / name).resolve() for name in manifest.files] if manifest else []
    return any(file.is_relative_to(record.resolve()) for file in files)


def page_values(ranking: Ranking, links: Mapping[int, str]) -> dict[str, object]:
    """What the page of a ranking shows."""
    from reportgen.figures.baseline_ranking import plot
    from reportgen.report.sections.baseline.ranking import view_ranking

    baseline = next(entry for entry in ranking.entries if entry.is_baseline)
    candidates = ngettext("{count} candidate", "{count} candidates", len(ranking.entries) - 1)
    return {
        "title": _("Ranking of {count} models", count=len(ranking.entries)),
        "byline": _("{candidates} and the baseline “{baseline}”", candidates=candidates, baseline=baseline.name),
        "ranking": view_ranking(ranking),
        "figure": plot(ranking),
        "links": links,
    }
