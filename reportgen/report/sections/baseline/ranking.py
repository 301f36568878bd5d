"""A ranking as people read it: its tables and its one sentence, for section 11 and for the page beside the reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.record.definitions import Definition, shown_in
from reportgen.record.ranking import Entry, Pair, Ranking, abridge
from reportgen.report.claims import Claim
from reportgen.report.model import Finding, MethodNote
from reportgen.report.sections.baseline import claims
from reportgen.report.table import Table, numbers, words
from reportgen.report.wording import LONGEST_NAME, join_few, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext, with_note

NAMED = 4
"""Models that the sentence names at once; the tables have all of them."""


@dataclass(frozen=True)
class Standing:
    """One model of the table."""

    number: int
    rank: str
    name: str
    note: str
    """Whether it is the baseline or this model; empty for any other."""
    cells: tuple[str, ...]


@dataclass(frozen=True)
class RankingView:
    """The values of the macros in _ranking.html.j2."""

    sentence: str
    head: tuple[str, ...]
    """Of the cells of the standings."""
    standings: tuple[Standing, ...]
    caption: str
    pairs: Table
    """(second, first, change, interval, p, adjusted p, whether it holds)."""
    refused: Table
    """(second, first, reason)."""


def view_ranking(ranking: Ranking) -> RankingView:
    """The tables, the ranking's own model first among the pairs."""
    further = [one for one in shown_in("ranking") if any(entry.value(one.name) for entry in ranking.entries)]
    pairs = sorted(ranking.pairs, key=lambda pair: not pair.has(ranking.own))
    return RankingView(
        sentence=claim_of(ranking).says(format_ranking(ranking)),
        head=(_("Top-1"), _("95 % interval"), _("Ranks"), *(one.head for one in further)),
        standings=tuple(make_standing(ranking, entry, further) for entry in ranking.entries),
        caption=caption_standings(ranking),
        pairs=pair_table(pairs),
        refused=refused_table(ranking),
    )


def pair_table(pairs: Sequence[Pair]) -> Table:
    """Every pair of models."""
    caption = ngettext(
        "Change in top-1 accuracy from the second to the first, on the same images, with its 95 % interval; p of no "
        "change, of which there is {count} pair, so that Holm’s correction changes nothing. It is significant where "
        "that is at most 0.05.",
        "Change in top-1 accuracy from the second to the first, on the same images, with the 95 % interval of the "
        "pair alone; p of no change, alone and after Holm’s correction over all {count} pairs. It is significant "
        "where that is at most 0.05.",
        len(pairs),
    )
    columns = (
        *words(_("Model"), _("Against")),
        *numbers(_("Change"), _("95 % interval"), _("p"), _("p, Holm")),
        *words(_("Difference")),
    )
    return Table(caption, columns, tuple(pair_row(pair) for pair in pairs))


def refused_table(ranking: Ranking) -> Table:
    """Every pair that is not compared, and why."""
    caption = _(
        "Pairs that are not compared. In a reason “the baseline” is the second of the two, “this model” and “this "
        "record” the first."
    )
    rows = tuple((pair.second, pair.first, pair.reason.text) for pair in ranking.refused)
    return Table(caption, words(_("Model"), _("Against"), _("Why not compared")), rows)


def make_standing(ranking: Ranking, entry: Entry, further: Sequence[Definition]) -> Standing:
    """One model of the table."""
    notes = [_("baseline")] if entry.is_baseline else []
    notes += [_("this model")] if entry.name == ranking.own else []
    accuracy, others = entry.accuracy, (entry.value(one.name) for one in further)
    cells = (
        accuracy.display if accuracy is not None else numerals.DASH,
        (accuracy.display_interval if accuracy is not None else "") or numerals.DASH,
        entry.ranks,
        *(value.display if value is not None else numerals.DASH for value in others),
    )
    rank = numerals.count(entry.rank)
    return Standing(entry.number, rank, entry.name, join_terms(notes), cells)


def caption_standings(ranking: Ranking) -> str:
    """What the order and the ranks are, and what they are not."""
    parts = [
        _(
            "By top-1 accuracy, each with its own 95 % interval; two that overlap may still be distinguished, because "
            "pairs are compared image by image. Ranks: those that are compatible with the significant differences."
        )
    ]
    if any(entry.accuracy is not None and entry.accuracy.name == "accuracy_seeds" for entry in ranking.entries):
        parts.append(_("A model trained with several seeds is listed with their mean."))
    if any(entry.rank is None for entry in ranking.entries):
        parts.append(_("Models that were not evaluated on the baseline’s images have no rank."))
    return join_sentences(parts)


