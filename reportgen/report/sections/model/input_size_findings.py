"""What is said of an image that is too small for a model: what is left of it, and the line that changes that."""

from __future__ import annotations

from reportgen.record.run import RunRecord
from reportgen.record.trace import InputFit, ModelTrace, Shape
from reportgen.report.model import Finding
from reportgen.report.sections.model import claims
from reportgen.report.wording import quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences

SECTION = "model"
SMALL_INPUT = 16
"""Pixels. Below this an input is too small for its last feature map to say anything about the model."""
FEW = 4
"""Places of a side: with fewer, attention has little to relate."""
IDLE = 0.05
"""Share of the parameters that only meet padding and is worth a sentence."""
MADE_FOR = 224
"""Pixels of a side for which the models of torchvision and timm are made."""
LARGER = f"data: {{image_size: {MADE_FOR}}}"
LIBRARIES = ("torchvision", "timm")


def find_fit(record: RunRecord) -> Finding | None:
    """A stem, patches or pools that leave next to nothing of a small image."""
    trace = record.trace
    fit, side = trace.fit, min(trace.input_shape[-2:])
    if fit is None or fit.last_map is None or side < SMALL_INPUT:
        return None
    left, idle = max(fit.last_map), fit.idle / max(trace.parameters, 1)
    if fit.attends and left < FEW:
        text = format_patches(record, fit) if left == -(-side // fit.shrinks) else format_stem(record, fit)
        return claims.MADE_FOR_LARGER.finding(text, 0.7, f"section-{SECTION}", "caution")
    if (left == 1 and fit.shrinks > 1) or idle > IDLE:
        return claims.MADE_FOR_LARGER.finding(format_stem(record, fit), 0.75, f"section-{SECTION}", "caution")
    if fit.adapted is not None and fit.adapted.last_map is not None and max(fit.adapted.last_map) > left:
        return claims.MADE_FOR_LARGER.finding(format_stem(record, fit), 0.45, f"section-{SECTION}", "caution")
    return None


def format_stem(record: RunRecord, fit: InputFit) -> str:
    """What is left of the image, what that costs, and what the adapted stem would keep."""
    trace = record.trace
    side_px, last = format_size(trace.input_shape[-2:]), format_size(fit.last_map or ())
    if fit.shrinks > 1:
        text = _(
            "The model is made for larger images: after the stem a side of the {side_px} px is {times} times "
            "smaller, and the last feature map is {last}.",
            side_px=side_px,
            times=fit.shrinks,
            last=last,
        )
    else:
        text = _("Of the {side_px} px the last feature map keeps {last}.", side_px=side_px, last=last)
    said = [text, format_idle(trace, fit), format_adapted(trace, fit) or format_advice(record)]
    return join_sentences(said)


def format_idle(trace: ModelTrace, fit: InputFit) -> str:
    """How many weights only meet padding; empty where they are few."""
    share = fit.idle / max(trace.parameters, 1)
    if share < IDLE:
        return ""
    return _(
        "There, {idle} of the {all} parameters ({share}) are multiplied by padding only.",
        idle=numerals.compact(fit.idle),
        all=numerals.compact(trace.parameters),
        share=numerals.percent(share),
    )


def format_adapted(trace: ModelTrace, fit: InputFit) -> str:
    """What the adapted stem would keep and cost, as it was traced; empty where it was not or keeps no more."""
    found = fit.adapted
    if found is None or found.last_map is None or max(found.last_map) <= max(fit.last_map or (0,)):
        return ""
    return _(
        "{change} in the spec would keep {kept}, for {ratio} times the MACs ({macs} instead of {now}).",
        change=spec_line("model: {stem: cifar}"),
        kept=format_size(found.last_map),
        ratio=numerals.significant(found.macs / max(trace.macs, 1), 2),
        macs=numerals.compact(found.macs),
        now=numerals.compact(trace.macs),
    )


def format_advice(record: RunRecord) -> str:
    """What to do where the stem can't be adapted."""
    if record.spec.model.source.partition(":")[0] in LIBRARIES:
        return _("{change} shows it images of the size it is made for.", change=spec_line(LARGER))
    return _("A smaller stride in the first layers would keep more.")


def spec_line(text: str) -> str:
    """A line of a spec, whole."""
    return _("“{line}”", line=text)


def format_patches(record: RunRecord, fit: InputFit) -> str:
    """How few patches there are, and how there would be more."""
    side_px, last = record.trace.input_shape[-2:], fit.last_map or (1, 1)
    text = _(
        "The model divides the {side_px} px into {last} patches of {size} px, {few} in all; images of"
        " {made} × {made} px would give {many}.",
        side_px=format_size(side_px),
        last=format_size(last),
        size=format_size(fit.kernel),
        few=last[0] * last[1],
        made=MADE_FOR,
        many=(MADE_FOR // fit.shrinks) ** 2,
    )
    source, _unused, _unused = record.spec.model.source.partition(":")
    if source == "timm":
        size = max(2, min(side_px) // 8)
        change = spec_line(f"model: {{args: {{img_size: {min(side_px)}, patch_size: {size}}}}}")
        advice = _("{change} makes them smaller: {kept}.", change=change, kept=format_size((min(side_px) // size,) * 2))
    elif source == "torchvision":
        advice = _("{change}, without image_size in model.args, gives it as many.", change=spec_line(LARGER))
    else:
        advice = _("Smaller patches would give more of them.")
    return join_sentences([text, advice])


def format_size(shape: Shape) -> str:
    """Height and width."""
    return " × ".join(map(str, shape))


def find_stretched(record: RunRecord) -> Finding | None:
    """A pooling that makes a map larger than it is, so that what follows reads the same numbers several times."""
    trace = record.trace
    for call in trace.modules:
        if not call.kind.startswith("Adaptive") or not call.input_shapes or not call.output_shapes:
            continue
        before, after = call.input_shapes[0], call.output_shapes[0]
        few, many = before[-1] * before[-2], after[-1] * after[-2]
        reader = next((one for one in trace.modules[call.index + 1 :] if one.is_leaf and one.parameters), None)
        if few >= many or len(before) != 4 or reader is None:
            continue
        text = _(
            "{pool} stretches a {before} feature map to {after}: of the {many} inputs of {reader} only {few} differ, "
            "and that layer holds {share} of the parameters.",
            pool=quote(call.path),
            before=format_size(before[-2:]),
            after=format_size(after[-2:]),
            many=numerals.count(many * before[1]),
            reader=quote(reader.path),
            few=numerals.count(few * before[1]),
            share=numerals.percent(reader.parameters / max(trace.parameters, 1)),
        )
        if record.spec.model.source.partition(":")[0] in LIBRARIES:
            text = join_sentences([text, format_advice(record)])
        return claims.STRETCHED.finding(text, 0.55, f"section-{SECTION}", "caution")
    return None
