"""What a person at a terminal sees."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import reportgen
from reportgen.cli.errors import print_error
from reportgen.cli.live import LiveLines
from reportgen.cli.terminal import Quiet, make_progress
from reportgen.errors import Location, RenderError, SpecError
from reportgen.progress import Progress
from reportgen.system.plain_lines import PlainLines
from reportgen.text.terminal import ONE, counted, duration, plural, put, put_command, safe, safe_line

NASTY = "\x1b[31mred\x1b[0m [bold]b[/bold] :smile: \r\u202e\u061c\x07"
SHOWN = r"\u{1b}[31mred\u{1b}[0m [bold]b[/bold] :smile: \u{d}\u{202e}\u{61c}\u{7}"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_plain_lines_say_little() -> None:
    stream, clock = io.StringIO(), Clock()
    progress: Progress = PlainLines(stream, 10.0, clock)
    with progress.stage("Train", 50_000, "images") as task:
        for _ in range(30):
            clock.now += 1
            task.advance(1000, "loss 1.23")
    with progress.stage("Trace"):
        clock.now += 0.25
    progress.say("done")
    progress.warn("careful")
    assert stream.getvalue().splitlines() == [
        "Train …",
        "Train: 10,000 of 50,000 images, 1,000 images/s, 40 s left, loss 1.23",
        "Train: 20,000 of 50,000 images, 1,000 images/s, 30 s left, loss 1.23",
        "Train: 30,000 of 50,000 images, 1,000 images/s, 20 s left, loss 1.23",
        "Train: done, 30,000 images in 30 s",
        "Trace …",
        "Trace: done in 0.2 s",
        "done",
        "warning: careful",
    ]


def test_a_stage_that_fails_is_not_called_done() -> None:
    stream = io.StringIO()
    with pytest.raises(ZeroDivisionError), PlainLines(stream).stage("Train"):
        raise ZeroDivisionError
    assert stream.getvalue() == "Train …\n"


def test_quiet_says_warnings_only() -> None:
    stream = io.StringIO()
    progress: Progress = Quiet(stream)
    with progress.stage("Train") as task:
        task.advance()
    progress.say("x")
    assert stream.getvalue() == ""
    progress.warn("careful")
    assert stream.getvalue() == "warning: careful\n"


def test_the_listener_fits_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(make_progress(quiet=True), Quiet)
    assert isinstance(make_progress(), PlainLines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(make_progress(), LiveLines)
    assert isinstance(make_progress(verbose=True), PlainLines)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.449, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.7, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_outside_text_commands_nothing() -> None:
    stream = io.StringIO()
    progress = PlainLines(stream, 0.0, Clock())
    with progress.stage(NASTY, unit=NASTY) as task:
        task.advance(1, NASTY)
    progress.warn(NASTY)
    print_error(SpecError(NASTY, NASTY, Location(NASTY, 1, 1)), stream=stream)
    assert not set(stream.getvalue()) & set("\x1b\r\x07\u202e")
    assert f"warning: {SHOWN}\n" in stream.getvalue()
    assert safe("中文 🙂 é") == "中文 🙂 é"


def test_a_stream_without_the_characters() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    PlainLines(stream).warn("ü 中 \udc80")
    assert raw.getvalue() == b"warning: \\xfc \\u4e2d \\u{dc80}\n"


def error_lines(error: SpecError, **more: bool) -> list[str]:
    stream = io.StringIO()
    print_error(error, stream=stream, **more)
    return stream.getvalue().splitlines()


def test_an_error_shows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("title: 中é\tx: y\nrun: {epoch: 3}\n", encoding="utf-8")
    error = SpecError("there is no key 'epoch' in run", "Did you mean epochs?\nSecond line.", Location(str(path), 2, 7))
    assert error_lines(error) == [
        "error: there is no key 'epoch' in run",
        f"  at {path}:2:7",
        "    run: {epoch: 3}",
        "          ^",
        "  Did you mean epochs?",
        "  Second line.",
    ]
    assert error_lines(SpecError("m", "", Location(str(path), 1, 11)))[2:] == [
        "    title: 中é x: y",
        "               ^",
    ]


def test_of_a_template_no_line_of_another_file_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.html.j2").write_text("TOKEN=1")
    monkeypatch.chdir(tmp_path)
    stream = io.StringIO()
    for name in ("page.html.j2", str(tmp_path / "page.html.j2")):
        print_error(RenderError("m", "h", Location(name, 1)), stream=stream)
    assert "TOKEN" not in stream.getvalue()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.yaml")
        assert error_lines(SpecError("m", "h", Location("pipe.yaml", 1)))[1:] == ["  at pipe.yaml:1", "  h"]


def test_an_error_with_a_very_long_line_shows_its_part(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("a" * 5000 + "!" + "b" * 5000)
    shown, caret = error_lines(SpecError("m", "", Location(str(path), 1, 5001)))[2:]
    assert len(shown) < 200
    assert shown[caret.index("^")] == "!"


@pytest.mark.parametrize(
    "place", [Location("--set run.epochs"), Location("/nowhere/x", 3, 1), Location("a\0b", 1, 1), None]
)
def test_an_error_without_a_line_to_show(place: Location | None) -> None:
    lines = error_lines(SpecError("message", "hint", place))
    assert lines[0] == "error: message"
    assert lines[-1] == "  hint"
    assert len(lines) == (3 if place else 2)


def test_causes_are_for_those_who_ask() -> None:
    error = SpecError("message", "hint")
    error.__cause__ = ValueError("inner")
    error.__cause__.__cause__ = KeyError("innermost")
    assert error_lines(error) == ["error: message", "  hint"]
    assert error_lines(error, verbose=True)[2:] == [
        "  because: ValueError: inner",
        "  because: KeyError: 'innermost'",
    ]


def test_live_lines_in_a_terminal() -> None:
    code = f"""
