"""How a kind of sentence is written down: once, or once for one and once for several."""


def one(message: str) -> tuple[str, str]:
    """A sentence that does not change with a number."""
    return message, ""


def several(singular: str, plural: str) -> tuple[str, str]:
    """A sentence that goes by its `{count}`."""
    return singular, plural
