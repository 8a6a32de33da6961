"""A desk on which a steward is kept from fields and sources, with a secret planted in each place.

Ann of sales is the blind one. She reads no salary, second phone, identity number or birth date, no record of
`hr` and no lead of `desk`. Vera holds the functions that read all of it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from dedup_service.domain.principals import Directory, Principal, PrincipalType
from dedup_service.domain.records import Fact, RecordDraft, RecordKey, RecordKind
from dedup_service.domain.visibility import Audience, SourceRule, VisibilityPolicy
from dedup_service.v1 import core_pb2, merge_proposal_pb2, merge_service_pb2
from dedup_service.v1 import record_service_pb2 as records
from tests.merge_desk import DIRECTORY, JANUARY, POLICY, Office, contact, open_office
from tests.rpc.api import Api, served

SALARY, PHONE, NATIONAL_ID, BIRTH_DATE = "87654", "+49 151 55667788", "ZQ7788123X", "1971-03-19"
HR_ID, HR_MAIL, HR_STREET, HR_FAMILY = (
    "zqhidden7",
    "private.zq@secret-mail.example",
    "Geheimweg 77",
    "Zqfamily",
)
HR_TITLE = "Zqvorstand"
DESK_ID, DESK_NAME = "zqlead9", "Zqvornam"
# What must not be read, by what the secret is.
SECRETS: Mapping[str, str] = {
    "salary": SALARY,
    "phone": PHONE,
    "national id": NATIONAL_ID,
    "birth date": BIRTH_DATE,
    "id of a hidden record": HR_ID,
    "e-mail of a hidden record": HR_MAIL,
    "street of a hidden record": HR_STREET,
    "name of a hidden record": HR_FAMILY,
    "job title of a hidden record": HR_TITLE,
    "id of a hidden lead": DESK_ID,
    "name of a hidden lead": DESK_NAME,
}
_TRUSTED = frozenset({"services/importer", "services/matcher"})
_FINANCE = Audience(frozenset({"finance"}), _TRUSTED)
MASKED = ("custom.salary", "mobile_phone", "national_id", "birth_date")
RULES = VisibilityPolicy(
    fields=dict.fromkeys(MASKED, _FINANCE),
    sources=(
        SourceRule("hr", readers=Audience(frozenset({"operations"}), _TRUSTED)),
        SourceRule("desk", frozenset({RecordKind.LEAD}), readers=Audience(frozenset({"support"}), _TRUSTED)),
        SourceRule("shop", frozenset({RecordKind.ACCOUNT}), writers=Audience(frozenset({"finance"}))),
    ),
)
POLICY_OF_SIGHT = replace(POLICY, visibility=RULES)
VERA = Principal(
    "users/vera", PrincipalType.HUMAN, frozenset({"finance", "operations", "support", "sales"}), "Vera Voss"
)
PEOPLE = Directory({**DIRECTORY.principals, VERA.name: VERA})


@dataclass(frozen=True)
class World:
    """What is stored: the golden records by what they are, a merge, and two open proposals."""

    api: Api
    goldens: Mapping[str, str]
    merge: merge_service_pb2.Merge
    proposal: merge_proposal_pb2.MergeProposal
    hidden_proposal: merge_proposal_pb2.MergeProposal
    since: core_pb2.RevisionToken


def drafts() -> dict[str, RecordDraft]:
    masked = {
        "custom.salary": SALARY,
        "mobile_phone": PHONE,
        "national_id": NATIONAL_ID,
        "birth_date": BIRTH_DATE,
    }
    person = {"given_name": "Bob", "family_name": "Quux", "email": "bob@quux.com", "city": "Bonn"}
    hidden = {"given_name": "Bob", "family_name": HR_FAMILY, "email": HR_MAIL, "street": HR_STREET}
    hidden["job_title"] = HR_TITLE
    late = Fact("requested", time=JANUARY)
    return {
        "first": contact("1", **person, **masked),
        "second": contact(
            "2", **(person | {"given_name": "Robert"}), **(masked | {"custom.salary": "99111"})
        ),
        "third": contact("3", given_name="Bob", family_name="Quux", email="bobby@quux.com", city="Bonn"),
        "hr": RecordDraft(RecordKey("hr", HR_ID), RecordKind.CONTACT, hidden),
        "other hr": RecordDraft(
            RecordKey("hr", f"{HR_ID}b"), RecordKind.CONTACT, {**hidden, "phone": "+49 228 123456"}
        ),
        "lead": RecordDraft(
            RecordKey("desk", DESK_ID),
            RecordKind.LEAD,
            {"given_name": DESK_NAME, "family_name": "Quux", "email": "bob@quux.com"},
            facts=(late,),
        ),
        "desk contact": RecordDraft(
            RecordKey("desk", "c1"), RecordKind.CONTACT, {"given_name": "Bob", "family_name": "Quux"}
        ),
        "account": RecordDraft(
            RecordKey("crm", "a1"), RecordKind.ACCOUNT, {"company_name": "Quux Ltd", "tax_id": "DE811128135"}
        ),
        "hr account": RecordDraft(
            RecordKey("hr", f"{HR_ID}a"),
            RecordKind.ACCOUNT,
            {"company_name": "Quux Ltd", "tax_id": "DE136695976", "street": HR_STREET},
        ),
    }


@asynccontextmanager
async def sight_office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    """A desk under the rules of this world."""
    async with open_office(database_url, redis_url, POLICY_OF_SIGHT, PEOPLE) as office:
        yield office


@asynccontextmanager
async def sight_world(office: Office) -> AsyncIterator[World]:
    """The desk with its secrets, served."""
    stored = drafts()
    await office.put(contact("0"))
    ids = await office.put(*stored.values())
    goldens = {name: f"goldenRecords/{golden_id}" for name, golden_id in zip(stored, ids, strict=True)}
    by_name = dict(zip(stored, ids, strict=True))
    merge = await office.merge(by_name["third"], by_name["hr"])
    async with served(office) as api:
        proposal = await api.proposed(goldens["first"], goldens["second"])
        hidden = await api.proposed(goldens["desk contact"], goldens["other hr"])
        vera = (("dedup-principal", VERA.name),)
        shown = await api.merges.GetMerge(merge_service_pb2.GetMergeRequest(name=merge.name), metadata=vera)
        oldest = await api.records.GetRecord(
            records.GetRecordRequest(name="sources/crm/records/0"), metadata=vera
        )
        yield World(api, goldens, shown, proposal, hidden, oldest.revision)
