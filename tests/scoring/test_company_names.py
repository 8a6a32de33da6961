"""Names of companies, their legal forms and branches, and websites: how they are told apart and compared."""

import pytest

from scoring import Comparable, Entity, prepare
from scoring.attributes.company_name import (
    acronym,
    compare_company_name,
    compare_employer,
    compare_legal_form,
    compare_marks,
    parse_company_name,
)
from scoring.attributes.company_parts import other_company_names
from scoring.attributes.website import compare_domains, normalise_domain
from scoring.comparators import COMPANY_COMPARATORS, PERSON_COMPARATORS
from scoring.findings import Finding
from scoring.vocabulary.companies import legal_forms, word_frequencies


def named(core: str, *others: str) -> Comparable:
    """A company of a parsed name, with other names."""
    name = parse_company_name(core)
    cores = tuple(parse_company_name(other).core for other in others)
    return Comparable(
        Entity.COMPANY,
        company=name.core,
        company_marks=name.marks,
        legal_form=name.legal_form,
        other_names=cores,
    )


def name_level(left: str, right: str) -> str | None:
    """The level of two names, which must be the same from both sides."""
    found = compare_company_name(named(left), named(right))
    again = compare_company_name(named(right), named(left))
    assert (found and found[:2]) == (again and again[:2])
    return found.level if found else None


def marks_level(left: str, right: str) -> str | None:
    """The level of the marks of two names."""
    found = compare_marks(named(left), named(right))
    return found.level if found else None


@pytest.mark.parametrize(
    ("text", "core", "legal_form"),
    [
        ("AB Volvo", "volvo", "ab"),
        ("Volvo AB", "volvo", "ab"),
        ("PT Telkom Tbk", "telkom", "pt"),
        ("OOO Gazprom", "gazprom", "ooo"),
        ("ООО «Газпром»", "gazprom", "ooo"),  # noqa: RUF001 -- a name in Cyrillic
        ("Общество с ограниченной ответственностью «Газпром»", "gazprom", "ooo"),  # noqa: RUF001 -- Cyrillic
        ("Acme Public Limited Company", "acme", "plc"),
        ("Acme Gesellschaft mit beschränkter Haftung", "acme", "gmbh"),
        ("Acme G.m.b.H.", "acme", "gmbh"),
        ("Société Anonyme Acme", "acme", "sa"),
        ("Acme S. de R.L. de C.V.", "acme", "srl"),
        ("Acme Sp. z o.o.", "acme", "spzoo"),
        ("Acme San. ve Tic. Ltd. Şti.", "acme", "sti"),
        ("Acme GmbH & Co. KG", "acme", "gmbhcokg"),
        ("Acme AG (Schweiz)", "acme switzerland", "ag"),
        ("AS Roma Pte. Ltd.", "roma", "ltd"),
        ("Kiss as Lips", "kiss as lips", ""),
        ("Acme Partners V L.P.", "acme partners 5", "lp"),
    ],
)
def test_legal_forms_are_set_apart(text: str, core: str, legal_form: str) -> None:
    """In front or behind, dotted or spelled out; a word that only looks like one stays in the name."""
    assert parse_company_name(text)[::2] == (core, legal_form)


@pytest.mark.parametrize("form", ["株式会社", "有限公司", "주식회사", "บริษัท", 'בע"מ', "ش.م.م"])
def test_native_legal_forms_are_set_apart(form: str) -> None:
    """Legal forms of other scripts leave the name alone, whether they stand before or behind it."""
    name = {"บ": "ปตท", "ב": "טבע", "ش": "المصرية"}.get(form[0], "三星")
    alone = parse_company_name(name).core
    assert alone
    for text in (f"{form} {name}", f"{name} {form}"):
        found = parse_company_name(text)
        assert found.core == alone
        assert found.legal_form


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("Amazon.com, Inc.", "Amazon"),
        ("www.acme.co.uk", "Acme"),
        ("World Bank (WB)", "World Bank"),
        ("Acme Mfg Intl", "Acme Manufacturing International"),
        ("1st Acme Bank", "First Acme Bank"),
        ("Acme Fund II", "Acme Fund 2"),
        ("Two Acmes", "2 Acmes"),
        ("Banco Acme", "Bank Acme"),
        ("St. Acme Elem Sch", "Saint Acme Elementary School"),
        ("Hennes and Mauritz", "Hennes & Mauritz"),
        ("AT and T", "AT&T"),
        ("Chemicals, Langmere Ltd", "Langmere Chemicals"),
        ("Acme Ltd t/a Bravo", "Acme"),
        ("Acme c/o Smith and Sons", "Acme"),
    ],
)
def test_names_are_written_alike(text: str, same_as: str) -> None:
    """Abbreviations, numbers, common foreign words, hosts and what is said beside a name change nothing."""
    assert parse_company_name(text).core == parse_company_name(same_as).core