import time
from reportgen.cli.terminal import make_progress
progress = make_progress()
with progress.stage("Load [b]the[/b] data"):
    with progress.stage("Download", 1000, "KB") as task:
        for _ in range(10):
            task.advance(100, "part")
            time.sleep(0.05)
progress.warn({NASTY!r})
try:
    with progress.stage("Fails", 10):
        raise ZeroDivisionError
except ZeroDivisionError:
    progress.say("the end")
"""
    try:
        leader, follower = pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine gives no pseudo-terminal: {error}")
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, "-c", code], stderr=follower, env=environment)
    os.close(follower)
    seen = bytearray()
    while True:
        try:
            chunk = os.read(leader, 4096)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        seen += chunk
    os.close(leader)
    assert process.wait() == 0
    text = seen.decode()
    assert "Load [b]the[/b] data" in text
    assert "of 1,000 KB" in text
    assert "KB/s" in text
    assert " left" in text
    assert "part" in text
    assert "Download  1,000 KB" in text
    assert SHOWN in text
    assert "\x1b[31mred" not in text
    assert "✓ Fails" not in text.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert text.rstrip().endswith("the end")


def test_rich_is_imported_only_for_a_terminal() -> None:
    code = "import sys; from reportgen.cli.terminal import make_progress; make_progress(); print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


class Broken(io.StringIO):
    """A stream whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(text)

    def flush(self) -> None:
        raise OSError("no space left")


def test_a_broken_stream_ends_no_stage() -> None:
    for progress in (PlainLines(Broken(), 0.0), LiveLines(Broken()), Quiet(Broken())):
        with progress.stage("Train", 10, "images") as task:
            task.advance(5, "loss 1")
        progress.say("said")
        progress.warn("warned")
    closed = io.StringIO()
    closed.close()
    PlainLines(closed).say("said")
    put(None, "said")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("x\n::set-output name=verdict::better", "x ::set-output name=verdict::better"),
        ("::set-output name=v::1", ":\u200b:set-output name=v::1"),
        ("  \t::error::no", "  \t:\u200b:error::no"),
        ("there is no key '##[set-output name=v]x'", "there is no key '##\u200b[set-output name=v]x'"),
        ("a\r\n::stop-commands::x", "a ::stop-commands::x"),
        ("a\r::debug::x\u2028::debug::x", "a\\u{d}::debug::x\\u{2028}::debug::x"),
    ],
)
def test_no_line_speaks_to_the_program_that_reads_the_log(text: str, printed: str) -> None:
    stream = io.StringIO()
    put(stream, text)
    assert stream.getvalue() == printed + "\n"
    assert safe_line(text) == printed


def test_a_command_of_our_own_reaches_that_program_and_is_one_line() -> None:
    stream = io.StringIO()
    put_command(stream, "::error file=a,title=x::Bad\n::set-output name=v::1 ##[group]")
    assert stream.getvalue() == "::error file=a,title=x::Bad ::set-output name=v::1 ##\u200b[group]\n"


def test_an_error_and_its_excerpt_hold_no_command(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("  ::set-output name=v::1\n##[group]x\n", encoding="utf-8")
    for line in (1, 2):
        stream = io.StringIO()
        error = SpecError("bad\n::error::x", "Fix it\n::notice::y\n##[endgroup]", Location(str(spec), line, 3))
        print_error(error, stream=stream)
        assert not [one for one in stream.getvalue().splitlines() if one.lstrip().startswith("::") or "##[" in one]


def test_a_very_long_message_is_cut(tmp_path: Path) -> None:
    stream = io.StringIO()
    print_error(SpecError("k" * 1_000_000, "h" * 1_000_000), stream=stream)
    assert len(stream.getvalue()) < 3000


def test_one_of_a_thing_is_not_many() -> None:
    assert [counted(1, None, "records"), counted(0, 1, "images"), counted(1, 2, "figures")] == [
        "1 record",
        "0 of 1 image",
        "1 of 2 figures",
    ]
    assert [counted(2, None, "formats"), counted(100, None, "%")] == ["2 formats", "100 %"]
    assert [plural(1, "entry", "entries"), plural(0, "entry", "entries"), plural(2000, "record")] == [
        "1 entry",
        "0 entries",
        "2,000 records",
    ]


def test_every_unit_of_a_stage_has_its_singular() -> None:
    stages = re.compile(r'\.stage\([^\n]*, "(\w+)"')
    source = "\n".join(file.read_text() for file in Path(reportgen.__file__).parent.rglob("*.py"))
    assert set(stages.findall(source)) == ONE.keys()
