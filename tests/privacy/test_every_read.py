"""After an erasure no method that reads, no metric, span or line of the log tells of her (E-4, F-3)."""

import io
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message

from dedup_service.rpc.access import TABLE
from dedup_service.rpc.call_log import READING as READING_WORDS
from dedup_service.rpc.server import start_server
from dedup_service.telemetry.running import running_telemetry
from dedup_service.v1.core_pb2 import RevisionToken
from tests.logged import everything_logged
from tests.merge_desk import Office
from tests.privacy.every_read import HERS, Names, all_names, more_of_her, requests_of
from tests.privacy.scanning import Forms
from tests.privacy.somebody import MARKERS, Life
from tests.rpc.api import OPTIONS, Api, contact
from tests.rpc.cleanup_api import cleaning_api
from tests.rpc.sight_calls import METHODS, READING, answers, holds
from tests.telemetry.collector import Collector, collector
from tests.telemetry.scraping import scraped

ASKING = ("users/ann", "services/importer")
# The methods that answer with something of her while she is known, so that the search is seen to find it.
TELLING = {
    f"dedup_service.v1.{name}"
    for name in (
        *("ChangeService.ListChanges", "ChangeService.WatchChanges"),
        *("CleanupService.GetCleanupJob", "CleanupService.ListCleanupJobs"),
        *("DelegationService.GetDelegation", "DelegationService.ListDelegations"),
        *("DistinctionService.ListDistinctions", "IntakeService.ListIntakes", "LeadService.StudyDeadLeads"),
        *("GoldenRecordService.BatchGetGoldenRecords", "GoldenRecordService.GetGoldenRecord"),
        *("GoldenRecordService.ListGoldenRecordVersions", "GoldenRecordService.ListGoldenRecords"),
        *("GoldenRecordService.ListMembers", "GoldenRecordService.LookupGoldenRecord"),
        *("MatchService.ExplainMatch", "MatchService.Match", "MatchService.MatchStream"),
        *("MergeProposalService.CountMergeProposals", "MergeProposalService.GetMergeProposal"),
        *("MergeProposalService.ListMergeProposals", "MergeService.GetMerge", "MergeService.ListMerges"),
        *("OverviewService.ListProvisionalAccounts", "PolicyService.GetPolicy"),
        *("PolicyService.ListPolicyVersions", "PrivacyService.ExportRecord"),
        *("RecordService.GetRecord", "RecordService.ListRecords"),
    )
}
_REFUSED = b"google.rpc.ErrorInfo"


@pytest.fixture
def receiving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Where the spans of the desk go."""
    with collector() as receiving:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiving.endpoint)
        yield receiving


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every line that any logger writes at any level."""
    with everything_logged("json") as stream:
        yield stream


@asynccontextmanager
async def measured(office: Office, receiving: Collector) -> AsyncIterator[tuple[Api, str]]:
    """The desk, served and measured; and the address of its metrics."""
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiving.endpoint, "OTEL_TRACES_SAMPLER_ARG": "1"}
    async with running_telemetry("127.0.0.1:0", environ) as running:
        running.telemetry.watch_pools(office.store.pools)
        server = await start_server(office.desk, OPTIONS, running.telemetry)
        try:
            async with grpc.aio.insecure_channel(server.address) as channel:
                yield Api(server, channel, office), running.metrics_address
        finally:
            await server.stop()


async def lived(api: Api, folder: Path) -> tuple[Names, Forms]:
    """Her life, her other records, and a cleanup run that finds them; what would tell of her."""
    [first] = await api.put(contact("0"))
    life = Life(api)
    await life.live()
    await api.put(*more_of_her())
    await cleaning_api(api, folder).finished()
    await settled(api.office)
    forms = Forms.of(MARKERS, (await api.office.record("p")).draft, *life.sent)
    return await all_names(api, first.revision), forms


async def settled(office: Office) -> None:
    """The index is as far as the ledger."""
    assert await office.follower.wait_applied(await office.store.read(lambda tx: tx.head_revision()), 5)


async def told(api: Api, asked: Mapping[str, Sequence[Message]], forms: Forms) -> tuple[set[str], set[str]]:
    """The methods that answered somebody, and those of which an answer or a refusal tells of her."""
    answered: set[str] = set()
    telling: set[str] = set()
    for method, requests in asked.items():
        for request in requests:
            for who in ASKING:
                answer = await answers(api.channel, method.removeprefix("dedup_service.v1."), request, who)
                if answer and _REFUSED not in answer:
                    answered.add(method)
                if forms.found_in(answer) or any(holds(answer, marker) for marker in MARKERS):
                    telling.add(method)
    return answered, telling


def test_every_method_that_reads_is_asked() -> None:
    """A new one is asked, too, or this fails: by its class, and by its name."""
    assert set(METHODS) == set(TABLE), "the descriptors of all services are known here"
    named = {name for name in TABLE if name.rpartition(".")[2].startswith(READING_WORDS)}
    asked = set(requests_of(Names(RevisionToken(), *(["-"],) * 8)))
    assert asked == READING | named


async def test_no_method_that_reads_tells_of_her(
    office: Office, receiving: Collector, log: io.StringIO, tmp_path: Path
) -> None:
    """Each is asked for all that refers to her, before and after; nor does what the desk tells of itself."""
    async with measured(office, receiving) as (api, metrics):
        names, forms = await lived(api, tmp_path)
        asked = requests_of(names)
        assert all(asked.values()), {name for name, requests in asked.items() if not requests}
        answered, telling = await told(api, asked, forms)
        assert telling >= TELLING, TELLING - telling
        for name in HERS:
            await office.erase(name.rpartition("/")[2], "asked for by letter")
        await settled(office)
        again, still = await told(api, asked, forms)
        assert still == set()
        assert answered | again == set(asked)
        page = (await scraped(metrics)).text.encode()
        assert b"MatchService/Match" in page
        assert not forms.found_in(page)
    spans = [span.SerializeToString() for span in receiving.spans]
    assert len(spans) > len(asked)
    assert not [span for span in spans if forms.found_in(span)]
    assert "dedup_service.rpc.call_log" in log.getvalue()
    assert not forms.found_in(log.getvalue().encode())