def pair_row(pair: Pair) -> tuple[str, ...]:
    """One pair of the table."""
    return (
        pair.second,
        pair.first,
        pair.change.display,
        pair.change.display_interval,
        numerals.p_number(pair.p),
        numerals.p_number(pair.p_adjusted),
        claims.RANKING.says(_("✓ significant")) if pair.holds else claims.RANKING_OPEN.says(_("not distinguished")),
    )


def format_ranking(ranking: Ranking) -> str:
    """Which differences hold after the correction, and which models can't be told apart."""
    if not ranking.pairs:
        return _("No two of these models could be compared.")
    apart = [pair for pair in ranking.pairs if not pair.holds]
    parts = [*format_better(ranking), *([format_alike(ranking, apart)] if apart else [])]
    if len(ranking.pairs) == 1:
        return join_sentences(parts)
    tested = ngettext(
        "{count} pair of models was tested, with Holm’s correction.",
        "All {count} pairs of models were tested, with Holm’s correction.",
        len(ranking.pairs),
    )
    return join_sentences([*parts, tested])


def format_better(ranking: Ranking) -> list[str]:
    """Who is better than whom, the ranking's own model first, then by rank."""
    entries = sorted(ranking.entries, key=lambda entry: entry.name != ranking.own)
    beaten = {
        entry.name: [pair for pair in ranking.pairs if pair.holds and pair.better == entry.name] for entry in entries
    }
    told = [format_one(name, pairs, len(entries)) for name, pairs in beaten.items() if pairs]
    if not told:
        return [_("No difference in accuracy is significant.")]
    left = sum(len(pairs) for pairs in [pairs for pairs in beaten.values() if pairs][NAMED:])
    more = (
        [ngettext("{count} more difference is significant.", "{count} more differences are significant.", left)]
        if left
        else []
    )
    return [*told[:NAMED], *more]


def format_one(name: str, pairs: Sequence[Pair], models: int) -> str:
    """Whom a model is better than; by how much where it is one."""
    one, others = call(name), [call(pair.worse) for pair in pairs]
    if len(pairs) == 1:
        return _("{one} is more accurate than {other} by {lead}.", one=one, other=others[0], lead=format_lead(pairs[0]))
    if len(pairs) == models - 1:
        return _("{one} is more accurate than every other.", one=one)
    return _("{one} is more accurate than {others}.", one=one, others=join_few(others))


def format_lead(pair: Pair) -> str:
    """How far the better model of a pair is ahead: "+6.2 points (+4.3 to +8.4)"."""
    change = pair.change
    if pair.better == pair.second or change.value is None or change.low is None or change.high is None:
        return with_note(change.display, change.display_interval)
    digits = numerals.percent_digits(change.n)
    ends = numerals.points_interval(-change.high, -change.low, digits)
    return with_note(numerals.points(-change.value, digits), ends)


def format_alike(ranking: Ranking, apart: Sequence[Pair]) -> str:
    """Which models can't be told apart: at once where that is true of each two of them, else pair by pair."""
    models = [entry.name for entry in ranking.entries if any(pair.has(entry.name) for pair in apart)]
    if len(apart) == len(models) * (len(models) - 1) // 2:
        return _("{models} can’t be distinguished.", models=join_few([call(name) for name in models], NAMED))
    own_first = sorted(apart, key=lambda pair: not pair.has(ranking.own))
    pairs = [_("{one} from {other}", one=call(pair.second), other=call(pair.first)) for pair in own_first]
    return _("Not distinguished: {pairs}.", pairs=join_few(pairs))


def call(name: str) -> str:
    """A model's name in a sentence, its end kept, where the number of one of several stands."""
    return quote(abridge(name, LONGEST_NAME))


def find_ranking(ranking: Ranking, anchor: str) -> Finding:
    """The one sentence as a finding."""
    return claim_of(ranking).finding(format_ranking(ranking), 0.5, anchor)


def claim_of(ranking: Ranking) -> Claim:
    """Whether the ranking tells any two models apart."""
    return claims.RANKING if any(pair.holds for pair in ranking.pairs) else claims.RANKING_OPEN


def note_ranking() -> MethodNote:
    """How a ranking is made."""
    return MethodNote(
        _("Several candidates"),
        _(
            "Every pair of models on the same images, tested as a candidate against the baseline; p-values after "
            "Holm’s correction over all pairs, intervals of each pair alone. A model may have every rank that is "
            "compatible with the significant differences.",
        ),
        "Mogstad, Romano, Shaikh and Wilhelm 2024, Inference for ranks with applications to mobility across "
        "neighbourhoods and academic achievement across countries. Review of Economic Studies 91, 476–518.",
    )
