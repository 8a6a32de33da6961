"""Rows of PostgreSQL as domain objects, and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from psycopg.types.json import set_json_dumps, set_json_loads

from dedup_service.domain.golden import Choice, GoldenRow, GoldenState
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
    assert number and source and source_record_id and kind and golden_id, "columns that are never null"
    return LiveRecord(
        record_no=int(number),
        key=RecordKey(source.decode(), source_record_id.decode()),
        kind=RecordKind(kind.decode()),
        golden_id=golden_id.decode(),
        lead=None if lead is None else _draft.decode(lead),
    )


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
