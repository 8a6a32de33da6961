"""Texts that are made to hang, fill or fool the reader are refused, and quickly."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup_service.company_files import CompanyFileError, Problem, load_policy, parse_policy, parse_principals
from tests.company_files.changed_texts import SHIPPED, changed, problems

SIZE = 256 * 1024
POLICY = load_policy(None)
LAUGHS = "a0: &a0 [ha, ha]\n" + "\n".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)
)
QUICK_SECONDS = 3.0


def misspelt(known: str, used: str) -> str:
    """A policy with a hundred functions, and ten thousand uses of functions that are only like them."""
    functions, uses = (
        (",".join(name.format(i) for i in range(n))) for name, n in ((known, 100), (used, 10_000))
    )
    return f"functions: [{functions}]\nstakes: {{open_children: {{CASE: [{uses}]}}}}"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (LAUGHS, 1, "anchors and aliases"),
        ("version: *other", 1, "anchors and aliases"),
        ("a: 1\n<<: &x {b: 1}", 2, "anchors and aliases"),
        ("version: 1\nfunctions: !!python/object/apply:os.system [ls]", 2, "tags (!) are not taken"),
        ("version: !secret x", 1, "tags (!) are not taken"),
        ("version: a\x00b", 1, "holds the control character U+0000"),
        ('# one\nversion: "a\\0b"', 2, "holds the control character U+0000"),
        ("version: a\n---\nversion: b", 2, "a second document begins"),
        ("? [a, b]\n: c", 1, "a key must be a word"),
        ("version: [a\nfunctions: b]: {", 2, "is not valid YAML"),
        ("version: 'a", 1, "is not valid YAML"),
        ("%YAML 9.9\n---\na: b", 1, "is not valid YAML"),
        ("a: \ud800", 1, "holds the control character U+D800"),
        ("[" * 5000, 1, "is nested too deep"),
        ("- " * 5000, 1, "is nested too deep"),
        ("{a: " * 5000, 1, "is nested too deep"),
        ("#" * (SIZE + 1), 0, "is larger than 256 KiB"),
        ("é" * (SIZE // 2 + 1), 0, "is larger than 256 KiB"),
        (f"holidays: [{'a,' * 100_000}]", 1, "holds too many values"),
    ],
)
def test_more_of_yaml_than_a_company_file_needs_is_refused(text: str, line: int, message: str) -> None:
    """Nothing is expanded, built or run; the error says which line to look at."""
    (found,) = problems(text)
    assert found.line == line
    assert message in found.message


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "null", "~", "[]", "a", "- a\n- b\n", '""'])
def test_a_text_that_is_no_mapping_is_refused(text: str) -> None:
    """An empty file is not a policy without rules."""
    (found,) = problems(text)
    assert "must be a mapping" in found.message


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        *(
            each * (SIZE // len(each))
            for each in ("[", "{", "- ", "? ", "a: ", "&a ", "'", "|", "%", "\n", "!", "a,")
        ),
        *(
            each * (SIZE // len(each))
            for each in ("[]\n", "- -\n", "a:\n", "? a\n", "---\n", "\t", "a: b: ", "*a ")
        ),
        misspelt("function_of_sales_{}", "sales_function_of_{}"),
        misspelt("sales_{:050}", "sale_{}"),
        changed(("functions: [sales, ", f"functions: [{','.join(f'f{i}' for i in range(30_000))}, ")),
        "\n".join(f"k{i}: 1" for i in range(25_000)),
        "sources: {" + ",".join(f"sou{i}: {{}}" for i in range(14_000)) + "}",
        "approval: {HIGH: {CONTACT: {weights: {" + ",".join(f"sales{i}: 1" for i in range(14_000)) + "}}}}",
        "vetoes: [" + ",".join(["NOT_A_MATC"] * 20_000) + "]",
        "survivorship: {rules: {" + ",".join(f"x_number{i}: X" for i in range(12_000)) + "}}",
        changed(("trust: 90", f"trust: {'9' * 200_000}")),
        changed(("medium: 10000,", f"medium: 0.{'1' * 200_000},")),
        changed(("version: default-4", f"version: {'a' * 200_000}")),
    ],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)
def test_no_text_takes_long(text: str) -> None:
    """A policy proposed by anybody may not hold up everybody."""
    begin = time.process_time()
    with pytest.raises(CompanyFileError) as caught:
        parse_policy(text)
    assert time.process_time() - begin < QUICK_SECONDS
    assert len(str(caught.value)) < SIZE


def test_an_error_does_not_repeat_a_long_value() -> None:
    """What is wrong is shown shortened, in one line."""
    text = changed(("master_function: finance", f'master_function: "x\\n{"y" * 1000}"'))
    (found,) = problems(text)
    assert len(str(found.message)) < 300
    assert "\n" not in found.message


@given(st.text() | st.text(alphabet="[]{}:,-?&*!|>'\"%@` \n\tab01#\\"))
def test_any_text_gives_a_policy_or_a_company_file_error(text: str) -> None:
    """Whatever is sent, nothing else comes out."""
    with suppress(CompanyFileError):
        parse_policy(text)
    with suppress(CompanyFileError):
        parse_principals(text, POLICY)


@given(st.data())
def test_any_change_to_the_shipped_policy_gives_a_policy_or_a_company_file_error(data: st.DataObject) -> None:
    """Near-valid texts reach every section; problems have a line of the text and one line of message."""
    start = data.draw(st.integers(0, len(SHIPPED)))
    end = data.draw(st.integers(start, min(start + 40, len(SHIPPED))))
    pieces = (
        "[]",
        "{}",
        "null",
        "-1",
        "1e999",
        "9" * 30,
        "{a: [b]}",
        "true",
        '"\\0"',
        ": ",
        "\n",
        "*x",
        "é",
        "\u0661",
    )
    text = SHIPPED[:start] + data.draw(st.sampled_from(pieces) | st.text(max_size=20)) + SHIPPED[end:]
    found: tuple[Problem, ...] = ()
    try:
        parse_policy(text)
    except CompanyFileError as error:
        found = error.problems
    assert all(0 <= each.line <= len(text.splitlines()) + 1 for each in found)
    assert all("\n" not in each.message + each.path for each in found)
