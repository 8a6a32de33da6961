"""Names of resources in the service's sentences become links, and never links to something else."""

import pytest

from dedup_service.console.views.mentions import linked


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("held by sources/crm/records/17, and more", "/records/crm/17"),
        ("it is sources/crm/records/C-1.", "/records/crm/C-1"),
        ("(sources/crm/records/17)", "/records/crm/17"),
        ("merged into goldenRecords/7f3a", "/golden-records/7f3a"),
    ],
)
def test_a_name_is_a_link(text: str, address: str) -> None:
    """What stands around a name in a sentence is not of it."""
    assert f'href="{address}"' in linked(text)


@pytest.mark.parametrize("record_id", ["17,a", "17;a", "17:a", "17(a)", '17"a', "17/a"])
def test_half_an_id_is_no_link(record_id: str) -> None:
    """Of an id that holds a mark the first half would lead to another record."""
    assert "href" not in linked(f"held by sources/crm/records/{record_id} alone")
