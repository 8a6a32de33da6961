"""Requests that are small to send and large to carry out: refused before the work, or the work is bounded.

Nothing here looks at a clock: what is compared is what was read, and who was answered meanwhile.
"""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from dedup_service.client import ServiceError
from dedup_service.company_files import parse_policy, policy_text
from dedup_service.domain.data_entry.checking import find_in
from dedup_service.domain.data_entry.findings import DataEntryRule
from dedup_service.domain.data_entry.vocabulary import Vocabulary
from dedup_service.v1.change_service_pb2 import WatchChangesRequest
from dedup_service.v1.core_pb2 import Child, ChildKind, Fact
from dedup_service.v1.golden_record_service_pb2 import BatchGetGoldenRecordsRequest
from dedup_service.v1.policy_service_pb2 import GetPolicyRequest, Policy, UpdatePolicyRequest
from dedup_service.v1.record_service_pb2 import (
    GetRecordRequest,
    IngestRecordsRequest,
    ListRecordsRequest,
    Record,
    UpdateRecordRequest,
)
from tests.attacks.outcomes import match, matches_of, refused, write
from tests.console.scenes import account_record, contact_record
from tests.console.served_console import Console
from tests.served_desk import OPTIONS, ServedDesk

ANN = "users/ann"
# Backtracks for longer than the world lasts in an engine that does.
ENDLESS = "pattern: '(([a-z])+.)+[A-Z]([a-z])+', pattern_means: words"
ACUTE = "\N{COMBINING ACUTE ACCENT}"
REFUSED_UNREAD = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}


def test_a_letter_with_a_hundred_thousand_marks(console: Console) -> None:
    """Combining marks without end: refused by its length before it is normalised."""
    error = refused(lambda: _put(console, contact_record("marks", given_name=f"a{ACUTE * 100_000}")))
    assert error.reason == "INVALID_FIELD"


def test_as_many_marks_as_a_name_may_have(console: Console) -> None:
    """The longest name of marks alone is kept as it is, and found by who asks for it."""
    bomb = contact_record("few-marks", given_name=f"a{ACUTE * 511}", email="few@marks.example")
    revision = write(console, bomb)
    read = console.acting_as(ANN).records.GetRecord(GetRecordRequest(name=bomb.name))
    assert read.values["given_name"] == bomb.values["given_name"]
    assert matches_of(console, bomb, revision) == {bomb.name}


