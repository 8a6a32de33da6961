"""The decision table of intake, read from `decision_table.yaml` and asked at a desk."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from dedup_service.domain.data_entry import NO_VOCABULARY, FieldRules, Vocabulary
from dedup_service.domain.facts import FACTS, FactType
from dedup_service.domain.intake.answers import IntakeAnswer, Result
from dedup_service.domain.records import Fact, Owner, RecordDraft, RecordKind
from dedup_service.workflows.delegating import DelegationDraft
from dedup_service.workflows.intake.conversions import ConversionRequest
from dedup_service.workflows.intake.items import Entry
from tests.merge_desk import Office, key, principal, request

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "decision_table.yaml").read_text("utf-8"))
_PARTS = {"kind", "facts", "owner", "account", "person_account"}


@dataclass(frozen=True, slots=True)
class Answered:
    """A row, what was answered to it, and in which way it was asked."""

    row: Mapping[str, Any]
    how: str
    result: Result


def facts_of(given: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Facts by name; a time is so many days ago."""
    now = datetime.now(UTC)
    found = []
    for name, value in given.items():
        if FACTS[name] is FactType.TIME:
            found.append(Fact(name, time=now - timedelta(days=value)))
        else:
            found.append(Fact(name, **{FACTS[name].value: value}))
    return tuple(found)


def draft_of(name: str, given: Mapping[str, Any], values: Mapping[str, str]) -> RecordDraft:
    """A draft of these parts and values."""
    owner = principal(given["owner"]) if "owner" in given else None
    return RecordDraft(
        key=key(name),
        kind=RecordKind(given.get("kind", "LEAD")),
        values=dict(values),
        person_account=given.get("person_account", False),
        owner=Owner(owner.name, min(owner.functions)) if owner is not None else None,
        facts=facts_of(given.get("facts", {})),
        account=key(given["account"]) if "account" in given else None,
    )


def world() -> list[RecordDraft]:
    """The records that are there before anybody asks."""
    return [
        draft_of(name, given, {field: value for field, value in given.items() if field not in _PARTS})
        for name, given in TABLE["world"].items()
    ]


def entry_of(row: Mapping[str, Any], place: int) -> Entry:
    """What a row hands in."""
    kind = RecordKind(row["kind"]) if "kind" in row else None
    draft = draft_of(row.get("name", f"shop/row{place}"), row, row["given"])
    return Entry(draft, kind, row.get("must_transact", False))


@contextmanager
def rules_of(office: Office, row: Mapping[str, Any]) -> Iterator[None]:
    """The policy and the vocabulary as the row wants them, for as long as the context lasts."""
    desk = office.desk
    policy = desk.rules.policy
    data_entry = policy.data_entry
    fields = {
        f"custom.{name}": FieldRules(
            allowed_values=tuple(rules.get("allowed_values", ())),
            pattern=rules.get("pattern", ""),
            pattern_means=rules.get("pattern_means", ""),
        )
        for name, rules in row.get("policy_field", {}).items()
    }
    given: dict[str, Any] = {
        part: frozenset(value) if isinstance(value, list) else value
        for part, value in row.get("policy", {}).items()
    }
    if "current_account_kind" in given:
        given["current_account_kind"] = RecordKind(given["current_account_kind"])
    desk.rules.policy = replace(
        policy,
        intake=replace(policy.intake, **given),
        data_entry=replace(
            data_entry,
            fields={**data_entry.fields, **fields},
            errors_stop=frozenset(row.get("policy_stops", ())),
        ),
    )
    desk.vocabulary.current = Vocabulary.of(row["vocabulary"]) if "vocabulary" in row else NO_VOCABULARY
    try:
        yield
    finally:
        desk.rules.policy = policy
        desk.vocabulary.current = NO_VOCABULARY


