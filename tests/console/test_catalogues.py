"""The catalogues of the console: what the tool extracts, and what it finds wrong."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

TOOL = Path(__file__).parents[2] / "tools" / "catalogues.py"
RUSSIAN = (
    "{count} \u0441\u0447\u0451\u0442",
    "{count} \u0441\u0447\u0451\u0442\u0430",
    "{count} \u0441\u0447\u0435\u0442\u043e\u0432",
)


@pytest.fixture(scope="module")
def tool() -> Iterator[ModuleType]:
    """The tool as a module: its folder is no package."""
    spec = importlib.util.spec_from_file_location("catalogues", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["catalogues"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["catalogues"]


def messages() -> Catalog:
    """What a console would say: one sentence, and one that goes by a number."""
    catalogue = Catalog()
    catalogue.add("Saved as {name}.")
    catalogue.add(("one bill", "{count} bills"))
    return catalogue


def russian(
    saved: str = "\u0421\u043e\u0445\u0440\u0430\u043d\u0435\u043d\u043e \u043a\u0430\u043a {name}.",
    bills: tuple[str, ...] = RUSSIAN,
) -> Catalog:
    """A catalogue of these messages."""
    catalogue = Catalog(locale="ru", fuzzy=False)
    catalogue.add("Saved as {name}.", saved)
    catalogue.add(("one bill", "{count} bills"), bills)
    return catalogue


def problems(tool: ModuleType, catalogue: Catalog) -> list[str]:
    return [problem.partition(":")[0] for problem in tool.problems_in(catalogue, messages())]


def test_a_complete_catalogue_has_no_problem(tool: ModuleType) -> None:
    """Every message with all its forms and placeholders."""
    assert problems(tool, russian()) == []


def test_a_message_that_is_missing_or_empty_is_told(tool: ModuleType) -> None:
    """Also where a single form of it is empty."""
    assert problems(tool, Catalog(locale="ru", fuzzy=False)) == ["is missing", "is missing"]
    assert problems(tool, russian(saved="")) == ["is empty"]
    assert problems(tool, russian(bills=(RUSSIAN[0], "", RUSSIAN[2]))) == ["is empty"]


def test_a_fuzzy_message_is_told(tool: ModuleType) -> None:
    """Somebody has still to look at it."""
    catalogue = russian()
    catalogue.get("Saved as {name}.").flags.add("fuzzy")  # type: ignore[union-attr]  # it was added above
    assert problems(tool, catalogue) == ["is fuzzy"]


def test_a_message_that_is_said_nowhere_is_told(tool: ModuleType) -> None:
    """It would be kept for ever otherwise."""
    catalogue = russian()
    catalogue.add("Gone", "\u041d\u0435\u0442")
    assert problems(tool, catalogue) == ["is said nowhere"]


def test_placeholders_must_agree_in_every_form(tool: ModuleType) -> None:
    """The first form of Russian stands for 21 too, so it names the number though the English one does not."""
    assert problems(tool, russian(saved="\u0421\u043e\u0445\u0440\u0430\u043d\u0435\u043d\u043e.")) == [
        "has other placeholders (name)"
    ]
    assert problems(tool, russian(bills=("\u0441\u0447\u0451\u0442", *RUSSIAN[1:]))) == [
        "has other placeholders (count)"
    ]


def test_messages_are_found_in_code_and_templates(tool: ModuleType, tmp_path: Path) -> None:
    """However they are said: marked, said at once, counted, or in a template."""
    (tmp_path / "page.py").write_text(
        'A = later("marked")\n'
        'visit.language("said at once").format(a=1)\n'
        'visit.language.count("one thing", "{count} things", 2)\n'
        '"text".count("x")\n'
    )
    (tmp_path / "page.html.jinja").write_text(
        '{{ _("shown") }}{% trans count=2 %}one row{% pluralize %}{{ count }} rows{% endtrans %}'
    )
    assert {message.id for message in tool.extracted(tmp_path) if message.id} == {
        "marked",
        "said at once",
        ("one thing", "{count} things"),
        "shown",
        ("one row", "%(count)s rows"),
    }


def test_the_kept_catalogues_are_complete(tool: ModuleType) -> None:
    """Every language of the console says everything that it says in English."""
    said = tool.extracted()
    kept = sorted(tool.LOCALES.glob("*/LC_MESSAGES/console.po"))
    assert kept
    assert [problem for path in kept for problem in tool.problems_in(tool.read(path), said)] == []
