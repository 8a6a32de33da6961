"""Steps of readers, of finance, of people who go away, of intake, and of the operator."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import scoring
from dedup_service.company_files import policy_text
from dedup_service.domain.matching import entity_of
from dedup_service.domain.records import RecordKind
from dedup_service.v1 import (
    audit_service_pb2,
    change_service_pb2,
    delegation_service_pb2,
    golden_record_service_pb2,
    intake_service_pb2,
    match_service_pb2,
    policy_service_pb2,
    record_service_pb2,
)
from dedup_service.workflows.replan import Replanning
from tests.trust.model.machine import IMPORTER, KINDS, PEOPLE, Machine
from tests.trust.model.record_steps import drawn_values, message_of
from tests.trust.model.reference import Rec

SHIPPED = policy_text(None)


class OtherSteps(Machine):
    """Everything that neither writes records nor decides."""

    @precondition(lambda self: self.reference.records)
    @rule(data=st.data())
    def match_record(self, data: st.DataObject) -> None:
        """The candidates of a record are those of brute force: whoever shares a key and lives elsewhere."""
        name = self.known(data)
        rec = self.reference.records[name]
        request = match_service_pb2.MatchRequest(
            record="sources/{}/records/{}".format(*name.split("/")), min_probability=0.0, page_size=100
        )
        expected = "OK" if rec.state == "ACTIVE" else "NOT_FOUND"
        answer = self.step("match_record", "matches.Match", request, "ann", expected)
        if answer is not None:
            assert answer.complete, answer.incomplete_reasons
            found = {
                match.record.removeprefix("sources/").replace("/records/", "/") for match in answer.matches
            }
            expected_names = self.brute_force(name)
            assert found == expected_names, (name, found, expected_names)

    def brute_force(self, name: str) -> set[str]:
        """All records elsewhere that share a blocking key with this one, by the values of the reference."""
        own = self.keys(name)
        golden = self.reference.records[name].golden
        return {
            other
            for other, rec in self.reference.records.items()
            if rec.state == "ACTIVE" and rec.golden != golden and self.keys(other) & own
        }

    def keys(self, name: str) -> frozenset[str]:
        rec = self.reference.records[name]
        kind = RecordKind(rec.kind)
        return frozenset(scoring.blocking_keys(scoring.prepare(rec.values, entity_of(kind, rec.values))))

    @precondition(lambda self: self.reference.successor)
    @rule(data=st.data())
    def read_golden(self, data: st.DataObject) -> None:
        """Any id that was ever issued leads to where it lives on, or says that it was erased (B-2)."""
        golden_id = data.draw(st.sampled_from(list(self.reference.successor)))
        request = golden_record_service_pb2.GetGoldenRecordRequest(name=f"goldenRecords/{golden_id}")
        answer = self.step("read_golden", "golden_records.GetGoldenRecord", request, "ann", "OK")
        end = self.reference.end(golden_id)
        assert answer.name == f"goldenRecords/{end}"
        active = [n for n in self.reference.members(end) if self.reference.records[n].state == "ACTIVE"]
        full = {"sources/{}/records/{}".format(*n.split("/")) for n in active}
        assert full <= set(answer.members)

    @rule(data=st.data())
    def lookup(self, data: st.DataObject) -> None:
        name = self.record_named(data)
        expected = "OK" if name in self.reference.records else "NOT_FOUND"
        request = golden_record_service_pb2.LookupGoldenRecordRequest(
            record="sources/{}/records/{}".format(*name.split("/"))
        )
        answer = self.step("lookup", "golden_records.LookupGoldenRecord", request, "ann", expected)
        if answer is not None:
            [golden] = answer.golden_records
            assert golden.name == f"goldenRecords/{self.reference.records[name].golden}"

    @rule(who=st.sampled_from(["fiona", "ann"]), quorum=st.integers(1, 2), is_stale=st.booleans())
    def update_policy(self, who: str, quorum: int, is_stale: bool) -> None:
        """Finance changes how many must approve; every open proposal is planned anew."""
        version = f"model-{len(self.stored.of('policy_versions')) + 1}"
        text = SHIPPED.replace(f"version: {_version_of(SHIPPED)}", f"version: {version}", 1)
        # The first quorum is that of LOW impact.
        text = text.replace("quorum: 1", f"quorum: {quorum}", 1)
        expected = "PERMISSION_DENIED" if who == "ann" else "ABORTED" if is_stale else "OK"
        request = policy_service_pb2.UpdatePolicyRequest(
            policy=policy_service_pb2.Policy(
                text=text,
                comment="as agreed",
                etag=self.policy_etag(is_stale=is_stale),
            )
        )
        if self.step("update_policy", "policies.UpdatePolicy", request, who, expected) is not None:
            self.reference.policy_version = version
            desk = self.service.api.office.desk
            self.service.run(Replanning(desk.assessment).adopt_policy(desk.store))

    def policy_etag(self, *, is_stale: bool) -> str:
        versions = self.stored.of("policy_versions")
        return "other" if is_stale else versions[max(versions)].version

    @rule(who=st.sampled_from(PEOPLE), delegate=st.sampled_from(PEOPLE))
    def delegate(self, who: str, delegate: str) -> None:
        end_time = Timestamp()
        end_time.FromDatetime(datetime.now(UTC) + timedelta(days=1))
        request = delegation_service_pb2.CreateDelegationRequest(
            delegation=delegation_service_pb2.Delegation(delegate=f"users/{delegate}", end_time=end_time)
        )
        expected = "INVALID_ARGUMENT" if who == delegate else "OK"
        self.step("delegate", "delegations.CreateDelegation", request, who, expected)

    @precondition(lambda self: self.stored.of("delegations"))
    @rule(data=st.data(), who=st.sampled_from(PEOPLE), is_stale=st.booleans())
    def end_delegation(self, data: st.DataObject, who: str, is_stale: bool) -> None:
        own = data.draw(st.sampled_from(list(self.stored.of("delegations"))))
        line = self.stored.of("delegations")[own]
        has_ended = datetime.fromisoformat(line.body["end_time"]) <= datetime.now(UTC)
        expected = "OK" if has_ended or not is_stale else "ABORTED"
        if f"users/{who}" not in (line.body["delegator"], line.body["delegate"]):
            expected = "PERMISSION_DENIED"
        request = delegation_service_pb2.EndDelegationRequest(
            name=f"delegations/{own}", etag='"0"' if is_stale else f'"{line.revision}"'
        )
        self.step("end_delegation", "delegations.EndDelegation", request, who, expected)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def repeat_request(self, data: st.DataObject) -> None:
        """The same request gets the same answer and happens once (A-3)."""
        sent = data.draw(st.sampled_from(self.sent))
        head = self.stored.head.revision
        expected = "FAILED_PRECONDITION" if sent.erased else "OK"
        answer = self.step("repeat_request", sent.method, sent.message, sent.who, expected)
        if answer is not None:
            self.sent.pop()
            for part in {"name", "etag"} & set(answer.DESCRIPTOR.fields_by_name):
                assert getattr(answer, part) == getattr(sent.answer, part)
        self.look()
        assert self.stored.head.revision == head, "a repetition wrote something"

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def reuse_request_id(self, data: st.DataObject) -> None:
        """The same id for something else is refused (A-3)."""
        sent = data.draw(st.sampled_from(self.sent))
        other = record_service_pb2.DeleteRecordRequest(
            name="sources/crm/records/other", request_id=sent.message.request_id
        )
        if sent.who == IMPORTER:
            # What an erased request held is not known any more: that it happened is all there is to say.
            is_erased = sent.erased and sent.method == "records.DeleteRecord"
            expected = "FAILED_PRECONDITION" if is_erased else "ALREADY_EXISTS"
            self.step("reuse_request_id", "records.DeleteRecord", other, IMPORTER, expected)

    @rule(at_once=st.integers(0, 9))
    def restart(self, at_once: int) -> None:
        """The service is stopped and started again, now and then; all is there."""
        if at_once == 0:
            self.service.restart()
            self.count("restart", "OK")

    @rule(page_size=st.integers(1, 50))
    def follow(self, page_size: int) -> None:
        """A reader who takes page by page ends equal to the store (E-2)."""
        images: dict[str, Any] = {}
        request = change_service_pb2.ListChangesRequest(page_size=page_size)
        answer = self.step("follow", "changes.ListChanges", request, "services/follower", "OK")
        changes = list(answer.changes)
        while answer.next_page_token:
            request.page_token = answer.next_page_token
            answer = self.service.call(
                self.service.api.changes.ListChanges, request, "services/follower"
            ).answer
            changes += answer.changes
        assert len(changes) == len(self.stored.changes)
        images |= {image.name: image for change in changes for image in change.after}
        for golden_id in self.reference.successor:
            image = images[f"goldenRecords/{golden_id}"]
            live = self.reference.state(golden_id) == "LIVE"
            active = [
                n for n in self.reference.members(golden_id) if self.reference.records[n].state == "ACTIVE"
            ]
            full = sorted("sources/{}/records/{}".format(*n.split("/")) for n in active)
            assert sorted(image.members) == (full if live else [])
            successor = self.reference.successor[golden_id]
            assert image.successor == (f"goldenRecords/{successor}" if successor else "")

    @rule()
    def verify_audit(self) -> None:
        request = audit_service_pb2.VerifyAuditRequest()
        answer = self.step("verify_audit", "audit.VerifyAudit", request, "fiona", "OK")
        assert answer.holds
        assert answer.entry_count == self.stored.head.revision

    @rule(data=st.data(), is_known=st.booleans())
    def route(self, data: st.DataObject, is_known: bool) -> None:
        """Somebody nobody is like is inserted; what is known is updated, as the answer says."""
        number = len(self.reference.records)
        name = data.draw(st.sampled_from(sorted(KINDS))) if is_known else f"crm/r{number}"
        values = {"email": f"{uuid.UUID(int=number).hex[-8:]}@new.example", "family_name": f"Newton{number}"}
        kind = "LEAD"
        if is_known:
            kind, values = KINDS[name], drawn_values(data, name)
        known = self.reference.records.get(name)
        request = intake_service_pb2.RouteRequest(record=message_of(name, Rec(kind, "", values)))
        if known is not None and known.state == "ERASED":
            self.step("route", "intake.Route", request, IMPORTER, "INVALID_ARGUMENT")
            return
        answer = self.step("route", "intake.Route", request, IMPORTER, "OK")
        if not is_known and "@new" in values["email"]:
            assert answer.action == intake_service_pb2.INTAKE_ACTION_INSERT
        self.look()
        self.only_more()

    @rule(is_stale=st.booleans())
    def convert_lead(self, is_stale: bool) -> None:
        """A lead that nobody is like becomes a contact of an account of its own, and not twice."""
        number = len(self.reference.records)
        name = f"crm/v{number}"
        values = {
            "email": f"v{number}@v{number}.example",
            "family_name": f"Vendler{number}",
            "given_name": "Vera",
            "company_name": f"Vendler Works {number}",
        }
        routing = intake_service_pb2.RouteRequest(record=message_of(name, Rec("LEAD", "", values)))
        self.step("route_new_lead", "intake.Route", routing, IMPORTER, "OK")
        self.look()
        request = intake_service_pb2.ConvertLeadRequest(
            name="sources/{}/records/{}".format(*name.split("/")), etag='"0"' if is_stale else ""
        )
        self.step("convert_lead", "intake.ConvertLead", request, IMPORTER, "ABORTED" if is_stale else "OK")
        self.look()
        if not is_stale:
            self.step("convert_twice", "intake.ConvertLead", request, IMPORTER, "FAILED_PRECONDITION")
        self.look()
        self.only_more()

    def only_more(self) -> None:
        """Take up what intake did: records that were there are where they were, and as active."""
        before = {name: (rec.golden, rec.state, rec.kind) for name, rec in self.reference.records.items()}
        self.reference.take_up(self.stored)
        for name, (golden, state, kind) in before.items():
            now = self.reference.records[name]
            assert (now.golden, now.kind) == (golden, kind), f"intake moved {name}"
            assert now.state == state or (state, now.state) == ("DELETED", "ACTIVE"), f"intake changed {name}"


def _version_of(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("version:")).split()[1]