def test_names_traded_under_are_other_names() -> None:
    """What follows t/a, dba or formerly is another name of the company; what follows c/o is nobody's."""
    assert other_company_names("Acme Ltd t/a Bravo Pizza") == ("bravo pizza",)
    assert other_company_names("Acme Inc. (formerly Bravo Corp)") == ("bravo",)
    assert other_company_names("Acme c/o Bravo") == ()
    assert other_company_names("Acme") == ()


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("Acme Trading", "ACME trading Ltd", "exact"),
        ("Face Book", "Facebook", "same_words"),
        ("Textiles Langmere", "Langmere Textiles", "same_words"),
        ("J P Morgan Chase", "JPMorgan Chase", "same_words"),
        ("Cristalord", "Crystalord", "close"),
        ("Langmere Textile", "Langmere Textiles", "exact"),
        ("Langmere Widget", "Langmere Widgets", "close"),
        ("Langmere Instr", "Langmere Instruments", "exact"),
        ("Zenith Langmere", "Zenith Langmere Trading House", "subset"),
        ("BMW", "Bayerische Motoren Werke AG", "acronym"),
        ("IBM Deutschland", "International Business Machines Deutschland", "acronym"),
        ("Langmere Textiles", "Langmere Packaging", "partial"),
        ("Northern Textiles", "Northern Packaging", "different"),
        ("Management Company", "Westminster Management Company", "different"),
        ("Government of Estonia", "Government of Ethiopia", "different"),
        ("Langmere Solutions", "Harrowgate Solutions", "different"),
        ("BAE Industries", "BWI Industries", "different"),
        ("Langmere Fund 12", "Langmere Fund 14", "partial"),
        ("Langmere Harrowgate Trading House", "Langmere Ossulton Trading House", "different"),
        ("Lang Mere", "Langmre", "close"),
    ],
)
def test_levels_of_names(left: str, right: str, level: str) -> None:
    """Rare words in common say that two names are one; common ones do not, and no known word is a slip."""
    assert name_level(left, right) == level


def test_scripts_that_say_nothing_of_one_another() -> None:
    """Names in two scripts without a word in common are not compared."""
    sides = (Comparable(Entity.COMPANY, company="langmere"), Comparable(Entity.COMPANY, company="長江"))
    assert compare_company_name(*sides) is None
    assert name_level("三星", "三星电子") == "subset"


def test_other_names_stand_for_the_name() -> None:
    """A brand or former name that is the other side's name is as good as the name, and is said so."""
    found = compare_company_name(named("Alpha Langmere", "Zenithia"), named("Zenithia Ltd"))
    assert found
    assert (found.level, found.value) == ("exact", "zenithia")
    assert "former" in found.evidence
    assert found.evidence != Finding("exact", "same company name").evidence


@pytest.mark.parametrize(
    ("left", "right", "value"),
    [
        ("Langmere Trading", "Langmere Trading", "langmere trading"),
        ("Langmere Trading", "Langmere Trading House", "langmere trading"),
        ("Langmere Trading Textiles", "Langmere Trading Packaging", "langmere"),
        ("BMW", "Bayerische Motoren Werke", "???"),
    ],
)
def test_the_value_is_what_both_have(left: str, right: str, value: str) -> None:
    """What is rare or common about an agreement is the words in common; of initials, how many there are."""
    found = compare_company_name(named(left), named(right))
    assert found
    assert found.value == value


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("Langmere Fund II", "Langmere Fund III", "different"),
        ("Langmere School 12", "Langmere School 14", "different"),
        ("Langmere Textiles", "Langmere Packaging", "different"),
        ("Langmere (Germany)", "Langmere (France)", "different"),
        ("Langmere Holdings", "Langmere", "one_sided"),
        ("Langmere Leeds Branch", "Langmere", "one_sided"),
        ("Langmere North America", "Langmere", "place"),
        ("Langmere Fund 2", "Langmere Fund", "place"),
        ("Langmere 24", "Langmere24", "same"),
        ("New Mexico Zenith", "NMZ", "same"),
        ("Langmere Textiles", "Langmere Textiles", "same"),
        ("Langmere Textiles", "Harrowgate Leeds", None),
    ],
)
def test_branches_sisters_and_numbers(left: str, right: str, level: str | None) -> None:
    """Places, numbers, trades and words of a group on one side alone speak against one company."""
    assert marks_level(left, right) == level
    assert marks_level(right, left) == level


