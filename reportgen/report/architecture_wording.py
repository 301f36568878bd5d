"""How two architectures differ, in words: for the drawing, its alternative text, and the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.record.architecture import (
    ArchitectureChange,
    Connection,
    PartChange,
    PartFacts,
    PartStatus,
    SettingChange,
)
from reportgen.report.layer_wording import USUAL, format_setting, format_size, list_essentials
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, join_terms, ngettext, with_label, with_note
from reportgen.text.numerals import DASH

MINOR = ("eps", "momentum", "padding", "dilation")
"""Settings that are told only where nothing else changed."""
BOTH_SIDES = ("kernel_size", "output_size")
"""Settings of which one number stands for height and width."""


def name_status(status: PartStatus) -> str:
    """The one word for what became of a part."""
    return {
        "same": _("unchanged"),
        "resized": _("on maps of another size"),
        "renamed": _("renamed"),
        "moved": _("moved"),
        "changed": _("changed"),
        "added": _("added"),
        "removed": _("removed"),
    }[status]


def name_path(part: PartChange) -> str:
    """Where a part is in the candidate, or was in the baseline: "layer2.0", or "layer2.0–3" of several."""
    last = part.last_after if part.after is not None else part.last_before
    return name_range(part.side, last)


def name_range(first: PartFacts, last: PartFacts | None) -> str:
    """From one part to another, of the second no more than is not in the first."""
    names = list_ends(first, last)
    return names[0] if len(names) == 1 else _("{first} … {last}", first=names[0], last=names[1])


def name_ends(part: PartChange) -> tuple[str, ...]:
    """The same place as one name where one says it, else as the first and the last, for where there is little room."""
    return list_ends(part.side, part.last_after if part.after is not None else part.last_before)


def list_ends(first: PartFacts, last: PartFacts | None) -> tuple[str, ...]:
    """One name, such as "layer2.0", or "layer2.0–3" of parts that are numbered, or two names."""
    name = first.path or first.kind
    if last is None:
        return (name,)
    start, number = split_number(last.path)
    if number and start == split_number(name)[0]:
        return (f"{name}–{number}",)
    return name, last.path


def split_number(path: str) -> tuple[str, str]:
    """A path and the number that it ends with."""
    start = path.rstrip("0123456789")
    return start, path[len(start) :]


def name_kinds(part: PartChange) -> str:
    """The class, with how often of several: "BasicBlock ×3"."""
    if part.kinds:
        return join_terms([name_times(kind, number) for kind, number in part.kinds])
    return name_times(part.side.kind, part.count)


def name_times(kind: str, number: int) -> str:
    """A class and how often."""
    return f"{kind} ×{number}" if number > 1 else kind


def count_parts(part: PartChange) -> str:
    """How much stayed: "12 unchanged blocks, 3 unchanged layers"."""
    if part.status == "renamed":
        return count_renamed(part)
    told = []
    if part.blocks:
        told.append(ngettext("{count} unchanged block", "{count} unchanged blocks", part.blocks))
    if part.layers:
        told.append(ngettext("{count} unchanged layer", "{count} unchanged layers", part.layers))
    return join_terms(told)


def count_renamed(part: PartChange) -> str:
    """How much has another name alone."""
    told = []
    if part.blocks:
        told.append(ngettext("{count} renamed block", "{count} renamed blocks", part.blocks))
    if part.layers:
        told.append(ngettext("{count} renamed layer", "{count} renamed layers", part.layers))
    return join_terms(told)


def list_changes(part: PartChange, *, whole: bool = False) -> list[str]:
    """What is another of a part: settings, name, place; without what only follows from the rest unless `whole`."""
    settings = part.settings if whole else select_most(part.settings)
    told = [format_change_of(part.side.kind, change) for change in settings]
    if part.before is not None and part.after is not None and (part.status == "renamed" or part.is_renamed):
        told.append(_("was {name}", name=name_old(part)))
    if part.status == "moved":
        told.append(_("previously after {name}", name=part.stood_after) if part.stood_after else _("previously first"))
    if part.is_renumbered:
        one = part.blocks + part.layers < 2
        told.append(_("with another number in its name") if one else _("with other numbers in their names"))
    if part.status == "resized" and part.before is not None and part.after is not None:
        told.append(format_maps(part.before, part.after))
    return [text for text in told if text]


def name_old(part: PartChange) -> str:
    """What a part was called in the baseline."""
    assert part.before is not None
    return name_range(part.before, part.last_before)


def format_maps(before: PartFacts, after: PartFacts) -> str:
    """The maps of a part that stayed, where they are of another size."""
    sides = ["×".join(map(str, facts.output[2:])) for facts in (before, after)]
    if sides[0] == sides[1] or not all(sides):
        return ""
    return _("feature maps {before} → {after}", before=sides[0], after=sides[1])


def select_most(settings: Sequence[SettingChange]) -> list[SettingChange]:
    """The settings without those that follow from another: the input's width, groups of a depthwise convolution."""
    by_name = {change.name: change for change in settings}
    follows = set()
    if "out_channels" in by_name:
        follows.add("in_channels")
    if "out_features" in by_name:
        follows.add("in_features")
    groups, channels = by_name.get("groups"), by_name.get("in_channels")
    if groups and channels and (groups.before, groups.after) == (channels.before, channels.after):
        follows.add("groups")
    told = [change for change in settings if change.name not in follows]
    return [change for change in told if change.name not in MINOR] or told


