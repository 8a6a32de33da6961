"""Rows of PostgreSQL as domain objects, and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from psycopg.types.json import set_json_dumps, set_json_loads

import scoring
from dedup_service.domain.golden import Choice, GoldenRow, GoldenState
from dedup_service.domain.matching import comparable_of, way_of_preparing
from dedup_service.domain.policy_versions import PolicyOrigin, PolicyVersion
from dedup_service.domain.records import (
    LiveRecord,
    Record,
    RecordDraft,
    RecordKey,
    RecordKind,
    RecordState,
)
from dedup_service.domain.scoring_models import ModelEvaluation, ScoringModelState, StoredModel
from dedup_service.workflows.index_port import IndexEntry

T = TypeVar("T")
Row = Sequence[Any]
Parameters = Sequence[Any] | Mapping[str, Any]

_encoder = msgspec.json.Encoder(order="deterministic")
_draft = msgspec.json.Decoder(RecordDraft)
_choices = msgspec.json.Decoder(tuple[Choice, ...])


def encode(value: object) -> bytes:
    """Canonical JSON of a domain object: the same bytes on every run."""
    return _encoder.encode(value)


def encode_text(value: object) -> str:
    """The same, as text for a jsonb parameter."""
    return _encoder.encode(value).decode()


def decode(data: bytes, kind: type[T]) -> T:
    """The domain object of this JSON."""
    return msgspec.json.decode(data, type=kind)


def text_array(items: Sequence[str]) -> str:
    """A PostgreSQL array literal; arrays of unequal length cannot be sent as one array of arrays."""
    quoted = ('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items)
    return "{" + ",".join(quoted) + "}"


def keep_json_as_bytes() -> None:
    """Let psycopg hand jsonb over unparsed: msgspec reads it once, straight into the domain type."""
    set_json_loads(_bytes_of)
    set_json_dumps(encode)


def _bytes_of(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)


def record_of(row: Row) -> Record:
    """A record from (record_no, state, golden_id, version, revision, create_time, update_time, draft)."""
    number, state, golden_id, version, revision, create_time, update_time, draft = row
    return Record(
        draft=_draft.decode(draft),
        record_no=number,
        golden_id=golden_id,
        version=version,
        revision=revision,
        create_time=create_time,
        update_time=update_time,
        state=RecordState(state),
    )


def live_record_of(row: Sequence[bytes | None]) -> LiveRecord:
    """A record from the columns of the statement `live_records`, as PostgreSQL writes them in text."""
    number, source, source_record_id, kind, golden_id, lead = row
    return LiveRecord(
        record_no=int(number or b""),
        key=RecordKey(_text_of(source), _text_of(source_record_id)),
        kind=RecordKind(_text_of(kind)),
        golden_id=_text_of(golden_id),
        lead=None if lead is None else _draft.decode(lead),
    )


def _text_of(column: bytes | None) -> str:
    assert column is not None, "a column that is never null"
    return column.decode()


def index_entry_of(row: Row) -> IndexEntry:
    """An entry from (record_no, kind, packed comparable or None, draft or None)."""
    number, kind, comparable, draft = row
    if draft is not None:
        return IndexEntry(number, RecordKind(kind), comparable_of(_draft.decode(draft)))
    return IndexEntry(number, RecordKind(kind), scoring.unpack(comparable))


def stored_comparable(comparable: scoring.Comparable) -> bytes:
    """A comparable as the column of that name holds it: the way in which it was prepared, and itself."""
    return way_of_preparing() + scoring.pack(comparable)


def golden_row_of(row: Row) -> GoldenRow:
    """A golden row from the columns of the statement `golden_rows`."""
    golden_id, kind, state, version, revision, create_time, successor_id, merge_id, choices = row
    return GoldenRow(
        golden_id=golden_id,
        kind=RecordKind(kind),
        state=GoldenState(state),
        version=version,
        revision=revision,
        create_time=create_time,
        successor_id=successor_id or "",
        merge_id=merge_id,
        choices=_choices.decode(choices),
    )


def policy_version_of(row: Row) -> PolicyVersion:
    """A version of the policy from the columns of the statement `policy_version`."""
    number, version, text, origin, author, comment, create_time, revision = row
    return PolicyVersion(number, version, text, PolicyOrigin(origin), author, comment, create_time, revision)


def stored_model_of(row: Row) -> StoredModel:
    """A trained model from the columns of the statement `scoring_model`."""
    version, state, origin, evaluation, create_time, activate_time, revision, parameters = row
    return StoredModel(
        version=version,
        origin=origin,
        evaluation=decode(evaluation, ModelEvaluation),
        create_time=create_time,
        parameters=parameters,
        state=ScoringModelState(state),
        activate_time=activate_time,
        revision=revision,
    )


def cursor_of(values: Sequence[object]) -> tuple[str, ...]:
    """A list cursor as text, exact for times and numbers."""
    return tuple(v.isoformat() if isinstance(v, datetime) else str(v) for v in values)
