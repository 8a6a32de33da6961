"""Whatever stands in an address, the answer is a page: text of any kind, and ids of nothing."""

from urllib.parse import quote, urlencode

import pytest

from dedup_service.console.views import addresses
from tests.console.routes import addresses_of
from tests.console.scenes import HOSTILE, MARKUP, SCRIPT, Scene
from tests.console.served_console import WebClient

ANN = "users/ann"
TEXTS = (*HOSTILE, "\0", "\N{REPLACEMENT CHARACTER}", "'\"\\", "-1", "99999999999999999999", "../..", "[")
# What the pages read of an address.
FIELDS = (
    *("q", "left", "right", "kind", "impact", "verdict", "function", "source", "owner", "order", "state"),
    *("after", "page", "whose", "days", "at", "versions", "link", "members", "queue", "field", "record"),
    *("survivor", "golden_record", "etag", "to"),
)


@pytest.mark.proof
def test_no_text_in_an_address_breaks_a_page(scene: Scene, web: WebClient) -> None:
    """In the place of an id and in every field at once it is answered; nothing of ours goes wrong."""
    faults = []
    for text in TEXTS:
        fields = urlencode(dict.fromkeys(FIELDS, text[:200]))
        pages = {*addresses_of("GET"), *addresses_of("GET", quote(text[:200], safe=""))}
        for path in pages:
            answer = web.get(f"{path}?{fields}", as_=ANN)
            if answer.status >= 500:
                faults.append((answer.status, path, text))
            assert SCRIPT not in answer.text, path
            assert MARKUP not in answer.text, path
    assert not faults
    assert scene.low


@pytest.mark.proof
def test_no_text_in_a_field_of_an_address_hides_a_page(scene: Scene, web: WebClient) -> None:
    """Each field alone, on the pages of a proposal and a golden record that are there."""
    faults = []
    pages = [scene.high, scene.survivor, scene.merge]
    for field in FIELDS:
        for text in ("\0", "x" * 200, "-1", "'"):
            for name in pages:
                answer = web.get(addresses.with_query(addresses.of(name), {field: text}), as_=ANN)
                if answer.status >= 500:
                    faults.append((answer.status, name, field, text))
    assert not faults
