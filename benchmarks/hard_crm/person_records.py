"""From people to the rows that the five systems hold about them."""

from random import Random

from benchmarks.hard_crm.corruption import slipped, written_date
from benchmarks.hard_crm.entry import Entry, Fact
from benchmarks.hard_crm.people import Person, Population
from benchmarks.hard_crm.person_names import write_name
from benchmarks.hard_crm.rows import Row
from benchmarks.hard_crm.sources import draw_source
from benchmarks.hard_crm.vocabulary import Vocabulary, Weighted

_RECORDS_PER_PERSON = Weighted([(1, 46), (2, 27), (3, 14), (4, 6.5), (5, 3.2), (6, 1.8), (7, 0.9), (8, 0.6)])
_ROLES = ("info", "office", "sales", "accounts", "admin", "purchasing")


def person_rows(words: Vocabulary, record_count: int, random: Random) -> list[Row]:
    """So many rows, those of one person behind one another."""
    rows: list[Row] = []
    entity = 0
    for household in Population(words, record_count, random).households():
        for person in household:
            entries: list[Entry] = []
            for _ in range(_RECORDS_PER_PERSON.draw(random)):
                entry = _PersonEntry(person, random)
                entry.link(entries)
                entries.append(entry)
                rows.append(Row(entry.row, entity, entry.stratum()))
                if len(rows) == record_count:
                    return rows
            entity += 1
    raise AssertionError("households never end")


class _PersonEntry(Entry):
    """What the source asked for, of the person as the source knew them."""

    def __init__(self, person: Person, random: Random) -> None:
        super().__init__(draw_source(random), random)
        self._person = person
        former = random.random() < 0.3
        self._home = len(person.homes) - 1 if former else 0
        self._job = len(person.jobs) - 1 if former or random.random() < 0.2 else 0
        self._family = person.families[-1 if former else 0]
        self._done = write_name(self.row, person, self._source, self._family, random)
        self._write_fields()

    def stratum(self) -> str:
        """What makes the record hard, by the first thing that holds."""
        person, told = self._person, self.told
        kinds = (
            (self._done, bool(self._done)),
            (person.relation, person.relation in {"namesake", "twin", "sibling"}),
            ("few_fields", len(told) <= 1),
            ("former_name", self._family != person.families[0]),
            ("former_address", self._home > 0 and ("home", self._home) in told),
            ("former_job", self._job > 0 and ("job", self._job) in told),
            ("household", person.relation != "single"),
        )
        return next((kind for kind, holds in kinds if holds), "plain")

    def tell(self, fact: Fact) -> bool:
        """Writes the fact into a free field; whether there was one."""
        row, (kind, which) = self.row, fact
        if kind == "mobile" and not (row.get("mobile_phone") and row.get("phone")):
            column = "phone" if row.get("mobile_phone") else "mobile_phone"
            self.put_phone(column, self._person.mobiles[which], fact)
        elif kind == "mail" and not row.get("secondary_email"):
            self.put_email(self._person.mailboxes[which], fact)
        elif kind == "work_mail" and not row.get("secondary_email"):
            self.put_email(self._person.jobs[which].mailbox, fact)
        elif kind == "birth" and not row.get("birth_date"):
            self._write_birth()
        elif kind == "home" and not row.get("street"):
            self._home = which
            self._write_home(with_street=self._random.random() < 0.7)
        elif kind == "job" and not row.get("company_name"):
            self._job = which
            self._write_company()
        else:
            return False
        return True

    def _write_fields(self) -> None:
        random, source = self._random, self._source
        # Some entries are hardly more than a name: a card from a fair, a caller who hung up.
        fullness = 0.3 if random.random() < 0.1 else 1.0
        private = random.random() < source.private or not self._person.jobs
        if not private and random.random() < source.company * fullness:
            self._write_company()
        if random.random() < source.email * fullness:
            self._write_email(private=private)
        if random.random() < source.phone * fullness:
            self._write_phone(private=private)
        if random.random() < source.mobile * fullness:
            self._write_mobile("mobile_phone")
        if random.random() < source.city * fullness:
            with_street = random.random() < source.street / source.city
            if private:
                self._write_home(with_street=with_street)
            else:
                self._write_office(with_street=with_street)
        if random.random() < source.birth * fullness:
            self._write_birth()

    def _write_company(self) -> None:
        random, job = self._random, self._person.jobs[self._job]
        firm = job.employer
        kind = random.random()
        name = firm.short_name if kind < 0.25 else firm.name
        if kind > 0.6:
            name = f"{name} {firm.legal_form}"
        self.row["company_name"] = slipped(name, random, 0.04)
        if random.random() < 0.6:
            forms = (job.title.text, *job.title.others)
            other = random.random() < 0.4
            self.row["job_title"] = forms[random.randrange(len(forms))] if other else job.title.text
        self.told["job", self._job] = None

    def _write_email(self, *, private: bool) -> None:
        random, person = self._random, self._person
        family_mailbox = person.homes[self._home].mailbox
        if not private and random.random() < 0.8:
            job = person.jobs[self._job]
            if random.random() < 0.07:
                self.put_email(f"{random.choice(_ROLES)}@{job.employer.domain}", ("role", self._job))
            else:
                self.put_email(job.mailbox, ("work_mail", self._job))
        elif family_mailbox and random.random() < 0.6:
            self.put_email(family_mailbox, ("family_mail", self._home))
        else:
            which = 0 if random.random() < 0.75 else len(person.mailboxes) - 1
            self.put_email(person.mailboxes[which], ("mail", which))

    def _write_phone(self, *, private: bool) -> None:
        random, person = self._random, self._person
        line = person.homes[self._home].landline
        if not private:
            job = person.jobs[self._job]
            if random.random() < 0.6:
                self.put_phone("phone", job.employer.switchboard, ("switchboard", self._job))
            else:
                self.put_phone("phone", job.direct_line, ("direct", self._job))
        elif line and random.random() < 0.65:
            self.put_phone("phone", line, ("landline", self._home))
        elif person.partner_mobile and random.random() < 0.2:
            self.put_phone("phone", person.partner_mobile, ("partner", 0))
        else:
            self._write_mobile("phone")

    def _write_mobile(self, column: str) -> None:
        random, mobiles = self._random, self._person.mobiles
        which = 0 if random.random() < 0.8 else len(mobiles) - 1
        if random.random() < 0.15 and not self.row.get("phone"):
            column = "phone"
        self.put_phone(column, mobiles[which], ("mobile", which))

    def _write_home(self, *, with_street: bool) -> None:
        self.put_address(self._person.homes[self._home].address, with_street=with_street)
        if self.row.get("postal_code"):
            self.told["home", self._home] = None

    def _write_office(self, *, with_street: bool) -> None:
        self.put_address(self._person.jobs[self._job].employer.office, with_street=with_street)
        if with_street:
            self.told["job", self._job] = None

    def _write_birth(self) -> None:
        self.row["birth_date"] = written_date(*self._person.birth, self._random, 0.14)
        self.told["birth", 0] = None
