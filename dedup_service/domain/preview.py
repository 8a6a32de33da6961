"""What a merge would touch and what it leaves alone, to be shown before anybody votes.

It holds names, counts and amounts; of persons only the names of those who own what is touched.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.impact import amounts_of, count_of, owners_of
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principals
from dedup_service.domain.records import Amount, Child, ChildKind, Record
from dedup_service.domain.stakes import stakes


@dataclass(frozen=True, slots=True)
class MovingChildren:
    """The child references of one kind and owner that would move; `amounts` has one sum a currency."""

    kind: ChildKind
    owner: str
    count: int
    open_count: int
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class RedirectingId:
    """An id that would redirect to the survivor, and the sources whose records go by it today."""

    from_golden_id: str
    systems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImpactPreview:
    """What moves, what redirects, whom it concerns, and in `not_moving` what stays, in sentences.

    Functions, owners, open pipeline and open invoices are those of all members, the survivor's too.
    """

    moving_children: tuple[MovingChildren, ...]
    redirects: tuple[RedirectingId, ...]
    functions: tuple[str, ...]
    owners: tuple[str, ...]
    open_pipeline: tuple[Amount, ...]
    open_invoice_count: int
    not_moving: tuple[str, ...]


NOTHING_TOUCHED = ImpactPreview((), (), (), (), (), 0, ())


def impact_preview(
    goldens: Sequence[GoldenRecord],
    survivor_id: str,
    policy: Policy,
    now: datetime,
    principals: Principals | None = None,
) -> ImpactPreview:
    """What merging these golden records into the survivor would touch, as they are now."""
    survivor = next(golden for golden in goldens if golden.golden_id == survivor_id)
    others = sorted(
        (golden for golden in goldens if golden.golden_id != survivor_id), key=lambda g: g.golden_id
    )
    records = [record for golden in goldens for record in golden.active_members]
    return ImpactPreview(
        moving_children=_by_kind_and_owner(each.child for golden in others for each in golden.children),
        redirects=tuple(
            RedirectingId(golden.golden_id, _sources(golden.active_members)) for golden in others
        ),
        functions=tuple(sorted({stake.function for stake in stakes(goldens, policy, now, principals)})),
        owners=tuple(sorted(owners_of(records))),
        open_pipeline=_by_currency(amounts_of(records, "open_pipeline")),
        open_invoice_count=count_of(records, "open_invoices"),
        not_moving=tuple(_not_moving(survivor, records, policy)),
    )


def _sources(records: Iterable[Record]) -> tuple[str, ...]:
    return tuple(sorted({record.key.source for record in records}))


def _by_kind_and_owner(children: Iterable[Child]) -> tuple[MovingChildren, ...]:
    groups: defaultdict[tuple[ChildKind, str], list[Child]] = defaultdict(list)
    for child in children:
        groups[child.kind, child.owner].append(child)
    return tuple(
        MovingChildren(
            kind=kind,
            owner=owner,
            count=len(group),
            open_count=sum(child.open for child in group),
            amounts=_by_currency(child.amount for child in group),
        )
        for (kind, owner), group in sorted(groups.items())
    )


def _by_currency(amounts: Iterable[Amount | None]) -> tuple[Amount, ...]:
    """The sum in each currency; currencies are never added up, and one that sums to nothing is left out."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for amount in amounts:
        if amount is not None:
            sums[amount.currency] += amount.units
    return tuple(Amount(currency, units) for currency, units in sorted(sums.items()) if units)


def _not_moving(survivor: GoldenRecord, records: Sequence[Record], policy: Policy) -> Iterable[str]:
    yield f"The records stay unchanged in their sources: {', '.join(_sources(records))}."
    own_count = len(survivor.children)
    if own_count:
        stay = "child reference stays" if own_count == 1 else "child references stay"
        yield f"{own_count} {stay} below {survivor.name}."
    if any(record.draft.owner is not None for record in records):
        yield "Each record keeps its owner in its source."
    ledgers = _sources(
        record
        for record in records
        if policy.source(record.key.source).customer_master
        and record.draft.values.get("customer_number", "").strip()
    )
    if ledgers:
        yield f"Each customer number stays on its record of {', '.join(ledgers)}."
    yield "Not-a-match links of the members stay in force."
