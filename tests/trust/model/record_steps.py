"""Steps on records: written, changed, deleted, erased, one by one and many at once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from dedup_service.v1 import core_pb2
from dedup_service.v1 import record_service_pb2 as pb
from tests.rpc.api import by
from tests.trust.model.machine import IMPORTER, KINDS, Machine
from tests.trust.model.reference import Rec

EMAILS = ("ada@example.com", "bob@example.com", "")
FAMILIES = ("Lovelace", "Byron", "Noether")
COMPANIES = ("Analytical Engines", "Difference Works")
NUMBERS = ("C-1", "C-2", "")
RECENTLY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
FACTS: dict[str, Any] = {
    "open_opportunities": 2,
    "open_pipeline": 300_000,
    "legal_hold": True,
    "marketing_consent": False,
    "requested": str(RECENTLY.date()),
    "disqualified": str(RECENTLY.date()),
    "open_invoices": 3,
}
OWNERS = ("users/ann", "users/carla", "users/fiona", "")
CHILDREN = {"CASE": core_pb2.CHILD_KIND_CASE, "INVOICE": core_pb2.CHILD_KIND_INVOICE}


def drawn_values(data: st.DataObject, name: str) -> dict[str, str]:
    """Values of a person or a company; few different ones, so that records meet."""
    if KINDS.get(name) == "ACCOUNT":
        values = {"company_name": data.draw(st.sampled_from(COMPANIES))}
        if name.startswith("erp/"):
            values["customer_number"] = data.draw(st.sampled_from(NUMBERS))
    else:
        values = {"family_name": data.draw(st.sampled_from(FAMILIES)), "given_name": "Ada"}
        values["email"] = data.draw(st.sampled_from(EMAILS))
    return {field: value for field, value in values.items() if value}


def message_of(name: str, rec: Rec) -> pb.Record:
    """A record as a source writes it."""
    source, _, own = name.partition("/")
    message = pb.Record(
        name=f"sources/{source}/records/{own}",
        kind=core_pb2.RecordKind.Value(f"RECORD_KIND_{rec.kind}"),
        values=rec.values,
    )
    for fact, value in rec.facts.items():
        message.facts.append(_fact(fact, value))
    for child_id, (kind, is_open) in rec.children.items():
        message.children.add(kind=CHILDREN[kind], child_id=child_id, open=is_open)
    if rec.owner:
        message.owner.principal = rec.owner
    return message


def _fact(name: str, value: Any) -> core_pb2.Fact:
    if isinstance(value, bool):
        return core_pb2.Fact(name=name, flag=value)
    if isinstance(value, str):
        moment = Timestamp()
        moment.FromDatetime(RECENTLY)
        return core_pb2.Fact(name=name, time=moment)
    if name == "open_pipeline":
        return core_pb2.Fact(name=name, amount=Money(currency_code="EUR", units=value))
    return core_pb2.Fact(name=name, count=value)


class RecordSteps(Machine):
    """What sources do."""

    def written(self, kind: str, name: str, wanted: Rec, mask: str, etag: str = "") -> None:
        """Write a record, or a part of it, as the reference foretells."""
        known = self.reference.records.get(name)
        expected = "OK"
        if known is None and mask != "*":
            expected = "NOT_FOUND"
        elif known is not None and etag and etag != f'"{self.line(name).version}"':
            expected = "ABORTED"
        elif known is not None and known.state == "ERASED":
            expected = "INVALID_ARGUMENT"
        message = message_of(name, wanted)
        message.etag = etag
        request = pb.UpdateRecordRequest(
            record=message,
            update_mask=FieldMask(paths=[mask]),
            allow_missing=mask == "*",
            request_id=self.request_id(),
        )
        answer = self.step(kind, "records.UpdateRecord", request, IMPORTER, expected, frozenset([name]))
        if answer is not None:
            self.put(name, wanted, answer.golden_record.removeprefix("goldenRecords/"))

    def put(self, name: str, wanted: Rec, golden_id: str) -> None:
        """The record as it is now; a new one begins a golden record."""
        known = self.reference.records.get(name)
        if known is None:
            assert golden_id not in self.reference.successor, "a new record begins a golden record of its own"
            self.reference.successor[golden_id] = ""
            wanted.golden = golden_id
        else:
            assert golden_id == known.golden, "a write never moves a record"
        is_same = known is not None and known.said() == wanted.said()
        self.reference.records[name] = wanted
        if not is_same:
            self.reference.replan([wanted.golden])

    def changed(self, name: str, **parts: Any) -> Rec:
        """A copy of what the reference has of a record, with these parts changed, and active."""
        known = self.reference.records[name]
        said = {part: getattr(known, part) for part in ("values", "owner", "facts", "children")}
        return Rec(known.kind, known.golden, **(said | parts))

    @rule(data=st.data())
    def write_record(self, data: st.DataObject) -> None:
        name = self.record_named(data)
        known = self.reference.records.get(name)
        wanted = Rec(KINDS[name], known.golden if known else "", drawn_values(data, name))
        self.written("write_record" if known else "new_record", name, wanted, "*")

    @rule(data=st.data())
    def new_record(self, data: st.DataObject) -> None:
        fresh = [name for name in sorted(KINDS) if name not in self.reference.records]
        if fresh:
            name = data.draw(st.sampled_from(fresh))
            self.written("new_record", name, Rec(KINDS[name], "", drawn_values(data, name)), "*")

    @precondition(lambda self: self.reference.records)
    @rule(data=st.data())
    def update_values(self, data: st.DataObject) -> None:
        name = self.known(data)
        wanted = self.changed(name, values=drawn_values(data, name))
        self.written("update_values", name, wanted, "values")

    @rule(data=st.data())
    def update_unknown(self, data: st.DataObject) -> None:
        name = self.record_named(data)
        if name not in self.reference.records:
            self.written("update_unknown", name, Rec(KINDS[name], "", {"email": "x@example.com"}), "values")

    @precondition(lambda self: self.reference.records)
    @rule(data=st.data())
    def update_facts(self, data: st.DataObject) -> None:
        name = self.known(data)
        chosen = data.draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=2, unique=True))
        wanted = self.changed(name, facts={fact: FACTS[fact] for fact in chosen})
        self.written("update_facts", name, wanted, "facts")

    @precondition(lambda self: self.reference.records)
    @rule(data=st.data(), owner=st.sampled_from(OWNERS))
    def update_owner(self, data: st.DataObject, owner: str) -> None:
        name = self.known(data)
        self.written("update_owner", name, self.changed(name, owner=owner), "owner")

    @precondition(lambda self: self.reference.records)
    @rule(data=st.data(), kind=st.sampled_from(sorted(CHILDREN)), is_open=st.booleans())
    def update_children(self, data: st.DataObject, kind: str, is_open: bool) -> None:
        name = self.known(data)
        children = {f"{name[-2:]}-{n}": (kind, is_open) for n in range(data.draw(st.integers(0, 2)))}
        self.written("update_children", name, self.changed(name, children=children), "children")

    @precondition(lambda self: self.reference.records)
    @rule(data=st.data(), is_stale=st.booleans())
    def update_under_etag(self, data: st.DataObject, is_stale: bool) -> None:
        name = self.known(data)
        etag = '"0"' if is_stale else f'"{self.line(name).version}"'
        wanted = self.changed(name, values=drawn_values(data, name))
        self.written("stale_record_etag" if is_stale else "update_under_etag", name, wanted, "values", etag)

    @rule(data=st.data(), who=st.sampled_from(["ann", "carla", "services/matcher"]))
    def write_by_somebody(self, data: st.DataObject, who: str) -> None:
        """People write the sources of their functions, others none (C-2)."""
        name = self.record_named(data)
        known = self.reference.records.get(name)
        own = {"ann": "crm", "carla": "desk"}.get(who) == name.partition("/")[0]
        expected = "OK" if own else "PERMISSION_DENIED"
        if own and known is not None and known.state == "ERASED":
            expected = "INVALID_ARGUMENT"
        wanted = Rec(KINDS[name], known.golden if known else "", drawn_values(data, name))
        request = pb.UpdateRecordRequest(
            record=message_of(name, wanted), update_mask=FieldMask(paths=["*"]), allow_missing=True
        )
        answer = self.step("write_by_somebody", "records.UpdateRecord", request, who, expected)
        if answer is not None:
            self.put(name, wanted, answer.golden_record.removeprefix("goldenRecords/"))

    @rule(data=st.data(), is_stale=st.booleans())
    def delete_record(self, data: st.DataObject, is_stale: bool) -> None:
        name = self.record_named(data)
        known = self.reference.records.get(name)
        expected = "NOT_FOUND" if known is None else "ABORTED" if is_stale else "OK"
        full = "sources/{}/records/{}".format(*name.split("/"))
        request = pb.DeleteRecordRequest(
            name=full, etag='"0"' if is_stale else "", request_id=self.request_id()
        )
        done = self.step(
            "delete_record", "records.DeleteRecord", request, IMPORTER, expected, frozenset([name])
        )
        if done is not None and known is not None and known.state == "ACTIVE":
            known.state = "DELETED"
            self.reference.replan([known.golden])

    @precondition(lambda self: len(self.reference.records) > 4)
    @rule(data=st.data(), reason=st.sampled_from(["asked for", "asked for", " "]))
    def erase_record(self, data: st.DataObject, reason: str) -> None:
        name = self.known(data)
        known = self.reference.records[name]
        full = "sources/{}/records/{}".format(*name.split("/"))
        expected = "OK" if reason.strip() else "INVALID_ARGUMENT"
        request = pb.EraseRecordRequest(name=full, reason=reason, request_id=self.request_id())
        done = self.step("erase_record", "records.EraseRecord", request, IMPORTER, expected)
        if done is not None and known.state != "ERASED":
            known.state, known.values, known.owner, known.facts, known.children = "ERASED", {}, "", {}, {}
            self.forget_answers(name)
            self.reference.replan([known.golden])

    def forget_answers(self, name: str) -> None:
        """An erasure takes the answers that show the person, and those that may speak of anybody (E-4)."""
        self.sent = [
            sent if not (name in sent.subjects or _speaks(sent.method)) else _erased(sent)
            for sent in self.sent
        ]

    @rule(data=st.data())
    def ingest_records(self, data: st.DataObject) -> None:
        """A stream of one batch; what was erased is rejected, and the rest is written."""
        names = data.draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4, unique=True))
        wanted = {name: Rec(KINDS[name], "", drawn_values(data, name)) for name in names}
        batch = pb.IngestRecordsRequest(
            request_id=self.request_id(),
            sequence=1,
            records=[message_of(name, rec) for name, rec in wanted.items()],
        )

        async def ingest() -> pb.IngestRecordsResponse:
            async def batches() -> AsyncIterator[pb.IngestRecordsRequest]:
                yield batch

            call = self.service.api.records.IngestRecords(batches(), metadata=by(IMPORTER))
            [answer] = [each async for each in call]
            return answer

        answer = self.service.run(ingest())
        self.count("ingest_records", "OK")
        records = self.reference.records
        erased = [n for n, name in enumerate(names) if name in records and records[name].state == "ERASED"]
        assert [rejected.index for rejected in answer.rejected] == erased
        self.look()
        touched = []
        for number, name in enumerate(names):
            if number not in erased:
                golden_id = self.line(name).golden_id
                wanted[name].golden = golden_id
                known = records.get(name)
                assert known is None or known.golden == golden_id, "a write never moves a record"
                if known is None or known.said() != wanted[name].said():
                    touched.append(golden_id)
                records[name] = wanted[name]
                self.reference.successor.setdefault(golden_id, "")
        self.reference.replan(touched)


def _speaks(method: str) -> bool:
    return method.endswith(("MergeProposal", "MergeProposals", "Merge", "Distinction"))


def _erased(sent: Any) -> Any:
    return replace(sent, erased=True)
