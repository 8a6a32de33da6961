"""Text that would be taken for something else: SQL, keys, formulas, markup, log lines, headers, templates."""

import csv
import html
import io
import logging
import re
from typing import Any
from urllib.parse import quote

import grpc
import psycopg
import pyarrow as pa
import pytest
import redis
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from dedup_service.cleanup.results.tables import plain
from dedup_service.cli.spreadsheet_cells import plain_cell
from dedup_service.client import ServiceError
from dedup_service.console.views.overview.figures import Cell, Column, Table, csv_text
from dedup_service.domain.fields import FIELDS, FieldType
from dedup_service.embedded import RunningServer
from dedup_service.v1.delegation_service_pb2 import ListDelegationsRequest
from dedup_service.v1.distinction_service_pb2 import ListDistinctionsRequest
from dedup_service.v1.golden_record_service_pb2 import ListGoldenRecordsRequest
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest
from dedup_service.v1.merge_service_pb2 import ListMergesRequest
from dedup_service.v1.record_service_pb2 import GetRecordRequest, ListRecordsRequest
from tests.attacks.outcomes import CALLER_FAULTS, matches_of, refused, write
from tests.console.scenes import MARKUP, SCRIPT, account_record, contact_record, propose
from tests.console.served_console import Console, WebClient
from tests.rpc.test_fuzz import METHODS

ANN = "users/ann"
SQL = "'); delete from records; --"
TAUTOLOGY = "x' or '1'='1"
FORMULAS = ('=HYPERLINK("http://evil.example","x")', "+1+cmd|'/C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1")


def test_sql_in_every_field_of_a_record(console: Console, shared_database: str) -> None:
    """SQL as the value of every field that takes words: it comes back byte for byte, and no row is lost."""
    words = [name for name, spec in FIELDS.items() if spec.type is FieldType.NAME]
    record = contact_record("sql-1", **dict.fromkeys(words, SQL))
    record.values["custom.note"] = SQL
    (done,) = console.importer.ingest([contact_record("sql-0"), record])
    assert done.answer.written_count == 2, done.answer
    read = console.acting_as(ANN).records.GetRecord(GetRecordRequest(name=record.name))
    assert dict(read.values) == dict(record.values)
    assert len(words) > 5
    with psycopg.connect(shared_database) as connection:
        counted = connection.execute("select count(*) from records").fetchone()
    assert counted is not None
    assert counted[0] >= 2


@pytest.mark.parametrize("value", [TAUTOLOGY, SQL, "%", "_", "\\"])
def test_sql_in_a_filter_finds_nothing(console: Console, value: str) -> None:
    """What would make a condition true of all rows, or match any text, is a value that nothing has."""
    console.importer.ingest([contact_record("filter-1")])
    client = console.acting_as(ANN)
    quoted = f'"{value}"'
    lists: list[tuple[Any, Any]] = [
        (client.golden_records.ListGoldenRecords, ListGoldenRecordsRequest(filter=f"source = {quoted}")),
        (client.merge_proposals.ListMergeProposals, ListMergeProposalsRequest(filter=f"source = {quoted}")),
        (client.merges.ListMerges, ListMergesRequest(filter=f"survivor = {quoted}")),
        (client.distinctions.ListDistinctions, ListDistinctionsRequest(filter=f"record: {quoted}")),
        (client.delegations.ListDelegations, ListDelegationsRequest(filter=f"delegator = {quoted}")),
    ]
    for ask, request in lists:
        try:
            answer = ask(request)
        except ServiceError as error:
            answer, code = None, error.code
        else:
            code = grpc.StatusCode.OK
        assert answer is not None or code in CALLER_FAULTS, type(request).__name__
        found = [] if answer is None else [f.name for f, v in answer.ListFields() if f.is_repeated and v]
        assert not found, type(request).__name__


@pytest.mark.parametrize(
    "order", ["due_time; drop table votes", "1", "(select 1)", "due_time desc, pg_sleep(9)"]
)
def test_sql_in_an_order(console: Console, order: str) -> None:
    """The order of a list is one of a few words; anything else is refused before the database hears of it."""
    client = console.acting_as(ANN)
    error = refused(
        lambda: client.merge_proposals.ListMergeProposals(ListMergeProposalsRequest(order_by=order))
    )
    assert error.reason == "INVALID_FIELD"


