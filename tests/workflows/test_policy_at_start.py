"""What each start of the service makes of the shipped policy and the operator's file."""

import asyncio

import pytest

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.policy_versions import PolicyOrigin
from tests.merge_desk import Office, open_office
from tests.workflows.policy_texts import FIRST, TEXT, TWO_FUNCTIONS_ARE_HIGH, numbers, put, seeded, text_of


async def test_the_first_start_puts_the_shipped_policy_in_force_and_the_next_nothing(office: Office) -> None:
    """Version 1 is the shipped text by the service itself, and it is there once."""
    policies = await seeded(office)
    found = await policies.version()
    assert (found.number, found.version, found.text) == (1, FIRST, TEXT)
    assert (found.origin, found.author) == (PolicyOrigin.SHIPPED, "services/policy")
    assert office.desk.rules.number == 1
    await policies.seed(TEXT, PolicyOrigin.SHIPPED)
    assert await numbers(office) == [1]


async def test_a_file_that_was_edited_takes_over(office: Office) -> None:
    """Over what was shipped, over itself, and over what a call has put in force since."""
    policies = await seeded(office)
    await policies.seed(text_of("ours-1"), PolicyOrigin.FILE)
    await put(policies, text_of("called"), "ours-1")
    await policies.seed(text_of("ours-2"), PolicyOrigin.FILE)
    found = await policies.version()
    assert (found.version, found.origin, found.number) == ("ours-2", PolicyOrigin.FILE, 4)
    assert office.desk.rules.policy.version == "ours-2"


@pytest.mark.parametrize("again", ["ours", "called"])
async def test_a_file_that_says_nothing_new_leaves_in_force_what_a_call_put_there(
    office: Office, again: str
) -> None:
    """The file as it was, or brought to what a call had put in force: that was replaced since."""
    policies = await seeded(office)
    await policies.seed(text_of("ours"), PolicyOrigin.FILE)
    await put(policies, text_of("called"), "ours")
    await put(policies, text_of("called-again"), "called")
    await policies.seed(text_of(again), PolicyOrigin.FILE)
    assert (await policies.version()).version == "called-again"


async def test_comments_and_layout_of_a_file_are_no_edit(office: Office) -> None:
    """Only rules are put in force: a service starts with a comment added."""
    policies = await seeded(office)
    await policies.seed(text_of("ours"), PolicyOrigin.FILE)
    await policies.seed("# Ours.\n\n" + text_of("ours"), PolicyOrigin.FILE)
    assert await numbers(office) == [2, 1]


async def test_a_release_takes_over_what_was_shipped(office: Office) -> None:
    """The newly shipped text is in force after the start, and an older release leaves it so."""
    policies = await seeded(office)
    await policies.seed(text_of("shipped-next"), PolicyOrigin.SHIPPED)
    assert (await policies.version()).version == "shipped-next"
    await policies.seed(TEXT, PolicyOrigin.SHIPPED)
    assert (await policies.version()).version == "shipped-next"


@pytest.mark.parametrize("origin", [PolicyOrigin.FILE, PolicyOrigin.CALL])
async def test_a_release_does_not_take_over_what_the_company_made(
    office: Office, origin: PolicyOrigin
) -> None:
    """Neither the operator's file nor what a call has put in force."""
    policies = await seeded(office)
    if origin is PolicyOrigin.FILE:
        await policies.seed(text_of("ours"), PolicyOrigin.FILE)
    else:
        await put(policies, text_of("ours"))
    await policies.seed(text_of("shipped-next"), PolicyOrigin.SHIPPED)
    assert (await policies.version()).version == "ours"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (text_of(FIRST, TWO_FUNCTIONS_ARE_HIGH), PolicyOrigin.FILE),
        (TEXT, PolicyOrigin.FILE),
        (text_of("ours", TWO_FUNCTIONS_ARE_HIGH), PolicyOrigin.FILE),
    ],
    ids=["a name shipped with other rules", "back to what was shipped", "other rules under its own name"],
)
async def test_a_file_with_a_name_that_was_used_is_refused(
    office: Office, text: str, origin: PolicyOrigin
) -> None:
    """The operator is told to give the file a new version; what is in force stays."""
    policies = await seeded(office)
    await policies.seed(text_of("ours"), PolicyOrigin.FILE)
    with pytest.raises(InvalidInput, match="give the policy file a new version"):
        await policies.seed(text, origin)
    assert (await policies.version()).version == "ours"


async def test_services_that_start_at_once_put_one_version_in_force(
    office: Office, database_url: str, redis_url: str
) -> None:
    """The one that comes second finds the version of the first."""
    async with open_office(database_url, redis_url) as second:
        await asyncio.gather(seeded(office), seeded(second))
        assert office.desk.rules.number == second.desk.rules.number == 1
    assert await numbers(office) == [1]
