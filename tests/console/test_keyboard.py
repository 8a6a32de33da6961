"""The keys of the console, in a real browser: lists, sequences, fields, other scripts, and turned off."""

import pytest
from playwright.sync_api import Page, expect

from tests.console.scenes import propose_low
from tests.console.served_console import Console

ANN = "users/ann"
ROW_IN_FOCUS = (
    "[...document.querySelectorAll('[data-row]')].indexOf(document.activeElement.closest('[data-row]'))"
)


@pytest.fixture
def inbox(console: Console, page: Page) -> Page:
    """The inbox of ann, with three proposals."""
    for number in range(3):
        propose_low(console.importer, number)
    console.sign_in(page, ANN)
    page.goto("/inbox?order=age")
    return page


def press_elsewhere(page: Page, key: str, code: str, **more: object) -> None:
    """A key as a keyboard or an input method of another script sends it."""
    event = {"key": key, "code": code, "bubbles": True, "cancelable": True, **more}
    page.evaluate("event => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', event))", event)


def test_rows_are_walked_and_opened(inbox: Page) -> None:
    """j and k move within the list and stop at its ends; the arrows go on from there; Enter opens."""
    walked = []
    for key in ("j", "j", "j", "j", "k", "ArrowUp", "ArrowDown"):
        inbox.keyboard.press(key)
        walked.append(inbox.evaluate(ROW_IN_FOCUS))
    assert walked == [0, 1, 2, 2, 1, 0, 1]
    address = inbox.locator("[data-row-link]").nth(1).get_attribute("href")
    inbox.keyboard.press("Enter")
    inbox.wait_for_url(f"**{address}")


def test_the_dialog_lists_the_keys_of_the_page(inbox: Page) -> None:
    """What the page has, what all have, and how a list is walked; while it is open no key does anything."""
    inbox.keyboard.press("?")
    dialog = inbox.locator("#keys")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[data-keys=page]")).to_contain_text("All open")
    expect(dialog.locator("[data-keys=everywhere]")).to_contain_text("Overview")
    expect(dialog.locator("[data-keys=list]")).to_contain_text("Next row")
    expect(dialog.locator("[data-keys-boxes]")).to_be_hidden()
    inbox.keyboard.press("j")
    assert inbox.evaluate(ROW_IN_FOCUS) == -1
    inbox.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_in_a_field_keys_are_letters(inbox: Page) -> None:
    """Whatever is typed into a field stays there, and Escape leaves it."""
    inbox.goto(inbox.locator("[data-row-link]").first.get_attribute("href") or "")
    address = inbox.url
    inbox.keyboard.press("c")
    inbox.keyboard.type("a rjd?/gi")
    comment = inbox.locator("#decide-comment")
    expect(comment).to_have_value("a rjd?/gi")
    expect(comment).to_be_focused()
    inbox.keyboard.press("Escape")
    expect(comment).not_to_be_focused()
    assert inbox.url == address


def test_two_keys_after_one_another_go_somewhere(inbox: Page) -> None:
    """g and then m leads to the merges."""
    inbox.keyboard.press("g")
    inbox.keyboard.press("m")
    inbox.wait_for_url("**/merges")


@pytest.mark.parametrize("how", ["ctrlKey", "metaKey", "altKey", "isComposing"])
def test_keys_of_the_browser_and_of_input_methods_are_theirs(inbox: Page, how: str) -> None:
    """With a modifier key, or while a character is composed, nothing happens here."""
    press_elsewhere(inbox, "j", "KeyJ", **{how: True})
    assert inbox.evaluate(ROW_IN_FOCUS) == -1


def test_keys_are_where_they_are_on_other_keyboards(inbox: Page) -> None:
    """On a Cyrillic keyboard the key where j is moves on, and the one where c is enters the comment."""
    press_elsewhere(inbox, "\u043e", "KeyJ")
    assert inbox.evaluate(ROW_IN_FOCUS) == 0
    inbox.keyboard.press("Enter")
    inbox.wait_for_url("**/proposals/**")
    press_elsewhere(inbox, "\u0441", "KeyC")
    expect(inbox.locator("#decide-comment")).to_be_focused()


def test_keys_of_one_letter_can_be_turned_off(inbox: Page) -> None:
    """For good, in this browser, and on again from the menu; WCAG 2.1.4 asks for it."""
    inbox.keyboard.press("?")
    inbox.locator("[data-keys-toggle]").uncheck()
    inbox.keyboard.press("Escape")
    inbox.reload()
    inbox.keyboard.press("j")
    inbox.keyboard.press("?")
    assert inbox.evaluate(ROW_IN_FOCUS) == -1
    expect(inbox.locator("#keys")).to_be_hidden()
    inbox.locator(".who summary").click()
    inbox.locator("[data-keys-open]").click()
    inbox.locator("[data-keys-toggle]").check()
    inbox.keyboard.press("Escape")
    inbox.keyboard.press("j")
    assert inbox.evaluate(ROW_IN_FOCUS) == 0