@pytest.mark.parametrize("token", [SQL, TAUTOLOGY, "WyInIG9yIDE9MSJd", "A" * 5000, "\u0661"])
def test_sql_in_a_page_token(console: Console, token: str) -> None:
    """A page token that was not sealed here is refused before anything of it reaches a query."""
    client = console.acting_as(ANN)
    error = refused(
        lambda: client.records.ListRecords(ListRecordsRequest(parent="sources/crm", page_token=token))
    )
    assert [each.subject for each in error.violations] == ["page_token"]


@pytest.mark.parametrize("text", [TAUTOLOGY, SQL, "../../1", "1\n2", "%00", "*", "1/../../merges/1"])
def test_sql_and_paths_in_every_resource_name(console: Console, text: str) -> None:
    """Whatever stands in the place of an id, in every method that takes a name, is the caller's fault."""
    client = console.acting_as(ANN)
    asked = 0
    for method in METHODS:
        message = GetMessageClass(method.input_type)()
        names = [f for f in method.input_type.fields if f.name in {"name", "parent"} and _is_text(f)]
        if not names or method.client_streaming or method.server_streaming or "Wait" in method.name:
            continue
        for prefix in (
            "",
            "goldenRecords/",
            "sources/crm/records/",
            "mergeProposals/",
            "merges/",
            "cleanupJobs/",
        ):
            setattr(message, names[0].name, f"{prefix}{text}")
            error = _outcome(client, method, message)
            assert error is None or error.code in CALLER_FAULTS, (method.name, prefix, error)
            asked += 1
    assert asked > 60


def _is_text(field: FieldDescriptor) -> bool:
    return field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated


def _outcome(client: Any, method: Any, message: Any) -> ServiceError | None:
    stubs = {name: stub for name, stub in vars(client).items() if hasattr(stub, method.name)}
    (stub,) = stubs.values()
    try:
        getattr(stub, method.name)(message)
    except ServiceError as error:
        return error
    return None


def test_names_that_end_a_command_of_the_index(console: Console, valkey_server: RunningServer) -> None:
    """Line ends, separators and hash tags in values never become a command, or a key outside of the index."""
    names = ("\r\nFLUSHALL\r\n", "*3\r\n$3\r\nSET", "{dedup}:meta", "a:b:c", "}{x}", "*", "\\0", "k:1\nk:2")
    records = [contact_record(f"key-{n}", given_name=name, family_name=name) for n, name in enumerate(names)]
    control = contact_record("before-keys", given_name="Y", family_name="Z", email="before@keys.example")
    revision = write(console, control, *records)
    with redis.Redis.from_url(valkey_server.url) as client:
        assert client.hget("{dedup}:meta", "epoch")
        assert all(key.startswith(b"{dedup}:") for key in client.scan_iter(count=1000))
    assert matches_of(console, control, revision) == {control.name}


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_in_a_table_of_the_console(formula: str) -> None:
    """A name that a spreadsheet would carry out: the CSV of the overview has it as text."""
    table = Table((Column("name", "Name"),), ((Cell(formula, formula),),))
    _, (cell,) = csv.reader(io.StringIO(csv_text(table), newline=""))
    assert cell == f"'{formula}"


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_in_a_table_of_the_command_line(formula: str) -> None:
    """The same for the CSV files that `dedup` writes for people."""
    assert plain_cell(formula) == f"'{formula}"
    assert plain_cell("Halden - Werke = 1") == "Halden - Werke = 1"


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_in_the_results_of_a_cleanup(formula: str) -> None:
    """The same for the clusters that a cleanup writes; numbers alone stay, as of telephones."""
    column = plain(pa.chunked_array([[formula]], pa.string()))
    assert column.to_pylist() == [formula if formula == "-2+3" else f"'{formula}"]