@pytest.mark.parametrize("letter", ["x", "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"])
def test_a_name_of_half_a_megabyte(console: Console, letter: str) -> None:
    """A huge name, also of letters that become eighteen each: refused by its length."""
    name = letter * (500_000 // len(letter.encode()))
    error = refused(lambda: _put(console, contact_record("huge", family_name=name)))
    assert error.reason == "INVALID_FIELD"
    assert (
        refused(
            lambda: console.acting_as(ANN).records.GetRecord(
                GetRecordRequest(name="sources/crm/records/huge")
            )
        ).code
        is grpc.StatusCode.NOT_FOUND
    )


@pytest.mark.parametrize("size", [1_100_000, 5_000_000])
def test_a_message_over_the_limit(console: Console, size: int) -> None:
    """A message over 1 MB is refused unread, one over 4 MB not even received; the next call is answered."""
    error = refused(lambda: _put(console, contact_record("large", job_title="x" * size)))
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    _asks_for_the_policy(console)


@pytest.mark.parametrize("how", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_a_message_that_unpacks_without_end(console: Console, how: grpc.Compression) -> None:
    """A hundred megabytes in a hundred kilobytes: given up where more than is taken has been unpacked."""
    with grpc.insecure_channel(console.desk.address) as channel:
        send: Any = channel.unary_unary("/dedup_service.v1.RecordService/GetRecord")
        with pytest.raises(grpc.RpcError) as given_up:
            send(bytes(100 * 1024 * 1024), metadata=(("dedup-principal", ANN),), timeout=30, compression=how)
    assert given_up.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in str(given_up.value.details())
    _asks_for_the_policy(console)


@pytest.mark.parametrize("depth", [101, 10_000, 400_000])
def test_a_message_nested_without_end(console: Console, depth: int) -> None:
    """Groups in groups, deeper than a parser's stack: refused as what cannot be read."""
    # Field 1,000 as the start of a group is the varint of 8,003; nobody closes them, or all are closed.
    opened, closed = b"\xc3\x3e", b"\xc4\x3e"
    for data in (opened * depth, opened * depth + closed * depth):
        error = _sent(console, "RecordService/GetRecord", data[:1_000_000])
        assert error is not None
        assert error.code() in REFUSED_UNREAD, error
    _asks_for_the_policy(console)


def test_ten_thousand_children_and_one(console: Console) -> None:
    """More children than a record may have are refused before any is looked at."""
    children = [Child(kind=ChildKind.CHILD_KIND_CASE, child_id=str(n)) for n in range(10_001)]
    error = refused(lambda: _put(console, account_record("children", "crm", *children)))
    assert error.reason in {"INVALID_FIELD", "LIMIT_EXCEEDED"}


def test_ten_thousand_fields(console: Console) -> None:
    """More fields than a record may have are refused."""
    fields = {f"custom.f{n}": "x" for n in range(10_000)}
    error = refused(lambda: _put(console, contact_record("fields", **fields)))
    assert error.reason in {"INVALID_FIELD", "LIMIT_EXCEEDED"}


def test_ten_thousand_names_in_one_call(console: Console) -> None:
    """A batch of more names than it takes is refused before any is read."""
    names = [f"goldenRecords/{n}" for n in range(10_000)]
    client = console.acting_as(ANN)
    error = refused(
        lambda: client.golden_records.BatchGetGoldenRecords(BatchGetGoldenRecordsRequest(names=names))
    )
    assert error.reason in {"INVALID_FIELD", "LIMIT_EXCEEDED"}


@pytest.mark.parametrize(
    "fact",
    [
        Fact(name="open_pipeline", amount=Money(currency_code="EUR", units=2**63 - 1, nanos=999_999_999)),
        Fact(name="open_pipeline", amount=Money(currency_code="EUR", units=-(2**63), nanos=-999_999_999)),
        Fact(name="open_pipeline", amount=Money(currency_code="EUR", units=1, nanos=2**31 - 1)),
        Fact(name="open_cases", count=2**63 - 1),
        Fact(name="open_cases", count=-(2**63)),
        Fact(name="last_touched", time=Timestamp(seconds=2**62)),
        Fact(name="last_touched", time=Timestamp(seconds=-(2**62), nanos=-5)),
    ],
    ids=["money", "debt", "nanos", "count", "less", "late", "early"],
)
def test_a_giant_number_or_date(console: Console, fact: Fact) -> None:
    """Numbers and times at the ends of their types are kept, or refused by name; nothing overflows."""
    record = contact_record("giant", given_name="Gia", family_name="Nt", email="gia@nt.example")
    record.facts.append(fact)
    refusal: ServiceError | None = None
    try:
        _put(console, record)
    except ServiceError as error:
        refusal = error
    if refusal is not None:
        assert refusal.reason == "INVALID_FIELD"
        assert "facts" in refusal.violations[0].subject
    else:
        read = console.acting_as(ANN).records.GetRecord(GetRecordRequest(name=record.name))
        assert read.facts == record.facts


def test_a_page_without_end(console: Console) -> None:
    """A page of as many as a number can say has a thousand at most."""
    write(console, *(contact_record(f"page-{n}", email=f"{n}@page.example") for n in range(1_050)))
    answer = console.acting_as(ANN).records.ListRecords(
        ListRecordsRequest(parent="sources/crm", page_size=2**31 - 1)
    )
    assert 0 < len(answer.records) <= 1000
    assert answer.next_page_token


def test_a_policy_that_unfolds_without_end(console: Console) -> None:
    """Ten aliases of ten aliases, ten deep: refused before it is unfolded, with the line."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    error = _policy_refused(console, "version: bomb-1\n" + "\n".join(levels))
    assert error.reason == "INVALID_FIELD"


def test_a_policy_nested_without_end(console: Console) -> None:
    """Brackets deeper than a reader's stack: refused as what cannot be read."""
    assert _policy_refused(console, "version: " + "[" * 20_000).reason == "INVALID_FIELD"
    assert _policy_refused(console, "version: " + "{a: " * 20_000).reason == "INVALID_FIELD"


def test_a_policy_that_makes_objects(console: Console) -> None:
    """A tag of YAML that would call a function is refused."""
    text = "version: !!python/object/apply:os.system ['true']\n"
    assert _policy_refused(console, text).reason == "INVALID_FIELD"


def test_an_expression_that_never_ends(console: Console) -> None:
    """An expression that takes a backtracking engine longer than the world lasts: it runs in linear time.

    The words of the policy are those that would make it backtrack; a test that hangs is ended by its runner.
    """
    text = policy_text(None).replace("industry: {misspellings: VALUES}", f"industry: {{{ENDLESS}}}")
    assert ENDLESS in text
    rules = parse_policy(text).data_entry
    findings = find_in({"industry": "a" * 4000 + "!"}, None, rules, Vocabulary())
    assert DataEntryRule.PATTERN in {each.rule for each in findings}
    back = text.replace(ENDLESS, "pattern: '(a)\\1', pattern_means: words")
    assert _policy_refused(console, back).reason == "INVALID_FIELD"


def test_a_planted_key_that_thousands_share(console: Console) -> None:
    """Thousands of records with one e-mail address: others are compared with no more than before.

    Whoever has the key is told that it was not read whole, and who has it.
    """
    bystander = contact_record(
        "bystander", given_name="Quirin", family_name="Xylander", email="quirin@xylander.example"
    )
    revision = write(console, bystander)
    before = match(console, bystander, revision)
    planted = [
        contact_record(
            f"planted-{n}", given_name=f"P{n}", family_name="Plantagenet", email="same@planted.example"
        )
        for n in range(2_500)
    ]
    revision = write(console, *planted)
    after = match(console, bystander, revision)
    assert after.complete
    assert (after.candidate_count, len(after.matches)) == (before.candidate_count, len(before.matches))
    victim = match(console, planted[0], revision)
    assert not victim.complete
    assert [reason for reason in victim.incomplete_reasons if "same@planted.example" in str(reason)]
    assert victim.candidate_count < len(planted)


def test_a_flood_of_streams(console: Console, shared_desk: ServedDesk) -> None:
    """One caller opens ten times the streams that the service serves: the rest are refused, with a reason.

    Meanwhile others are answered, and when they are gone streams are served again.
    """
    count = OPTIONS.max_concurrent_calls * 10
    flood = console.acting_as("services/follower")
    streams = [flood.changes.WatchChanges(WatchChangesRequest()) for _ in range(count)]
    try:
        refusals = [error for stream in streams if (error := _ended(stream)) is not None]
        assert len(refusals) >= count - OPTIONS.max_concurrent_calls
        assert {each.code for each in refusals} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        _asks_for_the_policy(console)
    finally:
        for stream in streams:
            stream.cancel()
    assert shared_desk.address


def _ended(stream: Any) -> ServiceError | None:
    """How a stream was refused; None for one that is served."""
    try:
        next(stream)
    except ServiceError as error:
        return error if error.code is not grpc.StatusCode.CANCELLED else None
    return None


def test_streams_that_nobody_reads(console: Console) -> None:
    """Watchers who read nothing while much is written hold up neither the writes nor other readers."""
    idle = [console.acting_as(ANN).changes.WatchChanges(WatchChangesRequest()) for _ in range(8)]
    reader = console.acting_as("users/ben").changes.WatchChanges(WatchChangesRequest())
    next(reader)
    try:
        records = [
            contact_record(
                f"unread-{n}", given_name=f"U{n}", email=f"u{n}@unread.example", job_title="x" * 400
            )
            for n in range(2_000)
        ]
        write(console, *records)
        seen = _golden_changes(reader, len(records))
        assert seen >= len(records)
        _asks_for_the_policy(console)
    finally:
        for stream in (*idle, reader):
            stream.cancel()


def _golden_changes(stream: Iterator[Any], enough: int) -> int:
    seen = 0
    for message in stream:
        seen += len(message.changes)
        if seen >= enough:
            break
    return seen


def test_a_writer_who_never_reads_the_answers(console: Console) -> None:
    """Many batches whose answers nobody takes for long: others are answered, and no answer is lost."""
    batches = [
        IngestRecordsRequest(
            sequence=number,
            request_id=f"slow-{number}",
            records=[
                contact_record(f"slow-{number}-{n}", email=f"s{number}.{n}@slow.example") for n in range(20)
            ],
        )
        for number in range(1, 31)
    ]
    stream = console.importer.records.IngestRecords(iter(batches))
    for _ in range(100):
        _asks_for_the_policy(console)
    answers = list(stream)
    assert [each.sequence for each in answers] == [each.sequence for each in batches]
    assert sum(each.written_count for each in answers) == 600


def _put(console: Console, record: Record) -> None:
    console.importer.records.UpdateRecord(UpdateRecordRequest(record=record, allow_missing=True))


def _asks_for_the_policy(console: Console) -> None:
    """Somebody else is answered."""
    asked = GetPolicyRequest(name="policyVersions/current")
    assert console.acting_as("users/ben").policies.GetPolicy(asked).name


def _policy_refused(console: Console, text: str) -> ServiceError:
    mia = console.acting_as("users/paula")
    current = mia.policies.GetPolicy(GetPolicyRequest(name="policyVersions/current"))
    request = UpdatePolicyRequest(policy=Policy(text=text, etag=current.etag), validate_only=True)
    return refused(lambda: mia.policies.UpdatePolicy(request))


def _sent(console: Console, method: str, data: bytes) -> Any:
    """What these bytes are refused with."""
    with grpc.insecure_channel(console.desk.address) as channel:
        call: Any = channel.unary_unary(f"/dedup_service.v1.{method}")
        try:
            call(data, metadata=(("dedup-principal", ANN),), timeout=30)
        except grpc.RpcError as error:
            return error
    return None
