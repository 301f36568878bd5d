"""What a spec may say: the types, their defaults and their limits."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WrapValidator, field_validator, model_validator

from reportgen.spec.frozen import Frozen
from reportgen.spec.gates import PRESET, Rule, names_latency, recommend, with_recommended
from reportgen.spec.model_parts import OutputKey, WeightsRequest
from reportgen.spec.normalization import Normalization as Normalization
from reportgen.spec.normalization import Normalize
from reportgen.spec.numbers import ImageSize, PositiveFloat, PositiveInt, Seed, Share, Switch, Weight
from reportgen.spec.optimizers import OptimizerSpec as OptimizerSpec
from reportgen.spec.probes import Probes, ProbesSpec
from reportgen.spec.shorthand import Shorthand, none_as

ModelArgs = dict[str, Any]
Augmentation = Literal["crop", "flip", "cutout"]
DEVICE = re.compile(r"auto|cpu|mps|cuda(:[0-9]{1,3})?")
PrecisionRequest = Literal["auto", "float32", "float64", "bfloat16", "float16"]


class ModelSpec(Frozen):
    """The model: where it comes from and what it starts with."""

    source: str
    """`builtin:NAME`, `torchvision:NAME`, `timm:NAME`, `path/to/file.py:factory`, relative to the spec, or
    `package.module:factory`."""
    args: ModelArgs = Field(default_factory=dict)
    """Keyword arguments of the factory; the class count is filled in when the factory takes it."""
    stem: Literal["as_is", "cifar"] = "as_is"
    """`cifar` adapts an ImageNet stem to 32×32: first convolution 3×3 stride 1, no pooling after it."""
    weights: Path | None = None
    """Path of a file that torch.save or safetensors wrote, whatever its ending, or of the index.json of a sharded
    checkpoint; relative to the spec."""
    weights_key: str | None = None
    """Which of several sets of weights in the file, such as `state_dict_ema`; dots lead further in.
    None: the first that fits, trained weights before averages."""
    output: OutputKey = None
    """Name or index of the tensor that holds the classes, dotted where it lies deeper (`heads.0`), where a model
    returns several that could; None: the one that fits, by the name `logits` first."""
    pretrained: WeightsRequest = None
    """Start from weights that torchvision or timm know, through their own caches: true for the default ones, or a name
    such as IMAGENET1K_V1. The last layer is replaced where its width differs; images are normalised and resized as
    the weights ask unless `data` says otherwise."""
    head: Literal["replace"] | None = None
    """`replace` puts a new last layer of the data's width where the model's is, after its weights are filled in."""
    freeze: tuple[str, ...] | None = None
    """Parameters or modules, by names with `*`, that training leaves as they are; batch normalisation among them stays
    in evaluation mode."""


class DataSpec(Frozen):
    """The data set and how its images reach the model."""

    name: str = "cifar10"
    root: Path | None = None
    train_limit: PositiveInt | None = None
    """Use this many training images, stratified and seeded; None: all."""
    eval_limit: PositiveInt | None = None
    normalize: Normalize | None = None
    """A name or a mapping of mean and std; None: the data set's own statistics."""
    image_size: ImageSize | None = None
    """Pixels of a side that images are resized to (bilinear) before the model sees them; None: as they are."""
    channels: Literal[1, 3] | None = None
    """1: images are converted to grey, their luma; 3: grey images get three equal channels; None: as they are."""
    augment: tuple[Augmentation, ...] = ("crop", "flip")
    mixup: PositiveFloat | None = None
    """α of mixup (Zhang et al. 2018): each training batch is mixed with itself, shares from Beta(α, α); None: not."""
    fallback: str | None = None
    """A data set to use, with a banner, when `name` isn't available."""
    bad_files: Literal["error", "skip"] | None = None
    """Whether image files that can't be read end the run, or are left out, listed and counted; None: error."""
    test_fraction: Annotated[float, Field(gt=0, lt=1, strict=True)] | None = None
    """Share of each class that is set aside for testing, where a folder has no test images; None: 0.2."""