def test_markup_in_every_view_of_a_record(console: Console, web: WebClient) -> None:
    """Scripts and tags as names, comments and reasons: every page that shows them shows them as text."""
    proposal = propose(
        console.importer,
        contact_record("markup-1", given_name=SCRIPT, family_name=MARKUP, job_title=MARKUP),
        contact_record("markup-2", given_name=SCRIPT, family_name=MARKUP, email="b@markup.example"),
        comment=f"{SCRIPT}{MARKUP}",
    )
    golden = proposal.golden_records[0]
    pages = [
        "/inbox",
        f"/proposals/{proposal.name.partition('/')[2]}",
        f"/golden-records/{golden.partition('/')[2]}",
        f"/search?q={quote(SCRIPT)}",
        "/why?left=sources/crm/records/markup-1&right=sources/crm/records/markup-2",
        "/bulk",
    ]
    for page in pages:
        answer = web.get(page, as_=ANN)
        assert answer.status == 200, page
        assert SCRIPT not in answer.text, page
        assert MARKUP not in answer.text, page
        assert "<b title='x'>" not in answer.text, page


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,<script>1</script>", "//evil.example"]
)
def test_an_address_that_runs_is_no_link(console: Console, web: WebClient, address: str) -> None:
    """A web site of a record that is a script, or of another host, is shown, and is no link to follow."""
    number = len(address)
    proposal = propose(
        console.importer,
        account_record(f"link-{number}-a", website=address, company_name=f"Link {number}"),
        account_record(f"link-{number}-b", website=address, company_name=f"Link {number}"),
    )
    for page in (f"/proposals/{proposal.name.partition('/')[2]}", f"/records/crm/link-{number}-a"):
        answer = web.get(page, as_=ANN)
        if answer.status == 303:
            answer = web.get(answer.location, as_=ANN)
        assert answer.status == 200
        assert html.escape(address) in answer.text
        assert not re.search(rf'(href|src|action)="?{re.escape(html.escape(address))}', answer.text)


def test_style_in_a_name(console: Console, web: WebClient) -> None:
    """A name cannot end an attribute and bring a style: what would is escaped, and no style is inline."""
    attack = 'x\' style=\'background:url(//evil.example)\' y="z" style="color:red"'
    proposal = propose(
        console.importer,
        contact_record("style-1", given_name=attack, email="style@x.example"),
        contact_record("style-2", given_name=attack, email="style@x.example"),
    )
    answer = web.get(f"/proposals/{proposal.name.partition('/')[2]}", as_=ANN)
    assert attack not in answer.text
    assert "style='background" not in answer.text
    assert 'style="color:red"' not in answer.text
    assert "style-src 'self'" in answer.headers["content-security-policy"]


def test_a_template_in_a_name(console: Console, web: WebClient) -> None:
    """Words of a template language in a name are not carried out, in a page or in a sentence about it."""
    attack = "{{ 7 * 191 }}{% print 7 * 191 %}{0.__class__}%(x)s"
    proposal = propose(
        console.importer,
        contact_record("template-1", given_name=attack, family_name="Tpl", email="t@template.example"),
        contact_record("template-2", given_name=attack, family_name="Tpl", email="t@template.example"),
    )
    answer = web.get(f"/proposals/{proposal.name.partition('/')[2]}", as_=ANN)
    assert answer.status == 200
    assert "1337" not in answer.text
    assert "{{ 7 * 191 }}" in answer.text
    assert "{0.__class__}" in answer.text


def test_lines_of_a_log_cannot_be_forged(
    console: Console, web: WebClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A name, an id or an address with line ends writes no line of its own into the log."""
    forged = "x\r\n2026-01-01 CRITICAL root: everything is fine"
    client = console.acting_as(ANN)
    with caplog.at_level(logging.DEBUG):
        refused(lambda: client.records.GetRecord(GetRecordRequest(name=f"sources/crm/records/{forged}")))
        refused(lambda: client.merges.ListMerges(ListMergesRequest(filter=forged)))
        web.get(f"/golden-records/{quote(forged, safe='')}?q={quote(forged)}", as_=ANN)
        web.post("/sign-in", {"principal": forged, "to": forged})
    assert not [each for each in caplog.messages if "everything is fine" in each]


@pytest.mark.parametrize(
    "to", ["/inbox\r\nSet-Cookie: evil=1", "/%0d%0aSet-Cookie:evil=1\r\n\r\n<b>", "/\x00", "/\u2028x"]
)
def test_a_header_in_an_address_to_go_on_to(web: WebClient, to: str) -> None:
    """Line ends in the address that a sign-in leads on to set no header, and end no answer."""
    answer = web.post("/sign-in", {"principal": ANN, "to": to})
    assert answer.status == 303
    assert "evil" not in answer.cookies
    assert "\n" not in answer.location
    assert answer.text == ""


def test_a_header_in_the_name_of_a_file(web: WebClient) -> None:
    """A download is of a figure that there is: no part of the address becomes a part of a header."""
    for name in ('queue"; filename="evil.exe', "queue\r\nX-Evil: 1", "../queue"):
        answer = web.get(f"/overview/{quote(name, safe='')}.csv", as_=ANN)
        assert answer.status == 404
        assert answer.headers["x-evil"] is None
        assert answer.headers["content-disposition"] is None
