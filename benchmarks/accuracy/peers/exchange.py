"""What a peer reads and writes; it runs in the bench environment, where the project is not installed."""

import csv
import re
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True, slots=True)
class Task:
    """The records, with `record_id` as position, and the pairs to score where only these are asked for."""

    folder: Path
    entity: str
    records: pd.DataFrame
    pairs: npt.NDArray[np.int64] | None

    def has(self, *fields: str) -> bool:
        """Whether the set has all of these fields."""
        return all(name in self.records.columns for name in fields)


def read_task() -> Task:
    """The task of the command line: FOLDER ENTITY. An absent value is None.

    The values are cleaned as the guides of all three peers ask for before anything is compared.
    """
    folder, entity = Path(sys.argv[1]), sys.argv[2]
    records = _cleaned(pd.read_csv(folder / "records.csv", dtype=str, keep_default_na=False))
    records = records.astype(object).where(records != "", None)
    records["record_id"] = np.arange(len(records))
    pairs = None
    if (folder / "pairs.csv").is_file():
        with (folder / "pairs.csv").open(encoding="utf-8", newline="") as text:
            pairs = np.array([(int(row["left"]), int(row["right"])) for row in csv.DictReader(text)])
    return Task(folder, entity, records, pairs)


def write_found(
    task: Task,
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float64],
    *,
    threshold: float,
    clusters: npt.NDArray[np.int64] | None = None,
) -> None:
    """Write what was found; `threshold` is the one at which the peer links where nobody says otherwise."""
    np.savez_compressed(
        task.folder / "outcome.npz",
        left=np.asarray(left, dtype=np.int32),
        right=np.asarray(right, dtype=np.int32),
        scores=np.asarray(scores, dtype=np.float64),
        clusters=clusters if clusters is not None else np.zeros(0, np.int64),
        threshold=np.array(threshold),
    )


def _cleaned(records: pd.DataFrame) -> pd.DataFrame:
    """Lower case without accents and stray spaces; telephones as their last nine digits, websites as hosts;
    a full name taken apart where the set has given and family names in other records.
    """
    for name in records.columns:
        if name == "record_id":
            continue
        clean = _CLEANERS.get(name, _plain)
        records[name] = [clean(_plain(value)) for value in records[name]]
    if {"full_name", "given_name", "family_name"} <= set(records.columns):
        names = zip(records["full_name"], records["given_name"], records["family_name"], strict=True)
        parts = [
            _taken_apart(full) if full and not given and not family else (given, family)
            for full, given, family in names
        ]
        records["given_name"] = [given for given, _ in parts]
        records["family_name"] = [family for _, family in parts]
    return records


def _plain(text: str) -> str:
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return " ".join(bare.lower().split())


def _number(text: str) -> str:
    # Nine digits leave country code and trunk zero out, in whichever way the number is written.
    return re.sub(r"\D", "", text)[-9:]


def _host(text: str) -> str:
    return re.sub(r"^(https?://)?(www\.)?", "", text).split("/")[0]


def _words(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.replace(".", "").replace("'", "")).split())


def _identifier(text: str) -> str:
    return re.sub(r"\W", "", text)


def _taken_apart(full: str) -> tuple[str, str]:
    """Given and family name: "family, given", or the first and the last word."""
    if "," in full:
        family, _, given = full.partition(",")
        return given.strip(), family.strip()
    given, _, family = full.rpartition(" ")
    return given.split(" ")[0], family


_CLEANERS = {
    "phone": _number,
    "mobile_phone": _number,
    "website": _host,
    "company_name": _words,
    "street": _words,
    "tax_id": _identifier,
    "national_id": _identifier,
    "registration_number": _identifier,
}
