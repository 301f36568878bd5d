"""Who has a report's mail: a file beside the report, so that nobody gets it twice.

It is written before a message goes out as well as after, whole each time and by renaming, so that a process that is
killed at any moment leaves behind what is known.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from reportgen.errors import EnvironmentTrouble, RecordError
from reportgen.system.files import is_regular, machine_trouble, write_file

LEDGER = ".reportgen-sent.json"
State = Literal["sent", "refused", "unknown"]


class Strict(BaseModel):
    """Every field known."""

    model_config = ConfigDict(extra="forbid")


class Entry(Strict):
    """What is known of one recipient."""

    state: State
    at: str
    """ISO 8601."""
    said: str = ""
    """What the server answered, or why nothing is known."""


class Sending(Strict):
    """One message and its recipients, by the key of their addresses."""

    date: str
    """That stands in the message, the same in every attempt."""
    recipients: dict[str, Entry] = {}


class Book(Strict):
    """The whole file."""

    format: Literal[1] = 1
    messages: dict[str, Sending] = {}
    """By Message-ID."""


class Ledger:
    """The part of the file that is about one message."""

    def __init__(self, folder: Path, message_id: str, date: str) -> None:
        self.path = folder / LEDGER
        self._book = read(self.path)
        self._sending = self._book.messages.setdefault(message_id, Sending(date=date))

    @property
    def date(self) -> str:
        """That stands in the message."""
        return self._sending.date

    def state(self, key: str) -> State | None:
        """What is known of a recipient; None for one who was never tried."""
        entry = self._sending.recipients.get(key)
        return entry.state if entry else None

    def why(self, key: str) -> str:
        """What the server answered, or why nothing is known."""
        entry = self._sending.recipients.get(key)
        return entry.said if entry else ""

    def note(self, entries: dict[str, Entry | None]) -> None:
        """Write what is known of some recipients; None: nothing any more. Raises EnvironmentTrouble."""
        for key, entry in entries.items():
            if entry is None:
                self._sending.recipients.pop(key, None)
            else:
                self._sending.recipients[key] = entry
        self.save()

    def save(self) -> None:
        """Write the file. Raises EnvironmentTrouble when the machine can't."""
        text = json.dumps(self._book.model_dump(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        beside = self.path.with_name(f"{LEDGER}.new")
        with machine_trouble(self.path):
            beside.unlink(missing_ok=True)
            beside.touch(mode=0o600, exist_ok=False)
            write_file(beside, text.encode())
            beside.replace(self.path)


def read(path: Path) -> Book:
    """The file; an empty one where there is none.

    Raises RecordError where it can't be read, because then nobody knows who has a mail.
    """
    if path.exists() and not is_regular(path):
        raise EnvironmentTrouble(
            f"{path} can't be read: it is not a file",
            "It says who has already received the mail: make it readable, or remove it to send to everybody again.",
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Book()
    except OSError as error:
        raise EnvironmentTrouble(
            f"{path} can't be read: {error.strerror}",
            "It says who has already received the mail: make it readable, or remove it to send to everybody again.",
        ) from error
    try:
        return Book.model_validate_json(data)
    except ValidationError as error:
        raise RecordError(
            f"{path} is damaged, so it is not known who has received the mail", "Remove it to send to everybody again."
        ) from error
