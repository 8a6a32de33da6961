"""Tags in the place of values: equal where the values of one field are, and saying nothing else.

The key is made of the store's own id, 122 random bits that no answer holds: without it not even values of
which there are few can be tried out. Another field, or another store, gives another tag.
"""

import hashlib
import hmac

_TAG_DIGITS = 24


class Tags:
    """Makes the tags of one store."""

    def __init__(self, store_id: str) -> None:
        self._key = hmac.digest(store_id.encode(), b"tags of masked values", hashlib.sha256)

    def tag(self, field: str, value: str) -> str:
        """24 hexadecimal digits."""
        said = field.encode() + b"\0" + value.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, said, hashlib.sha256).hex()[:_TAG_DIGITS]
