"""Short ways to hand people and companies in."""

from dataclasses import replace
from typing import Any

from dedup_service.domain.intake.answers import IntakeAnswer, Routed
from dedup_service.domain.records import Fact, RecordDraft, RecordKind
from dedup_service.workflows.intake.items import Entry
from tests.merge_desk import Office, key, principal, request


def entry(name: str, *facts: Fact, **more: Any) -> Entry:
    """Somebody of ``source/id`` to hand in; `kind` only where the source says it, the rest are values."""
    kind, must_transact = more.pop("kind", None), more.pop("must_transact", False)
    parts = {part: more.pop(part) for part in ("owner", "account", "person_account") if part in more}
    draft = RecordDraft(key(name), kind or RecordKind.LEAD, more, facts=facts)
    return Entry(replace(draft, **parts), kind, must_transact)


async def routed(office: Office, *entries: Entry, by: str = "services/importer", **how: Any) -> Routed:
    """The results of one batch."""
    return await office.desk.routing.route(request("Route", by), entries, principal(by), **how)


async def route(office: Office, one: Entry, by: str = "services/importer", **how: Any) -> IntakeAnswer:
    """The answer for one of them."""
    [result] = (await routed(office, one, by=by, **how)).results
    assert result.answer is not None, result.violations
    return result.answer
