"""Messages in a record: kept as keys and arguments, written out when drawn; plain texts of older records are read."""

from __future__ import annotations

import json
from pathlib import Path
from string import Formatter

import pytest
from pydantic import ValidationError

from reportgen.record.message import N_, Message, Note, Terms, as_note, draw_note, draw_terms, nN_
from reportgen.record.reworded import REWORDED
from reportgen.record.run import RunRecord
from reportgen.record.store import decode_record, encode_record
from reportgen.spec.frozen import Frozen
from reportgen.text.i18n import catalogue, language


class Held(Frozen):
    """A part of a record."""

    word: str | Message
    note: Note = None
    terms: Terms = ()


def test_arguments_are_written_out_when_the_message_is_drawn() -> None:
    message = N_(
        "{name}: {n} of {rate} and {things}.", name="12345", n=12345, rate=0.00001, things=["a", 2000, N_("c")]
    )
    assert message.values == {"name": "12345", "n": 12345, "rate": 0.00001, "things": ("a", 2000, N_("c"))}
    assert message.text == str(message) == "12345: 12,345 of 1e-05 and a, 2,000 and c."


@pytest.mark.parametrize(("count", "text"), [(1, "1 image is too few."), (2000, "2,000 images are too few.")])
def test_the_count_decides_between_singular_and_plural(count: int, text: str) -> None:
    assert nN_("{count} image is too few.", "{count} images are too few.", count).text == text


def test_a_message_comes_back_as_it_was() -> None:
    inner = N_("{name}, label smoothing {by}", name=N_("cross entropy"), by=0.5)
    held = Held(
        word=inner, note=nN_("{count} a {x}", "{count} b {x}", 3, x=[1, 2.5, "y", inner]), terms=(inner, N_("b"))
    )
    again = Held.model_validate_json(held.model_dump_json())
    assert again == held
    assert again.note is not None
    assert again.note.text == "3 b 1, 2.5, y and cross entropy, label smoothing 0.5"
    assert Held(word="plain {text}").word == "plain {text}"


def test_messages_are_frozen_and_can_be_keys() -> None:
    message = N_("{n} things", n=1)
    with pytest.raises(ValidationError):
        message.id = "other"
    assert len({message, N_("{n} things", n=1)}) == 1


def test_a_plain_text_is_a_message_whose_text_it_is() -> None:
    old = Held.model_validate_json('{"word": "a", "note": "100 % {odd}", "terms": "SGD, momentum 0.9"}')
    assert (draw_note(old.note), draw_terms(old.terms)) == ("100 % {odd}", "SGD, momentum 0.9")
    assert Held.model_validate({"word": "a", "note": ""}).note is None
    assert (as_note(""), as_note("a"), as_note(N_("b"))) == (None, Message(id="a"), Message(id="b"))


def test_a_record_with_plain_texts_is_read(record: RunRecord) -> None:
    files = encode_record(record)
    fields = json.loads(files["record.json"])
    del fields["sha256"]  # which records had none of that had texts
    fields["notes"] = fields["trace"]["notes"] = ["It was {changed}."]
    fields["device"]["precision_reason"] = ""
    fields["data"]["description"] = "Some pictures."
    fields["training"] |= {"optimizer": "SGD, learning rate 0.1", "schedule": "one cycle", "loss": "cross entropy"}
    fields["stages"] = [{"name": "Train", "seconds": 1.0}]
    found = decode_record(files | {"record.json": json.dumps(fields).encode()}, Path("old")).subject.record
    assert [note.text for note in (*found.notes, *found.trace.notes)] == ["It was {changed}."] * 2
    assert found.device.precision_reason is None
    assert draw_note(found.data.description) == "Some pictures."
    assert found.training is not None
    assert draw_terms(found.training.optimizer) == "SGD, learning rate 0.1"
    assert (found.training.schedule.text, found.training.loss.text) == ("one cycle", "cross entropy")
    assert found.stages[0].name.text == "Train"


def test_a_record_of_today_comes_back(record: RunRecord) -> None:
    assert decode_record(encode_record(record), Path("new")).subject.record == record


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_what_was_reworded_is_drawn_in_todays_words() -> None:
    assert N_("{theirs} was taken off the names in {file}.", theirs="net.", file="a.pt").text == (
        "“net.” was removed from the names in a.pt."
    )
    old = Message(id="{count} image is 12.", many="{count} images are 12.", count=3)
    assert old.text == "3 images are 12."
    turned = "{count} image was turned upright as its EXIF orientation says."
    assert Message(id=turned, many="whatever {count}", count=2).text == (
        "2 images were rotated according to their EXIF orientation."
    )
    with language("zh"):
        assert "EXIF" in Message(id=turned, many="", count=2).text
        assert "images" not in Message(id=turned, many="", count=2).text


def test_a_reworded_message_that_had_no_plural_takes_the_form_of_its_count() -> None:
    old = "Of {count} tensors of {file}, {cast} are {types}; they were converted to the model’s own type."
    values = {"count": 5, "cast": 1, "file": "w.pt", "types": ("float16", "float64")}
    said = "Stored as float16 and float64 in w.pt and converted to the model’s own type: 1 of"
    assert Message(id=old, values=values).text == f"{said} 5 tensors."
    assert Message(id=old, values={**values, "count": 1}).text == f"{said} 1 tensor."
    with language("zh"):
        assert "w.pt 的 5 个张量中有 1 个为" in Message(id=old, values=values).text


@pytest.mark.parametrize(("before", "today"), REWORDED.items())
def test_a_reworded_message_has_the_fields_of_todays(before: str, today: str | tuple[str, str]) -> None:
    forms = (today,) if isinstance(today, str) else today
    known = catalogue("zh")
    assert all(fields_of(form) - {"count"} == fields_of(before) - {"count"} for form in forms)
    assert known.gettext(forms[0]) != forms[0] if len(forms) == 1 else known.ngettext(*forms, 2) != forms[1]
    assert known.gettext(before) == before
