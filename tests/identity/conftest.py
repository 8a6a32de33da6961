"""One provider for the tests of a process; each has a desk of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oidc_provider import Provider, running_provider


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The provider that the service trusts; a test that changes it leaves it as it was."""
    with running_provider(Path(tmp_path_factory.mktemp("provider"))) as running:
        yield running
