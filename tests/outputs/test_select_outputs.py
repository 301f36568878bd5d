"""Outputs are found by name, and one that is asked for costs the import of no other."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from reportgen.outputs import find_outputs, select_outputs


@pytest.mark.slow
def test_what_is_asked_for_is_loaded_alone() -> None:
    code = (
        "import sys; from reportgen.outputs import select_outputs; print(sorted(select_outputs(['json'], {}))); "
        "print([name for name in ('html', 'mail', 'pdf') if f'reportgen.outputs.{name}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['json']", "[]"]


def test_an_unknown_name_is_looked_for_everywhere() -> None:
    assert select_outputs(["nosuch", "json"], {}).keys() == find_outputs().keys()


def test_those_of_plugins_come_first_and_are_no_reason_to_look_further() -> None:
    own = dataclasses.replace(find_outputs()["json"], name="mine")
    assert select_outputs(["mine", "json"], {"mine": own, "json": own}) == {"json": own, "mine": own}


def test_every_output_stands_in_a_module_of_its_name() -> None:
    assert all(select_outputs([name], {}).keys() == {name} for name in find_outputs())
