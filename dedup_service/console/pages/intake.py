"""Who is who, before anybody is inserted: a form that shows what intake would do while it is filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import grpc
from starlette.responses import Response

from dedup_service.client import ServiceError
from dedup_service.console.said import Said
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views import intake as views
from dedup_service.console.views.company_rules import CompanyRules, read_rules
from dedup_service.console.views.search_results import title_of_golden
from dedup_service.console.visit import Visit
from dedup_service.v1.golden_record_service_pb2 import BatchGetGoldenRecordsRequest
from dedup_service.v1.intake_service_pb2 import IntakeAction, RouteResponse
from dedup_service.v1.policy_service_pb2 import GetPolicyRequest

_MAX_VALUE = 4096
_SHOWN_ON_THE_FORM = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.ABORTED,
    }
)
_DONE = {
    IntakeAction.INTAKE_ACTION_INSERT: _("Created."),
    IntakeAction.INTAKE_ACTION_INSERT_WITH_PROPOSAL: _(
        "Created. It may be a duplicate, so a proposal waits."
    ),
    IntakeAction.INTAKE_ACTION_UPDATE: _(
        "Nobody new was created: this record was known, and got what it lacked."
    ),
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A form as it was filled in, with the company's rules about it."""

    rules: CompanyRules
    sources: list[views.SourceChoice]
    entry: views.Entry

    @property
    def source(self) -> views.SourceChoice | None:
        return next((each for each in self.sources if each.name == self.entry.source), None)


def show(visit: Visit) -> Response:
    """The form; what the address says of somebody stands in it, with the answer beside."""
    return _answered(visit, _asked(visit, dict(visit.query)))


def check(visit: Visit) -> Response:
    """What intake would do, as a part of the page or, without a script, the whole of it."""
    form = _form(visit)
    # A button beside a field puts the suggested value into it.
    field, _equals, value = visit.text("use", _MAX_VALUE).partition("=")
    if field and value:
        form[field] = value
    return _answered(visit, _asked(visit, form))


def create(visit: Visit) -> Response:
    """Do what intake says, and go to whom it is now about."""
    asked = _asked(visit, _form(visit))
    request = views.request_of(asked.entry, validate_only=False, request_id=visit.text("request_id", 36))
    try:
        answer = visit.desk.intake.Route(request)
    except ServiceError as error:
        return _refused(visit, asked, error)
    said = Said(visit.language(_DONE[answer.action]))
    if answer.merge_proposal:
        url = addresses.of(answer.merge_proposal)
        said = Said(said.text, action=visit.language("Look at the proposal"), url=url)
    return visit.redirect(addresses.of(answer.record.golden_record), said)


def _form(visit: Visit) -> dict[str, str]:
    return {name: visit.text(name, _MAX_VALUE) for name in visit.form}


def _asked(visit: Visit, form: Mapping[str, str]) -> _Asked:
    policy = visit.desk.policies.GetPolicy(GetPolicyRequest(name="policyVersions/current"))
    rules = read_rules(policy.text)
    sources = views.sources_for(visit.person, rules)
    return _Asked(rules, sources, views.entry_of(form, rules, sources, datetime.now(UTC)))


def _answered(visit: Visit, asked: _Asked) -> Response:
    if asked.entry.is_blank:
        return _page(visit, asked)
    try:
        answer = visit.desk.intake.Route(views.request_of(asked.entry, validate_only=True))
    except ServiceError as error:
        return _refused(visit, asked, error)
    findings = views.findings_of(answer.findings, asked.entry.kind)
    return _page(visit, asked, findings, answer=answer)


def _refused(visit: Visit, asked: _Asked, error: ServiceError) -> Response:
    if error.code not in _SHOWN_ON_THE_FORM:
        raise error
    findings = views.refusals_of(error.violations, asked.entry.kind)
    # A script puts the part where it belongs whatever its status; a whole page says that it failed.
    status = 200 if visit.is_partial else 400 if error.violations else 409
    return _page(visit, asked, findings, refusal=views.refusal_of(error, findings), status=status)


def _page(
    visit: Visit,
    asked: _Asked,
    findings: Mapping[str, tuple[views.Finding, ...]] | None = None,
    *,
    answer: RouteResponse | None = None,
    refusal: str = "",
    status: int = 200,
) -> Response:
    template = "parts/intake_answer.html.jinja" if visit.is_partial else "intake.html.jinja"
    source = asked.source
    return visit.render(
        template,
        status=status,
        entry=asked.entry,
        inputs=views.inputs_of(asked.entry, asked.rules, findings or {}),
        sources=asked.sources,
        source=source,
        writers=_writers(visit, source),
        answer=answer,
        names=_names_of(visit, answer),
        actions=views.ACTIONS,
        steps=views.STEPS,
        rungs=views.RUNGS,
        refusal=refusal,
        others=(findings or {}).get("", ()),
        request_id=str(uuid4()),
    )


def _writers(visit: Visit, source: views.SourceChoice | None) -> list[str]:
    """Who may write the source, where the visitor may not."""
    if source is None or source.is_own:
        return []
    return [each.display_name for each in visit.parts.people if source.function in each.functions]


def _names_of(visit: Visit, answer: RouteResponse | None) -> dict[str, str]:
    """The names of the people and companies that an answer is about, by golden record."""
    if answer is None:
        return {}
    about = [each.golden_record for each in answer.duplicates]
    about += [answer.account.golden_record, answer.record.golden_record]
    asked = sorted({name for name in about if name})
    if not asked:
        return {}
    found = visit.desk.golden_records.BatchGetGoldenRecords(BatchGetGoldenRecordsRequest(names=asked))
    return {name: title_of_golden(golden) for name, golden in zip(asked, found.golden_records, strict=True)}