def test_a_town_of_the_address_is_a_place_in_the_name() -> None:
    """A word of a name that is the town of either side marks a branch."""
    left = prepare({"company_name": "Langmere", "city": "Ossett"}, Entity.COMPANY)
    right = prepare({"company_name": "Langmere Ossett"}, Entity.COMPANY)
    for found in (compare_marks(left, right), compare_marks(right, left)):
        assert found
        assert found.level == "place"


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("Acme Ltd", "Acme Limited", "same"),
        ("Acme Ltd", "Acme PLC", "different"),
        ("Acme GmbH", "Acme AG", "different"),
        ("Acme GmbH", "Acme GmbH & Co. KG", "different"),
        ("OOO Acme", "Acme LLC", "same"),
        ("Acme AG", "Acme LLC", None),
        ("Acme & Co", "Acme GmbH", None),
        ("Acme", "Acme GmbH", None),
    ],
)
def test_legal_forms_compared(left: str, right: str, level: str | None) -> None:
    """Spellings of one form are the same; its English name is too, and says nothing of another kind."""
    found = compare_legal_form(named(left), named(right))
    assert (found.level if found else None) == level


def test_employers() -> None:
    """An employer is the same, alike or different by its name."""
    assert compare_employer(named("Acme Ltd"), named("Acme")) == Finding("same", "same company")
    assert compare_employer(named("Langmere"), named("Langmere Textiles")) == Finding(
        "alike", "alike company names"
    )
    assert compare_employer(named("Langmere"), named("Harrowgate")) == Finding(
        "different", "different companies"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://shop.acme.com.br/x", "acme.com.br"),
        ("shop.med.de", "med.de"),
        ("https://www.facebook.com/pages/Acme-Ltd/123", "facebook.com/acme-ltd"),
        ("linkedin.com/company/acme/", "linkedin.com/acme"),
        ("facebook.com", ""),
        ("facebook.com/profile.php?id=3", ""),
        ("acme.wordpress.com", "acme.wordpress.com"),
        ("wordpress.com", ""),
    ],
)
def test_pages_on_platforms(text: str, expected: str) -> None:
    """A page of a platform is a company's own; the platform is nobody's."""
    assert normalise_domain(text) == expected


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("acme.com", "www.acme.com", "exact"),
        ("acme.com", "acme.de", "same_name"),
        ("langmere-textiles.com", "langmeretextiles.co.uk", "same_name"),
        ("langmeretextiles.com", "langmeretextles.com", "same_name"),
        ("acme.com", "acne.com", "different"),
        ("langmere24.com", "langmere25.com", "different"),
        ("facebook.com/langmere", "langmere.com", None),
        ("langmere.com", "facebook.com", None),
        ("facebook.com/langmere", "facebook.com/harrow", "different"),
        ("langmere.wordpress.com", "harrow.wordpress.com", "different"),
    ],
)
def test_websites_compared(left: str, right: str, level: str | None) -> None:
    """A slip counts in long names alone; a page says nothing of a domain."""
    sides = [prepare({"website": text}, Entity.COMPANY) for text in (left, right)]
    found = compare_domains(*sides)
    assert (found.level if found else None) == level


def test_initials_of_two_words_or_more() -> None:
    """A single word has no acronym."""
    assert acronym("bayerische motors works") == "bmw"
    assert acronym("acme") == ""


def test_every_level_found_is_declared() -> None:
    """The comparators give no level that the model does not know."""
    declared = {one.name: one.levels for one in (*PERSON_COMPARATORS, *COMPANY_COMPARATORS)}
    names = (
        "Langmere",
        "Langmere Ltd",
        "Langmere Leeds",
        "LL",
        "Langmere Fund 2",
        "Harrow AG",
        "Langmere Harrow",
    )
    for left in map(named, names):
        for right in map(named, names):
            for name, compare in (
                ("company_name", compare_company_name),
                ("branch", compare_marks),
                ("legal_form", compare_legal_form),
                ("employer", compare_employer),
            ):
                found = compare(left, right)
                assert found is None or found.level in declared[name]


def test_lists_are_as_parsing_writes_them() -> None:
    """Counted words are words that parsing leaves as they are, and no spelling of a legal form is empty."""
    frequencies = word_frequencies()
    assert all(0 < count < 100_000 and " " not in word for word, count in frequencies.items())
    changed = [
        word for word in frequencies if parse_company_name(f"qzx {word} qzx").core != f"qzx {word} qzx"
    ]
    assert changed == []
    assert all(form.words and form.code for form in legal_forms())