UNSMOOTHED = ("nll", "focal")
"""Losses that know no label smoothing."""
USUAL_GAMMA, USUAL_TEMPERATURE, USUAL_ALPHA = 2.0, 4.0, 0.9


class LossSpec(Frozen):
    """The training loss; None: the usual value."""

    name: Literal["cross_entropy", "kl_div", "nll", "mse", "focal"] = "cross_entropy"
    label_smoothing: Share = 0.0
    gamma: Annotated[float, Field(ge=0, le=100, strict=True)] | None = None
    """Of focal (Lin et al. 2017): how much sure predictions count for less; None: 2."""
    teacher: ModelSpec | None = None
    """With kl_div, a model whose outputs are learnt from (Hinton et al. 2015)."""
    temperature: Annotated[PositiveFloat, Field(le=1000)] | None = None
    """Of teacher and student in the divergence; None: 4."""
    alpha: Weight | None = None
    """Share of the divergence from the teacher; the rest is cross entropy with the label. None: 0.9."""


class RunSpec(Frozen):
    """The pass: training and evaluation, or evaluation alone."""

    mode: Literal["train", "evaluate"] = "train"
    epochs: PositiveFloat | None = None
    steps: PositiveInt | None = None
    max_minutes: PositiveFloat | None = None
    """The first of `epochs`, `steps` and `max_minutes` that is reached ends the pass; none given: one epoch."""
    batch_size: PositiveInt = 128
    optimizer: OptimizerSpec = OptimizerSpec()
    schedule: Literal["one_cycle", "cosine", "step", "constant"] = "one_cycle"
    cycle_momentum: Switch | None = None
    """Of one_cycle, whether the momentum moves against the rate, between 0.95 and 0.85; None: it does, as torch's."""
    loss: LossSpec = LossSpec()
    precision: PrecisionRequest = "auto"
    device: str = "auto"
    """`auto`, `cpu`, `cuda`, `cuda:1` or `mps`."""
    seed: Seed = Field(0, exclude=True)
    """That the report is about, the first of `seeds`; written out as one of them."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, max_length=100), WrapValidator(none_as(()))] = ()
    """In place of `seed`: as many trainings, the report is about the first and compares it with the others. Never
    empty once read."""
    threads: Annotated[int, Field(gt=0, le=1024)] | None = None
    probes: Probes = ProbesSpec()
    """How much is looked into beyond the pass: a level, or a mapping of `level`, `max_seconds` and single probes."""

    @model_validator(mode="after")
    def with_every_seed(self) -> RunSpec:
        """`seed` and `seeds` made of each other, whichever was given."""
        if self.seeds:
            object.__setattr__(self, "seed", self.seeds[0])  # not known as given by the spec, as a copy's would be
        else:
            object.__setattr__(self, "seeds", (self.seed,))
        return self

    @field_validator("device")
    @classmethod
    def known_device(cls, device: str) -> str:
        """The device, if its name is one that can be."""
        if not DEVICE.fullmatch(device):
            raise ValueError("auto, cpu, mps, cuda or cuda with a number such as cuda:1")
        return device


SomeSections = Annotated[tuple[str, ...], Field(min_length=1)]
BRIEF = ("brief",)
"""The sections of a report on a few pages, which is no list that a report could have."""


def from_extent(extent: str) -> tuple[str, ...] | None:
    """The sections that one word stands for."""
    return BRIEF if extent == "brief" else None


class LogoSpec(Frozen):
    """An image at the head of the report."""

    file: Path
    """A PNG, a JPEG or an SVG of at most 200 kB, relative to the spec; it stands in the report itself."""
    alt: Annotated[str, Field(min_length=1, max_length=200)]
    """What a reader is told who can't see it, such as the name of the company."""


