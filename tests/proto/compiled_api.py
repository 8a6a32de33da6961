"""Factories: the API as protoc compiles it, with its comments, and files made up for a test."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from tools import generate_proto, lint_proto

__all__ = ["compile_source", "compiled_api", "generate_proto", "lint_proto"]


@cache
def compiled_api() -> tuple[descriptor_pb2.FileDescriptorProto, ...]:
    """The files of the API with source info, in order of name."""
    with TemporaryDirectory() as folder:
        image = Path(folder, "api.binpb")
        generate_proto.run_protoc(
            generate_proto.proto_files(), "--include_source_info", f"--descriptor_set_out={image}"
        )
        files = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes()).file
    return tuple(sorted(files, key=lambda file: file.name))


def compile_source(source: str) -> descriptor_pb2.FileDescriptorProto:
    """One file with the given definitions in proto3."""
    with TemporaryDirectory() as folder:
        image = Path(folder, "made_up.binpb")
        Path(folder, "made_up.proto").write_text(f'syntax = "proto3";\n\n{source}\n')
        options = [f"-I{folder}", "--include_source_info", f"--descriptor_set_out={image}"]
        assert protoc.main(["protoc", *options, "made_up.proto"]) == 0
        return descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes()).file[0]
