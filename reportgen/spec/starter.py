"""A commented spec that builds as it is, for `reportgen new`."""

from __future__ import annotations

import json
import re

from reportgen.errors import SpecError
from reportgen.spec.composer import UNSPEAKABLE

DEFAULT_MODEL = "builtin:two_conv"
PLAIN = re.compile(r"[A-Za-z][\w./-]*:[A-Za-z_]\w*")
"""A model source that YAML reads as text without quotation marks."""
FIXED_PATCHES = ("vit_", "deit")
"""Transformers whose position embedding belongs to one image size."""
FITTED_ARGS = {"torchvision": "{image_size: 32}", "timm": "{img_size: 32, patch_size: 4}"}
COMMENT_COLUMN = 44

TEMPLATE = """\
# A report of a PyTorch model. Build it with: reportgen build THIS_FILE
# Everything but model.source may be left out. Keys behind a # show what else can be set.

# title: My model on CIFAR-10|default: made of the model and the data set

model:
  source: {source}|builtin:NAME, torchvision:NAME, timm:NAME or path/to/file.py:factory
  {stem}|cifar fits an ImageNet stem to 32×32 pixels; as_is leaves it
  {args}|arguments of the factory; the class count is filled in
  # weights: best.pt|what torch.save or safetensors wrote; or pretrained: true
  # weights_key: state_dict_ema|which of several sets of weights in that file
  # output: logits|name or index, where the model returns several tensors that fit
  # head: replace|a new last layer of the data's width
  # freeze: [conv1]|parameters or modules that training leaves as they are

data:
  name: cifar10|cifar10, cifar100, digits or image_folder
  fallback: digits|used, and said at the top, when cifar10 isn't available
  # root: ~/data|where it lies; also --data-root and $REPORTGEN_DATA
  # train_limit: 5000|use this many training images; default: all
  # eval_limit: 1000|use this many test images; default: all
  # normalize: cifar10|cifar10, cifar100, imagenet, none or {{mean: […], std: […]}}
  # bad_files: skip|of image_folder: go on without images that can't be read
  # test_fraction: 0.2|of image_folder without test images: share of each class set aside
  # image_size: 224|resize to so many pixels a side, for models that take no 32×32
  # channels: 1|images as grey, for models of one channel
  augment: [crop, flip]|any of crop, flip, cutout; [] for none
  # mixup: 0.2|mixes each training batch with itself, shares from Beta(0.2, 0.2)

run:
  mode: train|train, or evaluate the weights as they are
  epochs: 5|or steps: 2000; what is reached first ends it
  max_minutes: 5|a limit of time
  batch_size: 128
  optimizer: {{name: sgd}}|any of torch.optim by its name, with its own arguments: lr, betas, …
  schedule: one_cycle|one_cycle, cosine, step or constant
  # cycle_momentum: false|one_cycle moves the momentum against the rate, as torch's, unless told
  loss: {{name: cross_entropy}}|or kl_div, nll, mse, focal; label_smoothing, teacher, temperature, …
  precision: auto|auto, float32, float64, bfloat16 or float16
  device: auto|auto, cpu, cuda, cuda:1 or mps
  seed: 0|or seeds: [0, 1, 2]: trained once with each, with their spread
  # probes:|what is looked into beyond the pass; or one level for all: none
  #   level: fast|fast, full or none, of every probe that has no level of its own
  #   max_seconds: 120|for all together; default: a quarter of the pass, at least 20
  #   weights: fast|the parameters as matrices
  #   response: {{images: 500}}|characteristic curves of the layers
  #   dynamics: fast|gradients, updates and activations by layer
  #   autograd: none|the graph of the loss
  #   explanations: {{embedding: pca}}|pca, tsne or umap; images: 500
  #   robustness: {{epsilons: [1, 4]}}|of the attacks, in 1/255; images, corruptions: [fog, …]
  #   cost: {{level: full, processes: 5}}|latency, memory, roofline, the step in parts
  # threads: 2|of the processor; default: PyTorch's choice

report:
  sections: default|all; brief: four pages; or a list of names from: reportgen list sections
  paper: a4|a4 or letter
  language: en|en or zh (Chinese)
  # templates: my_templates|a folder of your own templates, looked in first
  # css: house.css|a style sheet of your own, after ours; colours and all
  # logo: {{file: logo.svg, alt: Example Ltd}}|an image above the title; PNG, JPEG or SVG
  # attach_record: false|keep the measurements out of the PDF

# What only a person can know. A key left out reads "Not provided" on the model card.
card:
  # authors: [A. Author, B. Author]
  # contact: someone@example.org
  # licence: MIT
  # citation: Author 2026, The paper
  # version: 1.0
  # intended_use: What the model is for.
  # intended_users: Who it is for.
  # out_of_scope: What it must not be used for.
  # factors: What its quality depends on.
  # training_data: What it was trained on before this run.
  # evaluation_data: Why this test set.
  # ethical_considerations: Risks and harms.
  # caveats: What else a user should know.
  # limitations: Where it fails.
  # recommendations: How to use it well.
  # review: {{by: B. Reviewer, date: 2026-11-30, decision: approved}}
  # dataset: uoft-cs/cifar10|the data on the Hugging Face Hub, for outputs: [model_card]

outputs: [html, pdf, json]|from: reportgen list outputs
# baseline: reports/main|a report or its PDF to compare with; or {{record: …, margin: 0.005}}
# gates: [accuracy >= 0.60 confidently]|exit code 1 where one fails; any number of metrics.json; or recommended
# comment: {{when: changed}}|of outputs: [comment]; always, changed or failed; platform: auto, …
# plugins: [my_package.sections]|modules with sections, figures, outputs, data sets or models of your own
"""


def starter_spec(model: str | None = None) -> str:
    """The text of a spec for a model, as in `model.source`; without one, the smallest that is built in.

    Raises SpecError for a name that can't be a source.
    """
    source = model if model is not None else DEFAULT_MODEL
    kind, colon, name = source.rpartition(":")
    if not (kind and colon and name) or UNSPEAKABLE.search(source):
        hint = "Write builtin:NAME, torchvision:NAME, timm:NAME or path/to/file.py:factory; see: reportgen list models"
        raise SpecError(f"{source!r} is not a model source", hint)
    stem, args = fit(kind, name)
    text = TEMPLATE.format(source=scalar(source), stem=stem, args=args)
    return "".join(aligned(line) + "\n" for line in text.splitlines())


def fit(kind: str, name: str) -> tuple[str, str]:
    """The lines about stem and arguments that let a library's ImageNet model take 32×32 pixels."""
    if name.startswith(FIXED_PATCHES) and kind in FITTED_ARGS:
        return "# stem: cifar", f"args: {FITTED_ARGS[kind]}"
    return "stem: cifar" if kind in FITTED_ARGS else "# stem: cifar", "# args: {dropout: 0.1}"


def scalar(text: str) -> str:
    """A text as YAML: as it is where that is safe, else in quotation marks."""
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def aligned(line: str) -> str:
    """A line with the comment after its bar moved to the common column."""
    code, bar, comment = line.partition("|")
    return f"{code:<{COMMENT_COLUMN}}  # {comment}" if bar else line
