"""Update masks: which parts of a record a write replaces."""

from dataclasses import replace

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.fields import is_known_field
from dedup_service.domain.records import RecordDraft, RecordKey, RecordKind
from dedup_service.domain.visibility import Sight

MASKABLE = frozenset(
    {
        "values",
        "owner",
        "facts",
        "children",
        "account",
        "parent",
        "source_update_time",
        "kind",
        "person_account",
    }
)


def masked(present: RecordDraft, given: RecordDraft, mask: tuple[str, ...] | None) -> RecordDraft:
    """The present draft with the masked fields taken from the given one; no mask takes all of it."""
    if mask is None:
        return given
    draft = present
    for path in mask:
        head, _, field = path.partition(".")
        if head == "values" and is_known_field(field):
            values = dict(draft.values)
            values.pop(field, None)
            if field in given.values:
                values[field] = given.values[field]
            draft = replace(draft, values=values)
        elif head in MASKABLE and not field:
            draft = replace(draft, **{head: getattr(given, head)})
        else:
            allowed = ", ".join(sorted(MASKABLE))
            raise InvalidInput.at("update_mask", f"{path} cannot be masked; use {allowed} or values.FIELD")
    return draft


def with_unseen(present: RecordDraft, draft: RecordDraft, sight: Sight) -> RecordDraft:
    """The draft with what its writer could not see left as it is: they neither set nor blank it."""
    if sight.whole:
        return draft
    values = {name: text for name, text in draft.values.items() if not sight.masks(name)}
    values |= {name: text for name, text in present.values.items() if sight.masks(name)}
    return replace(
        draft,
        values=values,
        account=draft.account or _unseen(present.account, sight),
        parent=draft.parent or _unseen(present.parent, sight),
    )


def _unseen(account: RecordKey | None, sight: Sight) -> RecordKey | None:
    hidden = account is not None and not sight.may_read(account.source, RecordKind.ACCOUNT)
    return account if hidden else None
