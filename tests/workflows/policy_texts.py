"""Versions of the shipped policy for tests, and short ways to put them in force."""

from dedup_service.company_files import policy_text
from dedup_service.domain.policy_versions import PolicyOrigin, PolicyVersion
from dedup_service.workflows.pages import Page
from dedup_service.workflows.policies import Policies
from dedup_service.workflows.replan import Replanning
from tests.merge_desk import POLICY, Office, principal, request

TEXT = policy_text(None)
FIRST = POLICY.version


def text_of(version: str, *changes: tuple[str, str]) -> str:
    """The shipped policy as another version, with these parts of its text changed."""
    text = TEXT
    for old, new in ((f"version: {FIRST}\n", f"version: {version}\n"), *changes):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


TWO_FUNCTIONS_ARE_HIGH = ("functions: {medium: 3, high: 5}", "functions: {medium: 2, high: 2}")
POLICY_OF_OPERATIONS = ("policy_function: finance", "policy_function: operations")


def policies_of(office: Office) -> Policies:
    return Policies(office.store, office.desk.rules)


async def seeded(office: Office) -> Policies:
    """The policies of a desk on which the shipped version is in force."""
    policies = policies_of(office)
    await policies.seed(TEXT, PolicyOrigin.SHIPPED)
    return policies


async def put(
    policies: Policies, text: str, expected: str = FIRST, by: str = "fiona", request_id: str = ""
) -> PolicyVersion:
    who = principal(by)
    call = request("UpdatePolicy", who.name, request_id, digest=text if request_id else "")
    return await policies.update(call, text, "asked for by the board", expected, who)


async def numbers(office: Office) -> list[int]:
    listed = await office.store.read(lambda tx: tx.list_policy_versions(Page()))
    return [version.number for version in listed.items]


async def adopt(office: Office) -> int:
    """What the service does in the background after an update: the number of proposals planned anew."""
    await office.desk.rules.renew()
    return await Replanning(office.desk.assessment).adopt_policy(office.store)