def format_change_of(kind: str, change: SettingChange) -> str:
    """One setting of a part of class `kind`: "64 → 96 channels"."""
    before, after = (spell_value(kind, change.name, value) for value in (change.before, change.after))
    texts = {
        "out_channels": _("{before} → {after} channels", before=before, after=after),
        "num_features": _("{before} → {after} channels", before=before, after=after),
        "num_channels": _("{before} → {after} channels", before=before, after=after),
        "in_channels": _("{before} → {after} input channels", before=before, after=after),
        "in_features": _("{before} → {after} inputs", before=before, after=after),
        "out_features": _("{before} → {after} outputs", before=before, after=after),
        "kernel_size": _("kernel {before} → {after}", before=before, after=after),
        "trainable": _("{before} → {after} trainable parameters", before=before, after=after),
        "connections": _("other connections"),
        "names": _("inner parts renamed"),
        "class": _("class {before} → {after}", before=before, after=after),
        "kind": _("{before} → {after}", before=before, after=after),
    }
    named = _("{name} {before} → {after}", name=change.name, before=before, after=after)
    return texts.get(change.name, named)


def spell_value(kind: str, name: str, value: str) -> str:
    """A setting's value as people write it."""
    if not value:
        return DASH
    if name in BOTH_SIDES:
        return format_size(kind, value)
    if value.isdigit():
        return numerals.count(int(value))
    try:
        return numerals.general(float(value))
    except ValueError:
        return value


def format_costs(part: PartChange) -> str:
    """What a part brings or takes: "+1.2 M parameters, +40 M MACs"; empty where nothing."""
    return join_terms(list_costs(part.parameters, part.macs))


def list_costs(parameters: int, macs: int) -> list[str]:
    """The change of parameters and of MACs, each where there is one."""
    told = []
    if parameters:
        told.append(_("{change} parameters", change=format_change(parameters)))
    if macs:
        told.append(_("{change} MACs", change=format_change(macs)))
    return [numerals.unbroken(text) for text in told]


def format_change(number: int) -> str:
    """A signed number in three digits: "+1.2 M"."""
    return numerals.plus(numerals.compact(number))


def format_form(part: PartChange) -> str:
    """What was added or removed is like: the size of its kernel, its channels, its stride."""
    facts = part.side
    if part.kinds:
        return ""
    essentials = list_essentials(facts.kind, facts.settings)
    told = [essentials["size"]] if "size" in essentials else []
    if len(facts.output) >= 2 and (facts.parameters or part.blocks):
        width = facts.output[1] if len(facts.output) in (2, 4) else facts.output[-1]
        told.append(ngettext("{count} channel", "{count} channels", width))
    stride = essentials.get("stride", USUAL)
    if stride != USUAL:
        told.append(format_setting("stride", stride))
    return join_terms(told)


