"""What a profile says, in words: rows for a terminal, and the tables of docs/sources.md."""

from collections.abc import Iterable, Iterator

from dedup_service.source_profiles.profile import ProfileObject, SourceProfile
from dedup_service.source_profiles.rules import Condition, Form, Rule


def rule_rows(rules: ProfileObject) -> list[tuple[str, str, str]]:
    """What becomes of which columns, and how: kind and id first, in the order of the profile."""
    rows = [("kind", "", _kind_words(kind.words, kind.when, kind.id_prefix)) for kind in rules.kinds]
    for target, each in rules.rules():
        rows += [(target, _columns(rule), _how(rule)) for rule in each]
        if target == "source_record_id" and rules.id_from is not None:
            rows.append((target, str(rules.id_from), "a number made of it, where there is no id"))
        if target == "account" and rules.account_named is not None:
            rows.append((target, str(rules.account_named), "the account of this name in the same import"))
    rows += [("no record", "", f"{_conditions(skip.when)}: {skip.reason}") for skip in rules.skip]
    rows += [("custom.*", pattern, "every other column of such a name") for pattern in rules.keep]
    return rows


def left_out_rows(rules: ProfileObject) -> list[tuple[str, str]]:
    """The columns that become nothing, with the reason."""
    return [(", ".join(columns.names), why) for columns, why in rules.left_out.items()]


def markdown(profiles: Iterable[SourceProfile]) -> str:
    """All profiles as sections with a table for each object."""
    return "\n".join(line for profile in profiles for line in _section(profile))


def _section(profile: SourceProfile) -> Iterator[str]:
    yield f"### {profile.title} (`{profile.name}`)\n"
    yield f"{profile.about}\n"
    yield f"Source `{profile.source}`, unless `--source` says another.\n"
    for rules in profile.objects.values():
        yield f"#### {profile.title}: {rules.name}\n"
        yield f"Export: {rules.export}\n"
        known_by = "; ".join(f"`{columns}`" for columns in rules.recognition.columns)
        yield f"Known by the columns {known_by}.\n"
        yield "| becomes | from | how |"
        yield "|---|---|---|"
        for target, columns, how in rule_rows(rules):
            yield f"| `{target}` | {_cell(columns)} | {_cell(how)} |"
        for column, why in left_out_rows(rules):
            yield f"| nothing | {_cell(column)} | {_cell(why)} |"
        yield ""


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def _kind_words(words: str, when: tuple[Condition, ...], prefix: str) -> str:
    where = f", where {_conditions(when)}" if when else ""
    return f"{words}{where}{f'; ids begin with {prefix}' if prefix else ''}"


def _columns(rule: Rule) -> str:
    return "" if rule.columns is None else str(rule.columns)


def _how(rule: Rule) -> str:
    return "; ".join([*_meaning(rule), *_spelling(rule), *_limits(rule)])


def _meaning(rule: Rule) -> Iterator[str]:
    if rule.text:
        yield rule.text
    if rule.open_children is not None:
        yield f"the number of open children of kind {rule.open_children}"
    yield from (f"{_word(word)} is {meaning or 'nothing'}" for word, meaning in rule.values.items())
    if rule.otherwise is not None:
        yield f"anything else is {rule.otherwise or 'nothing'}"


def _word(word: str) -> str:
    return "anything" if word == "*" else word or "nothing"


_FORMS = {Form.SALESFORCE_ID: "with 18 characters", Form.LOWER_CASE: "in lower case"}


def _spelling(rule: Rule) -> Iterator[str]:
    if rule.first_of:
        yield f"the first of a list with {rule.first_of}"
    if rule.without:
        yield f"without {rule.without}"
    if rule.prefix:
        yield f"with {rule.prefix} before it"
    if rule.form is not None:
        yield _FORMS[rule.form]
    if currencies := [each for each in (str(rule.currency or ""), rule.currency_code) if each]:
        yield f"in {' or else '.join(currencies)}"


def _limits(rule: Rule) -> Iterator[str]:
    if rule.when:
        yield f"where {_conditions(rule.when)}"
    if rule.unless:
        yield f"unless {_conditions(rule.unless)}"
    if rule.required:
        yield "must be there"


def _conditions(conditions: tuple[Condition, ...]) -> str:
    return " and ".join(map(str, conditions))
