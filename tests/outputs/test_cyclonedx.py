"""bom.cdx.json: valid by the official schema, with the digests and the intervals of the record."""

from __future__ import annotations

import json
import math
from typing import Any
from uuid import UUID

import pytest

from reportgen.outputs.cyclonedx import licences, render
from reportgen.outputs.licences import SPDX
from reportgen.record.message import N_
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.record.weights_digest import WeightsDigest
from tests.outputs.hostile import change, hostile_subject
from tests.outputs.reports import plain_report
from tests.outputs.test_comment import GATES, compared
from tests.support.records import CARD, presented, small_record

REVIEW = {"by": "B. Reviewer", "date": "2026-11-30", "decision": "approved"}


def spelled(subject: Subject | RunRecord) -> str:
    (file,) = render(plain_report(subject), lambda _: None)
    assert file.path == "bom.cdx.json"
    return file.data.decode()


def made(subject: Subject | RunRecord) -> dict[str, Any]:
    found = json.loads(spelled(subject))
    assert isinstance(found, dict)
    return found


def invalid(text: str) -> object:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_7).validate_str(text)


def not_evaluated() -> RunRecord:
    return change(small_record(), measured=None, training=None)


@pytest.mark.parametrize(
    "subject", [small_record, hostile_subject, not_evaluated, lambda: compared(small_record(), GATES)]
)
def test_it_is_valid(subject: Any) -> None:
    assert invalid(spelled(subject())) is None


def test_the_schema_refuses_what_is_wrong() -> None:
    assert invalid(spelled(small_record()).replace('"value": "0.', '"wert": "0.')) is not None


def test_every_licence_that_is_named_is_one_of_spdx() -> None:
    document = made(small_record())
    document["metadata"]["component"]["licenses"] = [*(licences(one)[0] for one in SPDX), *licences("Our own")]
    assert invalid(json.dumps(document)) is None


def test_every_number_has_its_interval(record: RunRecord) -> None:
    report = plain_report(record)
    card = made(record)["metadata"]["component"]["modelCard"]
    metrics = card["quantitativeAnalysis"]["performanceMetrics"]
    found = {(one["type"], one.get("slice", "")): one for one in metrics}
    known = [value for value in report.metrics if value.value is not None and math.isfinite(value.value)]
    assert len([one for one in metrics if "slice" not in one]) == len(known)
    for value in known:
        one = found[(value.name, "")]
        assert float(one["value"]) == value.value
        if value.low is not None:
            assert float(one["confidenceInterval"]["lowerBound"]) == value.low
            assert float(one["confidenceInterval"]["upperBound"]) == value.high
    assert record.measured is not None
    recall = record.measured.classes[3].recall
    assert float(found[("recall", "cat")]["confidenceInterval"]["lowerBound"]) == recall.low


def test_digests_of_weights_and_data_and_every_library_are_there(record: RunRecord) -> None:
    weights = change(record, training=None, provenance={"weights_file": "best.pt", "weights_sha256": "a" * 64})
    document = made(weights)
    assert document["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    data, file, *libraries = document["components"]
    assert {one["name"]: one["hashes"][0]["content"] for one in data["components"]} == record.data.digests
    assert (file["name"], file["hashes"][0]["content"]) == ("best.pt", "a" * 64)
    assert {one["name"]: one["version"] for one in libraries} == record.provenance.versions
    assert "pkg:pypi/torch@" + record.provenance.versions["torch"] in [one["purl"] for one in libraries]
    references = [one["bom-ref"] for one in document["components"]]
    assert document["dependencies"] == [{"ref": "model", "dependsOn": references}]


def test_the_hash_of_a_trained_model_is_of_its_weights_and_says_so(record: RunRecord) -> None:
    start = {"weights_file": "start.pt", "weights_sha256": "a" * 64}
    state = WeightsDigest(sha256="b" * 64, entries=4)
    component, properties = model_of(change(record, provenance=start, weights=state))
    assert component["hashes"] == [{"alg": "SHA-256", "content": "b" * 64}]
    assert properties["reportgen:weights:hash-of"].startswith("the state dict: entries sorted by name")
    component, properties = model_of(change(record, training=None, provenance=start, weights=state))
    assert component["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert properties["reportgen:weights:hash-of"] == "the weights file"
    assert properties["reportgen:weights:state-dict:sha256"] == "b" * 64
    component, properties = model_of(change(record, training=None, weights=state))
    assert component["hashes"] == [{"alg": "SHA-256", "content": "b" * 64}]


def test_a_model_without_a_digest_of_its_weights_has_no_hash_and_says_why(record: RunRecord) -> None:
    start = {"weights_file": "start.pt", "weights_sha256": "a" * 64}
    component, properties = model_of(change(record, provenance=start))  # an older record; the hash would be the start's
    assert "hashes" not in component
    assert "reportgen:weights:hash-of" not in properties
    reason = N_("Reading the state dict raised {error}.", error="M")
    component, properties = model_of(change(record, weights=WeightsDigest(reason=reason)))
    assert "hashes" not in component
    assert properties["reportgen:weights:state-dict:none-because"] == "Reading the state dict raised M."


def model_of(record: RunRecord) -> tuple[dict[str, Any], dict[str, str]]:
    """The model's component, and its properties by name; valid."""
    assert invalid(spelled(record)) is None
    component = made(record)["metadata"]["component"]
    return component, {one["name"]: one["value"] for one in component["properties"]}


def test_what_a_person_wrote_stands_where_readers_look(record: RunRecord) -> None:
    card = CARD.model_dump() | {"limitations": "Fog.", "out_of_scope": "Planes.", "review": REVIEW}
    component = made(presented(record, card=card))["metadata"]["component"]
    considerations = component["modelCard"]["considerations"]
    assert considerations["technicalLimitations"] == ["Fog."]
    assert considerations["useCases"] == ["Tests of this program.", "Not for: Planes."]
    assert component["licenses"] == [{"license": {"id": "MIT"}}]
    properties = {one["name"]: one["value"] for one in component["properties"]}
    assert properties["reportgen:review:decision"] == "approved"


def test_the_same_content_has_the_same_number_and_another_has_another(record: RunRecord) -> None:
    one, again, other = spelled(record), spelled(record), made(presented(record, title="Another"))
    assert one == again
    number = json.loads(one)["serialNumber"]
    assert UUID(number.removeprefix("urn:uuid:")).version == 5
    assert other["serialNumber"] != number
    assert json.loads(one)["metadata"]["timestamp"] == record.provenance.created
