"""The JSON Schema of a spec, for editors that check and complete YAML."""

from __future__ import annotations

from typing import Any

from reportgen.spec.frozen import schema_of
from reportgen.spec.types import ReportSpec


def spec_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a spec file, of a mapping with all of its keys left out too: `card:` alone."""
    schema = schema_of(ReportSpec, "validation")
    parts = schema["$defs"]
    for holder in (schema, *parts.values()):
        for name, place in holder.get("properties", {}).items():
            part = parts.get(place.get("$ref", "").rpartition("/")[2], {})
            if part.get("type") == "object" and not part.get("required"):
                others = {key: value for key, value in place.items() if key != "$ref"}
                holder["properties"][name] = {"anyOf": [{"$ref": place["$ref"]}, {"type": "null"}]} | others
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A reportgen spec"} | schema
