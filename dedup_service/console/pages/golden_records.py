"""A golden record: as it is, and as it was."""

import uuid
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from starlette.responses import Response

from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.golden_records import (
    child_groups,
    distinction_lines,
    may_take_back,
    redirect_lines,
)
from dedup_service.console.views.merges import merge_line
from dedup_service.console.views.values import in_order, texts_of, title_of
from dedup_service.console.views.versions import VersionLine, moment_of, version_lines
from dedup_service.console.visit import Visit
from dedup_service.v1.distinction_service_pb2 import Distinction, ListDistinctionsRequest
from dedup_service.v1.golden_record_service_pb2 import (
    GetGoldenRecordRequest,
    GoldenRecord,
    ListGoldenRecordVersionsRequest,
    ListMembersRequest,
)
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest, MergeProposalView
from dedup_service.v1.merge_service_pb2 import ListMergesRequest, Merge

VERSIONS_SIZE = 10
_MEMBERS_SIZE = 200
_PROPOSALS_SIZE = 20
_MERGES_SIZE = 50
# Links are asked for record by record.
MOST_ASKED_RECORDS = 40
_NOT_A_MOMENT = _("That is no date. Write it as 2026-11-01, or with a time as 2026-11-01T09:30.")


def show(visit: Visit) -> Response:
    """As it is, or with `at` as it was at the end of that day, or at that moment."""
    name = f"goldenRecords/{visit.path['golden_record']}"
    at = visit.query.get("at", "").strip()
    if not at:
        return _present(visit, name)
    moment = moment_of(at, visit.formats.zone)
    if moment is None:
        return _present(visit, name, at_problem=visit.language(_NOT_A_MOMENT))
    return _past(visit, name, at, moment)


def _present(visit: Visit, name: str, at_problem: str = "") -> Response:
    golden = visit.desk.golden_records.GetGoldenRecord(GetGoldenRecordRequest(name=name))
    asked_members = visit.desk.golden_records.ListMembers.future(
        ListMembersRequest(parent=golden.name, page_size=_MEMBERS_SIZE)
    )
    asked_proposals = visit.desk.merge_proposals.ListMergeProposals.future(
        ListMergeProposalsRequest(
            filter=f'open = true AND golden_record:"{golden.name}"',
            page_size=_PROPOSALS_SIZE,
            view=MergeProposalView.MERGE_PROPOSAL_VIEW_BASIC,
        )
    )
    merges = _merges_into(visit, [golden.name, *golden.redirect_chain])
    versions, newer, older = _versions(visit, golden.name)
    links = distinction_lines(_distinctions(visit, golden), golden.members)
    values = texts_of(golden)
    return visit.render(
        "golden_record.html.jinja",
        golden=golden,
        title=title_of(values),
        fields=in_order(values),
        members=asked_members.result().records,
        redirects=redirect_lines(golden.redirect_chain, merges),
        children=child_groups(golden.children),
        proposals=asked_proposals.result().merge_proposals,
        merges=[merge_line(merge) for merge in merges],
        links=[(line, _may_take_back(visit, line.distinction, golden)) for line in links],
        asked_every_record=len(golden.members) <= MOST_ASKED_RECORDS,
        versions=versions,
        newer_versions=newer,
        older_versions=older,
        request_id=str(uuid.uuid4()),
        at_problem=at_problem,
        today=datetime.now(UTC).astimezone(visit.formats.zone).date().isoformat(),
    )


def _past(visit: Visit, name: str, at: str, moment: datetime) -> Response:
    as_of_time = Timestamp()
    as_of_time.FromDatetime(moment)
    asked = visit.desk.golden_records.ListGoldenRecordVersions.future(
        ListGoldenRecordVersionsRequest(parent=name, as_of_time=as_of_time)
    )
    golden = visit.desk.golden_records.GetGoldenRecord(GetGoldenRecordRequest(name=name))
    found = asked.result().golden_record_versions
    version = found[0] if found else None
    values = dict(version.image.values) if version is not None else {}
    return visit.render(
        "golden_record_past.html.jinja",
        name=name,
        golden=golden,
        version=version,
        moment=min(moment, datetime.now(UTC)),
        is_whole_day=len(at) == len("2026-11-01"),
        is_now=version is not None and not version.HasField("end_time"),
        title=title_of(values),
        fields=in_order(values),
        children=child_groups(version.image.children) if version is not None else [],
        today=datetime.now(UTC).astimezone(visit.formats.zone).date().isoformat(),
        at=at,
        at_problem="",
    )


def _merges_into(visit: Visit, names: list[str]) -> list[Merge]:
    """Every merge that one of these survived, the newest first."""
    asked = [
        visit.desk.merges.ListMerges.future(
            ListMergesRequest(filter=f'survivor = "{name}"', page_size=_MERGES_SIZE)
        )
        for name in names
    ]
    merges = [merge for each in asked for merge in each.result().merges]
    return sorted(merges, key=lambda merge: -merge.execute_time.ToNanoseconds())


def _distinctions(visit: Visit, golden: GoldenRecord) -> list[Distinction]:
    asked = [
        visit.desk.distinctions.ListDistinctions.future(
            ListDistinctionsRequest(filter=f'record:"{record}"', page_size=_MERGES_SIZE)
        )
        for record in golden.members[:MOST_ASKED_RECORDS]
        # A quotation mark in an id cannot be written in a filter.
        if '"' not in record
    ]
    return [found for each in asked for found in each.result().distinctions]


def _may_take_back(visit: Visit, distinction: Distinction, golden: GoldenRecord) -> bool:
    assert visit.person is not None, "only who is signed in sees golden records"
    return may_take_back(distinction, golden, visit.person.name, visit.person.functions)


def _versions(visit: Visit, name: str) -> tuple[list[VersionLine], str, str]:
    """A page of versions, and where the newest and the older ones are; empty where there are none."""
    token = visit.query.get("versions", "")
    calls = visit.desk.golden_records
    page = calls.ListGoldenRecordVersions(
        ListGoldenRecordVersionsRequest(parent=name, page_size=VERSIONS_SIZE, page_token=token)
    )
    before, older = None, ""
    if page.next_page_token:
        # The one before the last of this page, which says what that changed.
        request = ListGoldenRecordVersionsRequest(parent=name, page_size=1, page_token=page.next_page_token)
        before = calls.ListGoldenRecordVersions(request).golden_record_versions[0]
        older = addresses.with_query(addresses.of(name), {"versions": page.next_page_token}) + "#versions"
    newer = addresses.of(name) + "#versions" if token else ""
    return version_lines(page.golden_record_versions, before), newer, older
