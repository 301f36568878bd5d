"""Catalogues are compiled when they are needed, and again after an edit."""

from __future__ import annotations

import gettext
import io
import os
import sys
from pathlib import Path

import pytest

from reportgen.errors import EnvironmentTrouble
from reportgen.text import i18n
from reportgen.text.compiling import compile_catalogue, is_stale
from reportgen.text.i18n import LOCALE, languages, read_catalogue

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "zh" / "LC_MESSAGES" / "reportgen.po"
    path.parent.mkdir(parents=True)
    path.write_text(f'{HEAD}\nmsgid "image"\nmsgstr "图像"\n\n#, fuzzy\nmsgid "class"\nmsgstr "课"\n', encoding="utf-8")
    return path


def says(folder: Path, word: str) -> str:
    read_catalogue.cache_clear()
    return read_catalogue("zh", folder).gettext(word)


def test_the_shipped_catalogue_compiles_to_what_gettext_reads() -> None:
    content = compile_catalogue(LOCALE / "zh" / "LC_MESSAGES" / "reportgen.po")
    book = gettext.GNUTranslations(io.BytesIO(content))
    assert book.ngettext("{count} candidate", "{count} candidates", 1) == "{count} 个候选模型"
    assert book.ngettext("{count} candidate", "{count} candidates", 5) == "{count} 个候选模型"


def test_an_edit_is_seen_and_what_is_fuzzy_is_not_used(source: Path, tmp_path: Path) -> None:
    assert languages(tmp_path) == ("en", "zh")
    assert (says(tmp_path, "image"), says(tmp_path, "class")) == ("图像", "class")
    compiled = source.with_suffix(".mo")
    assert compiled.is_file()
    assert not is_stale(compiled, source)
    source.write_text(source.read_text(encoding="utf-8").replace("图像", "影像"), encoding="utf-8")
    later = compiled.stat().st_mtime_ns + 1_000_000_000
    os.utime(source, ns=(later, later))
    assert is_stale(compiled, source)
    assert says(tmp_path, "image") == "影像"
    source.unlink()  # as in a wheel
    assert not is_stale(compiled, source)
    assert says(tmp_path, "image") == "影像"


def test_without_babel_it_is_told_what_to_install(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "babel.messages.pofile", None)
    with pytest.raises(EnvironmentTrouble, match="'zh' is not compiled") as caught:
        says(tmp_path, "image")
    assert "pip install" in caught.value.hint
    assert caught.value.exit_code == 6


def test_a_folder_that_can_not_be_written_is_no_trouble(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise PermissionError

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert says(tmp_path, "image") == "图像"
    assert not source.with_suffix(".mo").exists()


@pytest.fixture(autouse=True)
def afresh() -> None:
    i18n.read_catalogue.cache_clear()
