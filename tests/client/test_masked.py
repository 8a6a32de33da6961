"""Marks take the place of values that the caller may not read."""

from dedup_service.client.masked import put_marks
from dedup_service.v1 import core_pb2, golden_record_service_pb2, intake_service_pb2, match_service_pb2
from dedup_service.v1.record_service_pb2 import ListRecordsResponse, Record


def mark(tag: str) -> str:
    return f"<{tag}>"


def test_marks_stand_where_values_would() -> None:
    """In records and golden records, however deep they are."""
    answer = ListRecordsResponse(records=[Record(values={"city": "Bonn"}, masked_values={"phone": "a1"})])
    put_marks(answer, mark)
    assert dict(answer.records[0].values) == {"city": "Bonn", "phone": "<a1>"}
    golden = golden_record_service_pb2.GoldenRecord()
    golden.values["phone"].masked_tag = "b2"
    golden.values["city"].value = "Bonn"
    put_marks(golden, mark)
    assert {name: each.value for name, each in golden.values.items()} == {"phone": "<b2>", "city": "Bonn"}


def test_marks_stand_where_words_would() -> None:
    """For evidence, keys, findings and folded values."""
    step = match_service_pb2.WaterfallStep(comparison="phone", masked=True)
    key = match_service_pb2.BlockingKey(key="p:a1", masked=True)
    explained = match_service_pb2.ExplainMatchResponse(waterfall=[step], left_keys=[key])
    explained.score.contributions.add(comparison="email", evidence="same")
    put_marks(explained, mark)
    assert explained.waterfall[0].evidence == "<>"
    assert explained.left_keys[0].key == "p:<a1>"
    assert explained.score.contributions[0].evidence == "same"
    routed = intake_service_pb2.RouteResponse(
        folded_values=[intake_service_pb2.FoldedValue(field="phone", masked=True)],
        findings=[intake_service_pb2.DataEntryFinding(field="values.phone", masked=True)],
    )
    put_marks(routed, mark)
    assert (routed.folded_values[0].stored, routed.findings[0].message) == ("<>", "<>")


def test_what_is_not_masked_is_left() -> None:
    """An answer without masks is as it was."""
    image = core_pb2.GoldenImage(values={"city": "Bonn"})
    before = image.SerializeToString()
    put_marks(image, mark)
    assert image.SerializeToString() == before
