"""Cells of the tables that people open in a spreadsheet."""

# What a spreadsheet takes for a formula, or for the separator before one; the last four are the wide forms.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plain_cell(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would carry it out."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text
