"""gRPC ignores options that it does not know: a name that is wrong is a limit that is not there."""

from pathlib import Path

import grpc._cython
import pytest

from dedup_service.client.connection import _OPTIONS
from dedup_service.rpc.server import _connection_options

_LIBRARY = next(Path(grpc._cython.__file__).parent.glob("cygrpc*")).read_bytes()


@pytest.mark.parametrize("name", [name for name, _ in (*_connection_options(), *_OPTIONS)])
def test_grpc_knows_the_option(name: str) -> None:
    assert name.encode() in _LIBRARY
