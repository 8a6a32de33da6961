"""The generated modules are those of the .proto files, and the API breaks nothing that was released."""

import shutil
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from dedup_service.v1 import core_pb2, record_service_pb2_grpc
from tests.proto.compiled_api import generate_proto, lint_proto


def test_committed_modules_are_up_to_date() -> None:
    """Generating anew gives the committed files, byte for byte."""
    assert generate_proto.main(["--check"]) == 0


def test_modules_import_by_their_package() -> None:
    """The package of the API, its folder and its Python path are the same."""
    assert core_pb2.DESCRIPTOR.package == "dedup_service.v1"
    assert record_service_pb2_grpc.RecordServiceStub.__module__ == "dedup_service.v1.record_service_pb2_grpc"


def test_differences_name_each_file(tmp_path: Path) -> None:
    """A changed, a missing and a left-over module are each named."""
    fresh, committed = tmp_path / "fresh", tmp_path / "committed"
    generate_proto.generate(fresh)
    shutil.copytree(fresh, committed)
    folder = committed / generate_proto.PACKAGE
    (folder / "core_pb2.py").write_text("changed")
    (folder / "match_service_pb2.pyi").unlink()
    (folder / "gone_service_pb2.py").write_text("")
    assert generate_proto.differences(fresh, committed) == [
        "dedup_service/v1/core_pb2.py is out of date",
        "dedup_service/v1/gone_service_pb2.py belongs to no .proto file",
        "dedup_service/v1/match_service_pb2.pyi is missing",
    ]


def test_api_is_clean_and_breaks_nothing() -> None:
    """buf finds no lint and no break with the baseline."""
    assert lint_proto.main([]) == 0


def test_a_break_with_the_baseline_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A field that was released and is gone is a failure that names it."""
    released = descriptor_pb2.FileDescriptorSet.FromString(lint_proto.BASELINE.read_bytes())
    core = next(file for file in released.file if file.name == "dedup_service/v1/core.proto")
    contribution = next(message for message in core.message_type if message.name == "Contribution")
    contribution.field.add(name="observation", number=99, type="TYPE_STRING", label="LABEL_OPTIONAL")
    baseline = tmp_path / "baseline.binpb"
    baseline.write_bytes(released.SerializeToString())
    assert lint_proto.main(["--baseline", str(baseline)]) != 0
    assert 'field "99" with name "observation" on message "Contribution"' in capfd.readouterr().out


def test_baseline_moves_to_the_present_api(tmp_path: Path) -> None:
    """Moving the baseline writes an image that the present API does not break."""
    baseline = tmp_path / "baseline.binpb"
    assert lint_proto.main(["--move-baseline", "--baseline", str(baseline)]) == 0
    assert lint_proto.main(["--baseline", str(baseline)]) == 0