class ReportOptions(Frozen):
    """What the report shows and how; changing these never runs the model again."""

    sections: Annotated[SomeSections | None, Shorthand(Literal["default", "full", "brief"], from_extent)] = None
    """None, written `default` or `full`: those that have something to say of the run; `brief`: four pages for those
    who decide; else the names of the sections, which stand in this order."""
    templates: Path | None = None
    """A folder of the user's own templates, looked in first; they run in jinja2's immutable sandbox."""
    css: Path | None = None
    """A style sheet of the user's own, which comes after ours in HTML and PDF; relative to the spec."""
    logo: LogoSpec | None = None
    """An image of one's own above the title, in HTML and PDF."""
    paper: Literal["a4", "letter"] = "a4"
    language: Literal["en", "zh"] = "en"
    """Of everything that is fixed text: English or simplified Chinese. Names and what people wrote stay as they are."""
    attach_record: bool = True
    """Whether report.pdf carries the record, so that it can be drawn again and compared from the PDF alone; a brief
    one never does."""

    @property
    def is_brief(self) -> bool:
        """Whether the pages are the few for those who decide."""
        return self.sections == BRIEF

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of the sections that were chosen, in their order; empty for those that apply."""
        return () if self.sections is None or self.is_brief else self.sections

    @model_validator(mode="before")
    @classmethod
    def without_theme(cls, given: Any) -> Any:
        """Earlier versions had a `theme` with the one value `default`; specs and records that name it stay valid."""
        if isinstance(given, dict) and given.get("theme") == "default":
            return {key: value for key, value in given.items() if key != "theme"}
        return given


def is_said(text: str) -> str:
    """A text that says something. Raises ValueError for white space alone."""
    if not text.strip():
        raise ValueError("text that is not empty")
    return text


class BaselineSpec(Frozen):
    """What the run is compared with."""

    record: Path | None = None
    """A report's folder, a record's, or a report.pdf with its record inside; relative to the spec."""
    missing: Annotated[str, Field(max_length=500), AfterValidator(is_said)] | None = None
    """In the place of `record`: why there is none this time, one sentence. The report says it, and gates on changes
    are undecided."""
    margin: Annotated[float, Field(gt=0, lt=1, strict=True)] = 0.005
    """The change of top-1 accuracy that does not matter; 0.005 is half a point."""
    time: Switch | None = None
    """Whether the baseline's model is made again and timed in turn with this one. None: where it comes from a library,
    or from the factory that this spec names itself; true: from whatever file its record names; false: never."""
    code: Path | None = None
    """A folder that holds the code of the baseline as it was, such as a second checkout, where it is not that of this
    spec: the one that its spec's paths are relative to. What stands there is run."""


def from_path(record: Path) -> BaselineSpec:
    """The baseline that a path alone stands for."""
    return BaselineSpec(record=record)


Baseline = Annotated[BaselineSpec, Shorthand(Path, from_path)]


def is_day(text: str) -> str:
    """A day as YYYY-MM-DD. Raises ValueError for anything else."""
    try:
        if DAY.fullmatch(text) and date.fromisoformat(text):
            return text
    except ValueError:
        pass
    raise ValueError("a day such as 2026-11-30")


def is_hub_name(text: str) -> str:
    """The name of a data set of the Hugging Face Hub. Raises ValueError for anything else."""
    if not HUB_NAME.fullmatch(text):
        raise ValueError("a data set of the Hugging Face Hub such as owner/name")
    return text


Said = Annotated[str, AfterValidator(is_said)]
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


class ReviewSpec(Frozen):
    """Who looked at the model card and at what it describes, when, and what came of it."""

    by: Said
    date: Annotated[str, AfterValidator(is_day), Field(json_schema_extra={"format": "date"})]
    """YYYY-MM-DD."""
    decision: Said
    """In their own words: approved, rejected, approved for the pilot until March."""


