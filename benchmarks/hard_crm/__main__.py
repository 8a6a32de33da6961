"""Writes a hard labelled CRM: python -m benchmarks.hard_crm --entity PERSON --records 100000 --output DIR."""

import argparse
import csv
from collections import Counter
from pathlib import Path

from benchmarks.hard_crm import HardCrm, generate
from scoring import Entity

COLUMNS = (
    "record_id", "source", "given_name", "middle_name", "family_name", "full_name", "suffix", "title",
    "birth_date", "company_name", "job_title", "email", "secondary_email", "phone", "mobile_phone",
    "website", "street", "city", "region", "postal_code", "country", "tax_id", "registration_number",
)  # fmt: skip


def write(crm: HardCrm, folder: Path) -> None:
    """Writes records.csv and, with the truth, clusters.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "records.csv").open("w", newline="", encoding="utf-8") as file:
        records = csv.DictWriter(file, COLUMNS, restval="")
        records.writeheader()
        records.writerows(crm.records)
    with (folder / "clusters.csv").open("w", newline="", encoding="utf-8") as file:
        clusters = csv.writer(file)
        clusters.writerow(("record_id", "cluster_id", "stratum"))
        ids = (record["record_id"] for record in crm.records)
        clusters.writerows(zip(ids, crm.cluster_ids, crm.strata, strict=True))


def main() -> None:
    """Reads the command line, writes the set and says what it holds."""
    parser = argparse.ArgumentParser(prog="benchmarks.hard_crm", description=__doc__)
    parser.add_argument("--entity", type=Entity, choices=list(Entity), required=True)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    crm = generate(arguments.entity, arguments.records, arguments.seed)
    write(crm, arguments.output)
    sizes = Counter(Counter(crm.cluster_ids).values())
    pairs = sum(count * size * (size - 1) // 2 for size, count in sizes.items())
    print(f"{len(crm.records)} records, {sum(sizes.values())} clusters, {pairs} true pairs")


if __name__ == "__main__":
    main()
