"""What Splink compares and blocks on: one plan for people and one for companies, of the fields a set has.

Taken from its examples. People: febrl3, febrl4, deduplicate_50k_synthetic and pairwise_labels (fake_1000).
Companies: business_rates_match; its comparison of names by shared tokens did worse here than NameComparison.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import block_on

from benchmarks.accuracy.peers.exchange import Task

# "Many strict rules are better than few loose ones": a rule that makes more pairs than this a record is left
# out, as the analysis of blocking rules in the tutorial is for. Names of people repeat more than companies'.
MOST_PAIRS_OF_PEOPLE = 5.0
MOST_PAIRS_OF_COMPANIES = 60.0
# "Expectation maximisation requires usually at least a few hundred pairs", as its own error message says.
LEAST_TRAINING_PAIRS = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of one set, and what its training starts from."""

    comparisons: list[Any]
    blocking: list[Any]
    deterministic: list[Any]
    training: list[Any]
    recall: float


def prepared(connection: duckdb.DuckDBPyConnection, task: Task) -> duckdb.DuckDBPyRelation:
    """The records as a table, with what the examples derive from their columns."""
    connection.register("given", task.records)
    derived = ["-1 - record_id as pair_id"]
    if task.has("given_name", "family_name"):
        derived.append("given_name || ' ' || family_name as whole_name")
    connection.execute(f"create table prepared as select *, {', '.join(derived)} from given")
    if task.has("company_name") and task.entity == "COMPANY":
        _add_tokens(connection)
    return connection.table("prepared")


def people(task: Task, connection: duckdb.DuckDBPyConnection) -> Plan:
    """People: the name as one comparison with term frequencies, then whatever else there is."""
    name = ("given_name", "family_name") if task.has("given_name", "family_name") else ("full_name",)
    # The other places are left out where there is a postal code, with which they go together (febrl4), and
    # what a household or an employer shares where a person has a telephone or an e-mail.
    place = () if task.has("postal_code") else (("city", _exact),)
    reached = task.has("email") or task.has("phone")
    shared = () if reached else (("street", _number_and_street), ("company_name", _alike))
    comparisons = [_person_name(name)]
    comparisons += [make(field) for field, make in (*_PEOPLE, *shared, *place) if task.has(field)]
    if task.has("birth_place", "job_title") and not reached:
        blocking = _usable(connection, _HISTORICAL_RULES, most_pairs=MOST_PAIRS_OF_COMPANIES)
    else:
        blocking = _usable(connection, _PEOPLE_RULES + _HISTORICAL_RULES)
    if len(name) == 2:
        blocking.append("l.given_name = r.family_name and l.family_name = r.given_name")
    certain = [("tax_id",), ("national_id",), ("email",), (*name, "birth_date"), (*name, "phone")]
    trained = [name, ("birth_date",), ("postal_code",), ("email",), ("phone",)]
    training = _usable(connection, trained, LEAST_TRAINING_PAIRS, MOST_PAIRS_OF_COMPANIES)[:3]
    return Plan(
        comparisons,
        blocking,
        _usable(connection, certain, least_pairs=1) or _usable(connection, [name], least_pairs=1),
        training if len(comparisons) > 1 else [],
        recall=0.7,
    )


def companies(task: Task, connection: duckdb.DuckDBPyConnection) -> Plan:
    """Companies: blocked on the rarest tokens of the name as in business_rates_match, whose m stay at their
    defaults too: training them made every set of companies worse at the best threshold but one.
    """
    comparisons = [
        cl.NameComparison("company_name"),
        *(make(field) for field, make in _COMPANIES if task.has(field)),
    ]
    blocking = _usable(connection, _COMPANY_RULES, most_pairs=MOST_PAIRS_OF_COMPANIES)
    blocking += [
        "l.rarest_tokens[1] = r.rarest_tokens[2] and substr(l.company_name,1,3) = substr(r.company_name,1,3)",
        "l.rarest_tokens[2] = r.rarest_tokens[1] and substr(l.company_name,1,3) = substr(r.company_name,1,3)",
    ]
    certain = [
        ("tax_id",),
        ("registration_number",),
        ("company_name", "postal_code"),
        ("company_name", "phone"),
        ("company_name",),
    ]
    return Plan(comparisons, blocking, _usable(connection, certain, least_pairs=1), [], recall=0.7)