class CardSpec(Frozen):
    """What only a person can write on the model card (Mitchell et al. 2019); everything is optional."""

    authors: Annotated[tuple[str, ...], Shorthand(str, lambda name: (name,))] | None = None
    """One name or several."""
    contact: str | None = None
    licence: str | None = None
    citation: str | None = None
    version: str | None = None
    intended_use: str | None = None
    intended_users: str | None = None
    out_of_scope: str | None = None
    factors: str | None = None
    training_data: str | None = None
    evaluation_data: str | None = None
    ethical_considerations: str | None = None
    caveats: str | None = None
    limitations: str | None = None
    recommendations: str | None = None
    review: ReviewSpec | None = None
    dataset: Annotated[str, AfterValidator(is_hub_name)] | None = None
    """Where the data lies on the Hugging Face Hub, for the output model_card; None: where the data set is known to."""


class CommentSpec(Frozen):
    """The comment on a pull request, which `outputs: [comment]` writes."""

    when: Literal["always", "changed", "failed"] = "always"
    """When there is more to it than one line: always; unless the model is equivalent to the baseline within the margin
    and no gate failed; or only where a gate failed or the run has a problem."""
    platform: Literal["auto", "github", "gitlab", "bitbucket"] = "auto"
    """Whose Markdown it is written in; `auto`: that of the platform that the build runs on, else GitHub's."""


Gates = Annotated[tuple[Rule, ...], Shorthand(Literal["recommended"], lambda _word: (PRESET,))]


USUAL_PROCESSES = 5
"""In which the latency is timed, the fewest that give an interval between them."""
USUAL_PAIRS = 6
"""Of processes in which two models are timed in turn: each model comes first in as many of them as the other."""


class ReportSpec(Frozen):
    """The whole spec, resolved: every default filled in except those that depend on the data or the machine."""

    title: str | None = None
    """None: made from model and data set."""
    model: ModelSpec
    data: DataSpec = DataSpec()
    run: RunSpec = RunSpec()
    report: ReportOptions = ReportOptions()
    card: CardSpec = CardSpec()
    outputs: Annotated[tuple[str, ...], Field(min_length=1)] = ("html", "pdf", "json")
    baseline: Baseline | None = None
    """What the run is compared with, on the same images; a path alone stands for `record`."""
    gates: Gates = ()
    """Rules such as `accuracy >= 0.90`, see `reportgen.spec.gates`; where one fails the exit code is 1. `recommended`,
    alone or in the list, stands for some that suit most models."""
    comment: CommentSpec = CommentSpec()
    plugins: tuple[str, ...] = ()
    """Importable modules that hold the user's own sections, figures, outputs, data sets or model sources."""

    @model_validator(mode="after")
    def with_recommended_gates(self) -> ReportSpec:
        """The word `recommended` among the gates replaced by the rules that suit the rest of the spec."""
        shown = self.report.chosen
        duplicates = self.run.mode == "train" and (not shown or "data" in shown)
        recommended = recommend(self.baseline.margin if self.baseline else None, duplicates)
        object.__setattr__(self, "gates", with_recommended(self.gates, recommended))
        return self

    @property
    def latency_processes(self) -> int:
        """How many processes the latency is timed in: as `run.probes.cost.processes` says; else five, unless the cost
        is not probed and no gate names a latency: then the one that does everything else."""
        asked, level = self.run.probes.cost.processes, self.run.probes.level_of("cost")
        if asked is not None:
            return asked
        return USUAL_PROCESSES if level != "none" or names_latency(self.gates) else 1

    @property
    def latency_pairs(self) -> int:
        """How many processes time the baseline's model in turn with as many that time this one: as
        `run.probes.cost.processes` says, else six; 0 where nothing is to be timed so."""
        number = self.latency_processes
        if self.baseline is None or self.baseline.time is False or number < 2:
            return 0
        return self.run.probes.cost.processes or USUAL_PAIRS
