"""What a model card lacks, part by part, and the answers put into the spec."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, SpecError
from reportgen.spec.checking import check
from reportgen.spec.composer import UNSPEAKABLE
from reportgen.spec.editing import Value, with_card
from reportgen.spec.reader import parse, read_text
from reportgen.spec.types import HUB_NAME, ReportSpec, is_day
from reportgen.system.files import machine_trouble


@dataclass(frozen=True)
class Question:
    """One entry of the card that only a person can write."""

    key: str
    """Of `card:`; `review.by` and so on for the parts of the review."""
    text: str
    part: str
    """One of the nine of Mitchell et al. 2019."""


@dataclass(frozen=True)
class Part:
    """One of the nine parts: what is asked, and what a run fills in."""

    title: str
    keys: tuple[tuple[str, str], ...]
    """(key of `card:`, question)."""
    measured: str
    """What the measurement says without anybody; empty for nothing."""


PARTS = (
    Part(
        "Model details",
        (
            ("authors", "Who made the model? Several names: separate them with commas"),
            ("version", "Which version of the model is this?"),
            ("licence", "Under which licence may it be used, such as MIT or Apache-2.0?"),
            ("citation", "How is it to be cited?"),
            ("contact", "Where do questions and complaints go?"),
            ("review.by", "Who has reviewed this card and what it describes?"),
            ("review.date", "On which day, as YYYY-MM-DD?"),
            ("review.decision", "What did they decide, such as approved?"),
        ),
        "architecture, parameters, how it was trained, date of the run",
    ),
    Part(
        "Intended use",
        (
            ("intended_use", "What is the model for?"),
            ("intended_users", "Who is it for?"),
            ("out_of_scope", "What must it not be used for?"),
        ),
        "",
    ),
    Part(
        "Factors",
        (("factors", "What does its quality depend on: groups, instruments, surroundings?"),),
        "the classes that it is evaluated by",
    ),
    Part("Metrics", (), "every measure, and how its interval was found"),
    Part("Evaluation data", (), "the data set, its size, how its images reach the model"),
    Part(
        "Training data",
        (("training_data", "What was the model trained on?"),),
        "the data set, its size, how its images reach the model",
    ),
    Part("Quantitative analyses", (), "the scores over all and by class, with intervals"),
    Part(
        "Ethical considerations",
        (("ethical_considerations", "Which risks and harms could come of using it?"),),
        "",
    ),
    Part(
        "Caveats and recommendations",
        (
            ("limitations", "Where does it fail?"),
            ("caveats", "What else should a user know?"),
            ("recommendations", "How is it best used?"),
        ),
        "",
    ),
)


@dataclass(frozen=True)
class OpenPart:
    """One part of a card: what a person still has to say, what is there, and what a run says."""

    title: str
    missing: tuple[Question, ...]
    written: tuple[str, ...]
    """Keys that have a value."""
    measured: str


def list_open(spec: ReportSpec) -> tuple[OpenPart, ...]:
    """The nine parts with what is missing in each; the training data are asked for where the run does not train."""
    trains = spec.run.mode == "train"
    parts = []
    for part in PARTS:
        is_training = part.title == "Training data"
        keys = () if is_training and trains else part.keys
        missing = tuple(Question(key, text, part.title) for key, text in keys if not holds(spec, key))
        written = tuple(dict.fromkeys(key.partition(".")[0] for key, _text in keys if holds(spec, key)))
        parts.append(OpenPart(part.title, missing, written, "" if is_training and not trains else part.measured))
    return tuple(parts)


def holds(spec: ReportSpec, key: str) -> bool:
    """Whether somebody wrote an entry."""
    value = getattr(spec.card, key.partition(".")[0])
    return bool(value.strip() if isinstance(value, str) else value)


def count_missing(parts: tuple[OpenPart, ...]) -> int:
    """Entries that nobody wrote; the review is one."""
    return len({question.key.partition(".")[0] for part in parts for question in part.missing})


def complain(key: str, answer: str) -> str:
    """Why an answer can't be taken; empty where it can, and for an empty one, which skips the question."""
    if not answer.strip():
        return ""
    if UNSPEAKABLE.search(answer):
        return "It holds a control character, which no report can show."
    if key == "review.date":
        try:
            is_day(answer.strip())
        except ValueError:
            return "Write it as 2026-11-30."
    if key == "dataset" and not HUB_NAME.fullmatch(answer.strip()):
        return "Write it as owner/name."
    return ""


def gather(answers: Mapping[str, str]) -> dict[str, Value]:
    """Answers by the key of their question -> values of `card:`; skipped ones are left out, a review in parts too."""
    given = {key: answer.strip() for key, answer in answers.items() if answer.strip()}
    review = {key.partition(".")[2]: given.pop(key) for key in list(given) if key.startswith("review.")}
    values: dict[str, Value] = dict(given)
    if "authors" in given:
        values["authors"] = [name.strip() for name in given["authors"].split(",") if name.strip()]
    if set(review) == {"by", "date", "decision"}:
        values["review"] = review
    return {key: value for key, value in values.items() if value}


def write_answers(path: Path, answers: Mapping[str, Value]) -> None:
    """Put the answers into the spec, at once or not at all.

    Raises SpecError where the text has no place for them, EnvironmentTrouble where it can't be written.
    """
    raw = read_raw(path)
    text = read_text(path)
    edited = with_card(text, str(path), answers)
    check(parse(edited, str(path)))
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    if read_raw(path) != raw:
        raise SpecError(f"{path} was changed meanwhile", "Run reportgen card again.")
    replace_file(path, mark + edited.encode("utf-8"))


def read_raw(path: Path) -> bytes:
    """The bytes of a file that was read before."""
    with machine_trouble(path):
        return path.read_bytes()


@contextmanager
def replacing_trouble(path: Path) -> Iterator[None]:
    """An EnvironmentTrouble that says what to do where a spec can't be written."""
    try:
        with machine_trouble(path):
            yield
    except EnvironmentTrouble as error:
        error.hint = (
            "Nothing was changed. Check the permissions of the file and of its folder, and the room on the disk."
        )
        raise


def replace_file(path: Path, data: bytes) -> None:
    """Put another file in the place of one, with its permissions; a link goes on leading to it."""
    target = Path(os.path.realpath(path))
    with replacing_trouble(target):
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}-", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(target.stat().st_mode & 0o7777)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
