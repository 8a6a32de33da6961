"""From companies to the rows that the five systems hold about them."""

from random import Random

from benchmarks.hard_crm.companies import Companies, Company
from benchmarks.hard_crm.company_names import CompanyNames
from benchmarks.hard_crm.corruption import wrong_digit
from benchmarks.hard_crm.entry import Entry, Fact
from benchmarks.hard_crm.rows import Row
from benchmarks.hard_crm.sources import draw_source
from benchmarks.hard_crm.vocabulary import Vocabulary, Weighted

_RECORDS_PER_COMPANY = Weighted([(1, 44), (2, 27), (3, 15), (4, 7), (5, 3.5), (6, 2), (7, 1), (8, 0.5)])
# Of each source: website, tax id, registration number.
_FIELD_SHARES = {
    "web_shop": (0.1, 0.1, 0.02),
    "sales": (0.55, 0.05, 0.03),
    "marketing": (0.5, 0.01, 0.01),
    "support": (0.15, 0.02, 0.01),
    "billing": (0.15, 0.55, 0.25),
}


def company_rows(words: Vocabulary, record_count: int, random: Random) -> list[Row]:
    """So many rows, those of one company behind one another."""
    rows: list[Row] = []
    names = CompanyNames(words)
    entity = 0
    for group in Companies(words, random).groups():
        for company in group:
            entries: list[Entry] = []
            for _ in range(_RECORDS_PER_COMPANY.draw(random)):
                entry = _CompanyEntry(company, names, random)
                entry.link(entries)
                entries.append(entry)
                rows.append(Row(entry.row, entity, entry.stratum()))
                if len(rows) == record_count:
                    return rows
            entity += 1
    raise AssertionError("groups never end")


class _CompanyEntry(Entry):
    """What the source asked for, of the company as the source knew it."""

    def __init__(self, company: Company, names: CompanyNames, random: Random) -> None:
        super().__init__(draw_source(random), random)
        self._company = company
        self._office = len(company.offices) - 1 if random.random() < 0.3 else 0
        self.row["company_name"], self._done = names.written(company, self._source, random)
        self._write_fields()

    def stratum(self) -> str:
        """What makes the record hard, by the first thing that holds."""
        if self._done:
            return self._done
        if self._company.relation != "single":
            return self._company.relation
        if len(self.told) <= 1:
            return "few_fields"
        return "former_address" if self._office and ("office", self._office) in self.told else "plain"

    def tell(self, fact: Fact) -> bool:
        """Writes the fact into a free field; whether there was one."""
        row, (kind, which) = self.row, fact
        if kind == "mail" and not row.get("secondary_email"):
            self.put_email(self._company.mailboxes[which], fact)
        elif kind == "phone" and not (row.get("phone") and row.get("mobile_phone")):
            column = "mobile_phone" if row.get("phone") else "phone"
            self.put_phone(column, self._company.phones[which], fact)
        elif kind == "website" and not row.get("website"):
            self._write_website()
        elif kind == "office" and not row.get("street"):
            self._office = which
            self._write_office(with_street=self._random.random() < 0.8)
        elif kind == "tax" and not row.get("tax_id"):
            self._write_tax_id()
        elif kind == "registration" and not row.get("registration_number"):
            self._write_registration()
        else:
            return False
        return True

    def _write_fields(self) -> None:
        random, source, company = self._random, self._source, self._company
        website, tax, registration = _FIELD_SHARES[source.name]
        fullness = 0.35 if random.random() < 0.07 else 1.0
        # Under a name that shares no word with the other one, only the rest of the record can tell.
        renamed = self._done in {"brand", "former_name"}
        if company.website and random.random() < website * fullness:
            self._write_website()
        if random.random() < (0.8 if renamed else max(source.email, 0.4) * 0.8 * fullness):
            self._write_email()
        if random.random() < (0.9 if renamed else 0.62 * fullness):
            self._write_phone()
        # Who has branches or sisters is kept with the town: the name alone says too little.
        alike = company.relation != "single"
        if alike or renamed or random.random() < max(source.city, 0.65) * fullness:
            self._write_office(with_street=random.random() < (0.85 if alike or renamed else 0.7))
        if random.random() < tax * fullness:
            self._write_tax_id()
        if random.random() < registration * fullness:
            self._write_registration()

    def _write_website(self) -> None:
        site = self._company.website
        style = self._random.randrange(5)
        if style == 4 and self._company.place_word:
            site += f"/{self._company.place_word.lower().replace(' ', '-')}"
        self.row["website"] = (
            f"www.{site}",
            f"https://www.{site}/",
            f"http://{site}",
            site,
            f"https://{site}",
        )[style]
        self.told["website", 0] = None

    def _write_email(self) -> None:
        boxes = self._company.mailboxes
        which = 0 if self._random.random() < 0.45 else self._random.randrange(len(boxes))
        self.put_email(boxes[which], ("mail", which))

    def _write_phone(self) -> None:
        random, company = self._random, self._company
        if company.accountant and random.random() < 0.4:
            self.put_phone("phone", company.accountant, ("accountant", 0))
            return
        which = self._office if random.random() < 0.7 else random.randrange(len(company.phones))
        self.put_phone("phone", company.phones[which], ("phone", which))

    def _write_office(self, *, with_street: bool) -> None:
        self.put_address(self._company.offices[self._office], with_street=with_street)
        if self.row.get("postal_code"):
            self.told["office", self._office] = None

    def _write_tax_id(self) -> None:
        text = self._company.tax_id
        if self._random.random() < 0.3:
            text = f"{text[:-6]} {text[-6:-3]} {text[-3:]}"
        self.row["tax_id"] = wrong_digit(text, self._random) if self._random.random() < 0.03 else text
        self.told["tax", 0] = None

    def _write_registration(self) -> None:
        text = self._company.registration_number
        self.row["registration_number"] = text.lstrip("0") if self._random.random() < 0.3 else text
        self.told["registration", 0] = None