async def stand_in(office: Office, away: Mapping[str, str]) -> None:
    """Let these people be away, with others in their place."""
    for delegator, delegate in away.items():
        end = datetime.now(UTC) + timedelta(hours=1)
        draft = DelegationDraft(delegate, (), None, end, "away")
        await office.desk.delegating.create(
            request("CreateDelegation", delegator), draft, principal(delegator)
        )


async def asked(office: Office) -> list[Answered]:
    """Every row, first as a preview, then for good."""
    found = []
    for place, row in enumerate(TABLE["intakes"]):
        who = principal(row.get("by", "services/importer"))
        for how, preview in (("preview", True), ("route", False)):
            with rules_of(office, row):
                await stand_in(office, row.get("away", {}))
                routed = await office.desk.routing.route(
                    request("Route", who.name), [entry_of(row, place)], who, preview
                )
            found.append(Answered(row, how, routed.results[0]))
    return found


def differences(answered: Answered) -> list[str]:
    """In what an answer is not as its row expects, in words; none when it is."""
    expected = dict(answered.row["expect"])
    answer = answered.result.answer
    said = {"refused": answered.result.violations[0].field} if answer is None else told(answer)
    return [
        f"{answered.row['rule']} {answered.how} {answered.row.get('what') or answered.row['given']}: "
        f"{name} is {said.get(name)!r}, not {value!r}"
        for name, value in expected.items()
        if not _fits(name, said.get(name), value)
    ]


def _fits(name: str, said: Any, expected: Any) -> bool:
    if name in {"finds", "suggests", "kept", "took", "warning"}:
        wanted = expected if isinstance(expected, list) else [expected]
        return all(any(part in each for each in said or ()) for part in wanted)
    return bool(said == expected)


def told(answer: IntakeAnswer) -> dict[str, Any]:
    """An answer in the words of the table."""
    account, assigned, scored = answer.account, answer.assigned, answer.lead_score
    return {
        "action": answer.action.value,
        "step": answer.step.value,
        "kind": answer.record.kind.value,
        "person_account": answer.record.draft.person_account,
        "record": _short(answer.record.key),
        "account": _short(account.record) if account is not None and account.recognised else "",
        "account_seen": _short(account.record) if account is not None else "",
        "confidence": round(account.confidence, 4) if account is not None else 0.0,
        "duplicate": _short(answer.duplicates[0].record) if answer.duplicates else "",
        "warning": [each.dead_reason for each in answer.duplicates],
        "to": assigned.principal,
        "team": assigned.team,
        "queue": assigned.queue,
        "partner": assigned.partner,
        "rung": assigned.rung,
        "territory": assigned.rule,
        "class": answer.lead_class.value if answer.lead_class is not None else "",
        "grade": scored.grade if scored is not None else "",
        "interest": scored.interest_score if scored is not None else 0,
        "finds": [finding.rule.value for finding in answer.findings],
        "suggests": [finding.suggested_value for finding in answer.findings],
        "kept": [folded.field for folded in answer.folded if not folded.taken],
        "took": [folded.field for folded in answer.folded if folded.taken],
    }


def _short(of: Any) -> str:
    return f"{of.source}/{of.source_record_id}"


async def converted(office: Office, place: int, row: Mapping[str, Any]) -> list[str]:
    """Make the lead of a row, convert it, and say in what the answer is not as expected."""
    name = row.get("name", f"crm/conversion{place}")
    await office.put(draft_of(name, {}, row["lead"]))
    who = principal("services/importer")
    asked_for = ConversionRequest(key(name), person_account=row.get("person_account", False))
    done = await office.desk.converting.convert(request("ConvertLead", who.name), asked_for, who)
    said = {
        "action": done.action.value,
        "account": _short(done.account.key) if done.account is not None else "",
        "new_account": done.new_account,
        "target": _short(done.target.key),
    }
    return [
        f"{row['what']}: {part} is {said[part]!r}, not {value!r}"
        for part, value in row["expect"].items()
        if said[part] != value
    ]
