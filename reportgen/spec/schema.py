"""The JSON Schema of a spec, for editors that check and complete YAML."""

from __future__ import annotations

from typing import Any

from reportgen.spec.frozen import schema_of
from reportgen.spec.types import ReportSpec


def spec_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a spec file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A reportgen spec",
    } | schema_of(ReportSpec, "validation")
