"""Every element of the API is commented."""

import json
from collections.abc import Iterator

import pytest
from google.protobuf import descriptor_pb2

from tests.proto.compiled_api import compile_source, compiled_api, generate_proto

Path = tuple[int, ...]

FILE = descriptor_pb2.FileDescriptorProto
MESSAGE = descriptor_pb2.DescriptorProto
ENUM = descriptor_pb2.EnumDescriptorProto
SERVICE = descriptor_pb2.ServiceDescriptorProto


def uncommented(file: descriptor_pb2.FileDescriptorProto) -> list[str]:
    """The names of the elements of a file without a comment before them, in order."""
    commented = {
        tuple(location.path)
        for location in file.source_code_info.location
        if location.leading_comments.strip()
    }
    return [name for path, name in elements(file) if path not in commented]


def elements(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[Path, str]]:
    """The source path and the name of every service, method, message, oneof, field, enum and value."""
    for index, message in enumerate(file.message_type):
        yield from message_elements(message, (FILE.MESSAGE_TYPE_FIELD_NUMBER, index), message.name)
    for index, enum in enumerate(file.enum_type):
        yield from enum_elements(enum, (FILE.ENUM_TYPE_FIELD_NUMBER, index), enum.name)
    for index, service in enumerate(file.service):
        path = (FILE.SERVICE_FIELD_NUMBER, index)
        yield path, service.name
        for number, method in enumerate(service.method):
            yield (*path, SERVICE.METHOD_FIELD_NUMBER, number), f"{service.name}.{method.name}"


def message_elements(
    message: descriptor_pb2.DescriptorProto, path: Path, name: str
) -> Iterator[tuple[Path, str]]:
    if message.options.map_entry:
        return
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, MESSAGE.FIELD_FIELD_NUMBER, index), f"{name}.{field.name}"
    # A proto3 `optional` field brings a oneof that is not in the source.
    synthetic = {field.oneof_index for field in message.field if field.proto3_optional}
    for index, oneof in enumerate(message.oneof_decl):
        if index not in synthetic:
            yield (*path, MESSAGE.ONEOF_DECL_FIELD_NUMBER, index), f"{name}.{oneof.name}"
    for index, nested in enumerate(message.nested_type):
        nested_path = (*path, MESSAGE.NESTED_TYPE_FIELD_NUMBER, index)
        yield from message_elements(nested, nested_path, f"{name}.{nested.name}")
    for index, enum in enumerate(message.enum_type):
        yield from enum_elements(enum, (*path, MESSAGE.ENUM_TYPE_FIELD_NUMBER, index), f"{name}.{enum.name}")


def enum_elements(
    enum: descriptor_pb2.EnumDescriptorProto, path: Path, name: str
) -> Iterator[tuple[Path, str]]:
    yield path, name
    for index, value in enumerate(enum.value):
        yield (*path, ENUM.VALUE_FIELD_NUMBER, index), f"{name}.{value.name}"


def test_every_element_is_commented() -> None:
    """Each service, method, message, oneof, field, enum and value has a comment before it."""
    assert [f"{file.name}: {name}" for file in compiled_api() for name in uncommented(file)] == []


def test_every_error_reason_shows_its_error_info() -> None:
    """Below each reason stands the ErrorInfo that a client will see, with that reason and the one domain."""
    file = next(file for file in compiled_api() if file.name.endswith("error_reason.proto"))
    comments = {
        tuple(location.path): location.leading_comments for location in file.source_code_info.location
    }
    for index, value in enumerate(file.enum_type[0].value[1:], start=1):
        comment = comments[FILE.ENUM_TYPE_FIELD_NUMBER, 0, ENUM.VALUE_FIELD_NUMBER, index]
        info = json.loads(comment[comment.index("{") :])
        assert info.keys() == {"reason", "domain", "metadata"}, value.name
        assert f"ERROR_REASON_{info['reason']}" == value.name
        assert info["domain"] == "dedup-service", value.name


def test_every_element_is_looked_at() -> None:
    """The walk over the API reaches all files and no file is empty."""
    assert [file.name for file in compiled_api()] == generate_proto.proto_files()
    assert all(list(elements(file)) for file in compiled_api())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("message A {}", ["A"]),
        ("// A.\nmessage A { string b = 1; }", ["A.b"]),
        ("// A.\nmessage A {\n  oneof b {\n    // C.\n    string c = 1;\n  }\n}", ["A.b"]),
        ("// A.\nmessage A {\n  // B.\n  optional string b = 1;\n}", []),
        ("// A.\nmessage A {\n  // B.\n  map<string, string> b = 1;\n}", []),
        ("// A.\nenum A { A_UNSPECIFIED = 0; }", ["A.A_UNSPECIFIED"]),
        ("// M.\nmessage M {}\n// S.\nservice S { rpc R(M) returns (M); }", ["S.R"]),
        ("// A.\nmessage A {\n  message B {}\n}", ["A.B"]),
    ],
)
def test_an_element_without_comment_is_named(source: str, expected: list[str]) -> None:
    """An uncommented element of any sort is found, and what protoc adds by itself is not asked about."""
    assert uncommented(compile_source(source)) == expected