def summarize(change: ArchitectureChange) -> str:
    """Both architectures in one sentence."""
    if change.is_same:
        return _(
            "Both have the same architecture: {model}, {parameters} parameters and {macs} MACs.",
            model=change.models[1],
            parameters=numerals.count(change.parameters[1]),
            macs=numerals.compact(change.macs[1]),
        )
    counted = count_statuses(change.parts)
    told = [format_count(status, counted[status]) for status in ORDER if counted.get(status)]
    blocks = _("Blocks and layers: {counts}.", counts=join_terms(told))
    return join_sentences([blocks, _("{totals}.", totals=format_totals(change))])


def format_totals(change: ArchitectureChange) -> str:
    """What both models have and cost: "11.7 M → 12.5 M parameters, 149 M → 184 M MACs"."""
    (before, after), (macs_before, macs_after) = change.parameters, change.macs
    told = [
        _("{count} parameters", count=numerals.compact(after))
        if before == after
        else _("{before} → {after} parameters", before=numerals.compact(before), after=numerals.compact(after)),
        _("{count} MACs", count=numerals.compact(macs_after))
        if macs_before == macs_after
        else _("{before} → {after} MACs", before=numerals.compact(macs_before), after=numerals.compact(macs_after)),
    ]
    return join_terms(told)


ORDER: tuple[PartStatus, ...] = ("added", "removed", "changed", "moved", "renamed", "resized", "same")
"""In which words are listed."""


def count_statuses(parts: Sequence[PartChange]) -> dict[PartStatus, int]:
    """How many blocks and single layers each thing is true of; an operator that came or went counts too."""
    found: dict[PartStatus, int] = {}
    for part in parts:
        found[part.status] = found.get(part.status, 0) + max(1, part.count)
    return found


def format_count(status: PartStatus, number: int) -> str:
    """How many parts something is true of."""
    texts = {
        "added": ngettext("{count} added", "{count} added", number),
        "removed": ngettext("{count} removed", "{count} removed", number),
        "changed": ngettext("{count} changed", "{count} changed", number),
        "moved": ngettext("{count} moved", "{count} moved", number),
        "renamed": ngettext("{count} renamed", "{count} renamed", number),
        "resized": ngettext("{count} on maps of another size", "{count} on maps of another size", number),
        "same": ngettext("{count} unchanged", "{count} unchanged", number),
    }
    return texts[status]


def describe_part(part: PartChange) -> str:
    """One part in a sentence's worth of words, for those who do not see the drawing."""
    if part.status == "same":
        return join_terms([count_parts(part), *list_changes(part)])
    inside = [describe_inner(one) for one in part.inner if one.status != "same"]
    told = join_terms([*([name_kinds(part)] if part.status != "renamed" else []), *list_changes(part)])
    costs = format_costs(part)
    rows = [text for text in (name_status(part.status), told, costs, *inside) if text]
    return with_label(name_path(part), join_rows(rows))


def describe_inner(part: PartChange) -> str:
    """One part of a changed block."""
    return with_note(name_path(part), join_terms([name_status(part.status), *list_changes(part)]))


def name_connection(skip: Connection) -> str:
    """A connection that passes parts by, by its ends."""
    source, target = skip.names
    if not source:
        return _("image → {after}", after=target)
    return _("{before} → {after}", before=source, after=target)


def describe_connection(skip: Connection) -> str:
    """What became of a connection, in words."""
    ends = name_connection(skip)
    if skip.status == "same":
        return _("connection {ends}: unchanged", ends=ends)
    return (
        _("connection {ends}: added", ends=ends)
        if skip.status == "added"
        else _("connection {ends}: removed", ends=ends)
    )


def describe_all(change: ArchitectureChange, most: int = 40) -> str:
    """The whole drawing in words."""
    told = [describe_part(part) for part in change.parts]
    if len(told) > most:
        more = len(told) - most
        told = [*told[:most], ngettext("{count} more part", "{count} more parts", more)]
    told += [describe_connection(skip) for skip in change.skips[:most]]
    return join_sentences([summarize(change), *[_("{part}.", part=text) for text in told]])
