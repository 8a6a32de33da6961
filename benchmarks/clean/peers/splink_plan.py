"""What Splink is told of these files: how to clean, compare and block them, and what trains the model.

Comparisons and training are those of benchmarks/accuracy, taken from its examples. The blocking rules are
fixed and strict, as somebody would choose them who has run its analysis of blocking rules on these files. The
looser rules of benchmarks/accuracy take it three times as long at a million, and 8 GB.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import block_on

_PLAIN = r"nullif(trim(regexp_replace(lower(strip_accents({0})), '\s+', ' ', 'g')), '')"
_NUMBER = r"nullif(right(regexp_replace({0}, '\D', '', 'g'), 9), '')"
_IDENTIFIER = r"nullif(regexp_replace(lower({0}), '\W', '', 'g'), '')"
_HOST = r"nullif(split_part(regexp_replace(lower({0}), '^(https?://)?(www\.)?', ''), '/', 1), '')"
_BARE = r"regexp_replace(lower(strip_accents({0})), '[.'']', '', 'g')"
_WORDS = rf"nullif(trim(regexp_replace(regexp_replace({_BARE}, '[^\w\s]', ' ', 'g'), '\s+', ' ', 'g')), '')"
_CLEANERS = {
    "phone": _NUMBER,
    "mobile_phone": _NUMBER,
    "website": _HOST,
    "company_name": _WORDS,
    "street": _WORDS,
    "tax_id": _IDENTIFIER,
    "registration_number": _IDENTIFIER,
}
_APART = """
    update cleaned set
        given_name = case when contains(full_name, ',') then trim(split_part(full_name, ',', 2))
            else split_part(full_name, ' ', 1) end,
        family_name = case when contains(full_name, ',') then trim(split_part(full_name, ',', 1))
            else split_part(full_name, ' ', -1) end
    where given_name is null and family_name is null and full_name is not null;
    create table prepared as select *, given_name || ' ' || family_name as whole_name from cleaned;
"""
_RAREST_TOKENS = r"""
    create table tokens as
    select record_id, unnest(regexp_split_to_array(company_name, '\s+')) as token from cleaned;
    create table frequencies as
    select token, count(*)::double / (select count(*) from tokens) as rel_freq from tokens group by token;
    create table rare as
    select record_id, array_agg(token order by rel_freq, token)[:2] as rarest_tokens
    from tokens join frequencies using (token) where rel_freq < 0.01 group by record_id;
    create table prepared as select cleaned.*, rarest_tokens from cleaned left join rare using (record_id);
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings for one file; `columns` says how its own are derived once they are clean."""

    columns: str
    comparisons: list[Any]
    blocking: list[Any]
    certain: list[Any]
    training: list[Any]


def prepared(connection: duckdb.DuckDBPyConnection, path: Path, plan: Plan) -> duckdb.DuckDBPyRelation:
    """The file as a clean table; `record_id` is the place in it, from 0."""
    source = f"read_csv('{path}', all_varchar = true)"
    names = connection.sql(f"from {source}").columns
    cleaned = [
        f"{_CLEANERS.get(name, _PLAIN).format(name)} as {name}" for name in names if name != "record_id"
    ]
    number = "cast(substr(record_id, 2) as bigint) - 1 as record_id"
    connection.execute(f"create table cleaned as select {', '.join([number, *cleaned])} from {source}")
    connection.execute(plan.columns)
    return connection.table("prepared")


def people() -> Plan:
    """The name is one comparison; each other field that a person seldom shares is one too."""
    return Plan(
        _APART,
        [
            cl.ForenameSurnameComparison(
                "given_name", "family_name", forename_surname_concat_col_name="whole_name"
            ),
            cl.DateOfBirthComparison("birth_date", input_is_string=True, invalid_dates_as_null=True),
            cl.EmailComparison("email"),
            *(_slips(field) for field in ("phone", "mobile_phone", "postal_code")),
        ],
        [
            block_on("email"),
            block_on("phone"),
            block_on("mobile_phone"),
            block_on("street"),
            block_on("given_name", "family_name"),
            block_on("given_name", "birth_date"),
            block_on("family_name", "birth_date"),
            block_on("given_name", "postal_code"),
            block_on("family_name", "postal_code"),
            block_on("substr(given_name,1,1)", "family_name", "city"),
            block_on("given_name", "company_name"),
            block_on("family_name", "company_name"),
            "l.given_name = r.family_name and l.family_name = r.given_name",
        ],
        [
            block_on("email"),
            block_on("given_name", "family_name", "birth_date"),
            block_on("given_name", "family_name", "phone"),
        ],
        [block_on("given_name", "family_name"), block_on("email")],
    )


def companies() -> Plan:
    """Blocked on the rarest tokens of the name too; m stays as it comes, since training makes it worse."""
    return Plan(
        _RAREST_TOKENS,
        [
            cl.NameComparison("company_name"),
            _slips("tax_id"),
            _slips("registration_number"),
            _alike("website", [0.92, 0.88]),
            _slips("phone"),
            cl.EmailComparison("email"),
            _slips("postal_code"),
            _alike("street", [0.95, 0.88]),
        ],
        [
            *(block_on(field) for field in ("tax_id", "registration_number", "website", "phone", "email")),
            block_on("postal_code"),
            block_on("street"),
            block_on("company_name"),
            block_on("rarest_tokens", "substr(postal_code,1,3)"),
            block_on("rarest_tokens[1]", "city"),
        ],
        [
            block_on("tax_id"),
            block_on("registration_number"),
            block_on("company_name", "postal_code"),
            block_on("company_name", "phone"),
        ],
        [],
    )


def _slips(field: str) -> Any:
    return cl.DamerauLevenshteinAtThresholds(field, [1, 2]).configure(term_frequency_adjustments=True)


def _alike(field: str, thresholds: list[float]) -> Any:
    return cl.JaroWinklerAtThresholds(field, thresholds).configure(term_frequency_adjustments=True)
