"""Templates, with what every page needs to name, format and make harmless what it shows."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from dedup_service.console.texts import marks
from dedup_service.console.texts.languages import Language
from dedup_service.console.texts.names import Names
from dedup_service.console.texts.sentences import Show, say, say_plainly
from dedup_service.console.views import addresses, mentions

HERE = Path(__file__).parent
STATIC_DIRECTORY = HERE / "static"
TEMPLATE_DIRECTORY = HERE / "templates"


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders templates in each of the languages."""

    environments: Mapping[str, Environment]

    def render(self, template: str, language: Language, values: Mapping[str, Any]) -> str:
        page = self.environments[language.tag].get_template(template).render(values)
        return marks.with_hidden_said(page, language.translations.gettext)


def make_renderer(languages: Mapping[str, Language]) -> Renderer:
    """One environment for each language: they differ in what `_` says alone."""
    versions = _static_versions()
    return Renderer({tag: _environment(language, versions) for tag, language in languages.items()})


def _environment(language: Language, versions: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_DIRECTORY),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension adds it
        language.translations.gettext, language.translations.ngettext, newstyle=True
    )
    filters: dict[str, Callable[..., Any]] = {
        "shown": marks.shown,
        "shortened": marks.shortened,
        "plain": marks.plain,
        "linked": _saying(language),
        "said_by_service": _saying(language),
        "said_plainly": _saying_plainly(language),
        "said_in_short": _saying(language, marks.shortened),
    }
    environment.filters.update(filters)
    environment.globals.update(
        static=lambda name: f"/static/{name}?v={versions[name]}",
        address=addresses,
        short_name=mentions.short_name,
    )
    return environment


def _saying(language: Language, show: Show = mentions.linked) -> Callable[[Context, str], Markup]:
    """The filter for sentences of the service: in this language, as a rule with links to what they name."""
    nobody = Names(language, {})

    @pass_context
    def said_by_service(context: Context, text: str) -> Markup:
        return say(text, context.get("n") or nobody, show)

    return said_by_service


def _saying_plainly(language: Language) -> Callable[[Context, str], str]:
    """The filter for sentences of the service where no markup can stand, such as a title."""
    nobody = Names(language, {})

    @pass_context
    def said_plainly(context: Context, text: str) -> str:
        return say_plainly(text, context.get("n") or nobody)

    return said_plainly


def _static_versions() -> dict[str, str]:
    """The content hash of each static file: what browsers keep for a year gets a new address by changing."""
    return {
        path.relative_to(STATIC_DIRECTORY).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in STATIC_DIRECTORY.rglob("*")
        if path.is_file()
    }
