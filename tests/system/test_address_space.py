"""The limit of addresses is what the system says, and a process can lift what it has set itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

resource = pytest.importorskip("resource")

SCRIPT = """
import resource
from reportgen.system.address_space import address_limit, make_room
soft, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, hard))
print(address_limit())
make_room()
print(resource.getrlimit(resource.RLIMIT_AS) == (hard, hard))
"""


def test_a_limit_is_told_and_lifted() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["4000000000", "True"]
