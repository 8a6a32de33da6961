"""The five systems that feed the CRM: what each asks for, and how it writes names."""

from dataclasses import dataclass
from random import Random

from benchmarks.hard_crm.vocabulary import Weighted


@dataclass(frozen=True, slots=True)
class Source:
    """Shares in 0 to 1: how often a field is filled, and how often the system writes it in some way."""

    name: str
    # Of the person as a customer at home, not as somebody's employee.
    private: float
    one_name_field: float
    called_name: float
    initial: float
    middle: float
    upper_case: float
    family_first: float
    honorific: float
    plain_letters: float
    slips: float
    birth: float
    email: float
    phone: float
    mobile: float
    street: float
    city: float
    company: float
    phone_styles: tuple[int, ...]


WEB_SHOP = Source(
    "web_shop", private=0.92, one_name_field=0.12, called_name=0.3, initial=0.02, middle=0.05,
    upper_case=0.03, family_first=0.01, honorific=0.15, plain_letters=0.6, slips=0.05, birth=0.14,
    email=0.8, phone=0.2, mobile=0.4, street=0.72, city=0.8, company=0.05, phone_styles=(0, 2, 4, 6),
)  # fmt: skip
SALES = Source(
    "sales", private=0.1, one_name_field=0.05, called_name=0.35, initial=0.05, middle=0.08,
    upper_case=0.02, family_first=0.01, honorific=0.25, plain_letters=0.3, slips=0.05, birth=0.02,
    email=0.62, phone=0.6, mobile=0.3, street=0.45, city=0.6, company=0.88, phone_styles=(1, 3, 1, 3, 0),
)  # fmt: skip
MARKETING = Source(
    "marketing", private=0.5, one_name_field=0.55, called_name=0.2, initial=0.1, middle=0.1,
    upper_case=0.1, family_first=0.04, honorific=0.05, plain_letters=0.7, slips=0.06, birth=0.02,
    email=0.6, phone=0.2, mobile=0.1, street=0.2, city=0.5, company=0.45, phone_styles=(0, 6),
)  # fmt: skip
SUPPORT = Source(
    "support", private=0.6, one_name_field=0.6, called_name=0.5, initial=0.1, middle=0.02,
    upper_case=0.02, family_first=0.02, honorific=0.1, plain_letters=0.4, slips=0.12, birth=0.05,
    email=0.5, phone=0.4, mobile=0.3, street=0.12, city=0.25, company=0.35, phone_styles=(2, 3, 4, 6),
)  # fmt: skip
BILLING = Source(
    "billing", private=0.75, one_name_field=0.35, called_name=0.04, initial=0.2, middle=0.35,
    upper_case=0.55, family_first=0.5, honorific=0.4, plain_letters=0.9, slips=0.04, birth=0.25,
    email=0.25, phone=0.4, mobile=0.1, street=0.9, city=0.95, company=0.3, phone_styles=(5, 6, 2),
)  # fmt: skip

_SOURCES = Weighted([(WEB_SHOP, 27), (SALES, 25), (MARKETING, 18), (SUPPORT, 14), (BILLING, 16)])


def draw_source(random: Random) -> Source:
    """One of the five, by its share of the records."""
    return _SOURCES.draw(random)