def _person_name(fields: tuple[str, ...]) -> Any:
    if len(fields) == 1:
        return cl.NameComparison(fields[0])
    return cl.ForenameSurnameComparison(*fields, forename_surname_concat_col_name="whole_name")


def _exact(field: str) -> Any:
    return cl.ExactMatch(field).configure(term_frequency_adjustments=True)


def _slips(field: str) -> Any:
    return cl.DamerauLevenshteinAtThresholds(field, [1, 2]).configure(term_frequency_adjustments=True)


def _birth_date(field: str) -> Any:
    return cl.DateOfBirthComparison(field, input_is_string=True, invalid_dates_as_null=True)


def _alike(field: str) -> Any:
    return cl.JaroWinklerAtThresholds(field, [0.92, 0.88]).configure(term_frequency_adjustments=True)


def _number_and_street(field: str) -> Any:
    return cl.JaroWinklerAtThresholds(field, [0.95, 0.88]).configure(term_frequency_adjustments=True)


_PEOPLE = (
    ("birth_date", _birth_date),
    ("email", cl.EmailComparison),
    ("phone", _slips),
    ("mobile_phone", _slips),
    ("tax_id", _slips),
    ("national_id", _slips),
    ("postal_code", _slips),
    ("birth_place", _exact),
    ("job_title", _exact),
    ("maiden_name", _alike),
)
_COMPANIES = (
    ("tax_id", _slips),
    ("registration_number", _slips),
    ("website", _alike),
    ("phone", _slips),
    ("email", cl.EmailComparison),
    ("postal_code", _slips),
    ("street", _number_and_street),
    ("industry", _exact),
)
_HISTORICAL_RULES = [
    ("substr(given_name,1,3)", "substr(family_name,1,4)"),
    ("family_name", "birth_date"),
    ("given_name", "birth_date"),
    ("postal_code", "given_name"),
    ("postal_code", "family_name"),
    ("birth_date", "birth_place"),
    ("substr(postal_code,1,3)", "birth_date"),
    ("substr(postal_code,1,3)", "given_name"),
    ("substr(postal_code,1,3)", "family_name"),
    ("substr(given_name,1,2)", "substr(family_name,1,2)", "substr(birth_date,1,4)"),
]
_PEOPLE_RULES = [
    ("tax_id",),
    ("national_id",),
    ("email",),
    ("phone",),
    ("mobile_phone",),
    ("birth_date",),
    ("postal_code",),
    ("street",),
    ("given_name",),
    ("family_name",),
    ("full_name",),
]
_COMPANY_RULES = [
    ("tax_id",),
    ("registration_number",),
    ("website",),
    ("phone",),
    ("email",),
    ("postal_code",),
    ("street",),
    ("company_name",),
    ("rarest_tokens[1]",),
    ("rarest_tokens", "substr(postal_code,1,3)"),
]


def _usable(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[tuple[str, ...]],
    least_pairs: int = 0,
    most_pairs: float = MOST_PAIRS_OF_PEOPLE,
) -> list[Any]:
    """The rules of fields that the set has, without those that make too many pairs or too few."""
    columns = {row[0] for row in connection.execute("describe prepared").fetchall()}
    found = []
    for rule in rules:
        if not {re.sub(r"^substr\(|[,\[].*$", "", part) for part in rule} <= columns:
            continue
        keys = ", ".join(rule)
        present = " and ".join(f"{part} is not null" for part in rule)
        pairs, records = connection.execute(
            f"""select sum(size * (size - 1.0) / 2), (select count(*) from prepared)
            from (select count(*) as size from prepared where {present} group by {keys})"""
        ).fetchall()[0]
        if least_pairs <= (pairs or 0.0) <= most_pairs * records:
            found.append(block_on(*rule))
    return found


def _add_tokens(connection: duckdb.DuckDBPyConnection) -> None:
    """The two rarest words of each name, as the example makes them for blocking."""
    connection.execute(
        r"""
        create table tokens as
        select record_id, unnest(regexp_split_to_array(trim(company_name), '\s+')) as token from prepared;
        create table frequencies as
        select token, count(*)::double / (select count(*) from tokens) as rel_freq from tokens group by token;
        create table rare as
        select record_id, array_agg(token order by rel_freq, token)[:2] as rarest_tokens
        from tokens join frequencies using (token) where rel_freq < 0.01 group by record_id;
        create table with_tokens as
        select prepared.*, rarest_tokens from prepared left join rare using (record_id);
        drop table prepared;
        alter table with_tokens rename to prepared;
        """
    )
