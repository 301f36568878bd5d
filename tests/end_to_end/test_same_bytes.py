"""The page and the mail of one record are the same bytes in every process, time zone and order of hashes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.record.run import RunRecord
from tests.outputs.reports import plain_report
from tests.outputs.test_html import page_of
from tests.outputs.test_mail import made

PROGRAM = """
from tests.end_to_end.test_same_bytes import digests
from tests.support.records import small_record
print(*digests(small_record()))
"""


def digests(record: RunRecord) -> list[str]:
    """Of the page and of the mail."""
    return [hashlib.sha256(data).hexdigest() for data in (page_of(plain_report(record)).encode(), made(record))]


@pytest.mark.slow
def test_the_same_bytes_in_every_process(record: RunRecord, tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": root, "XDG_CACHE_HOME": str(tmp_path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=root,
            env={**env, "PYTHONHASHSEED": seed, "TZ": zone},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/Lima"))
    ]
    here = digests(record)
    assert [process.communicate(timeout=120)[0].split() for process in started] == [here, here]
