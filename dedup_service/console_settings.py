"""The settings of the console, and what of them does not go together with the rest."""

from collections.abc import Iterator, Mapping
from typing import Any

from dedup_service import setting_values as read
from dedup_service.identity_settings import TOKENS
from dedup_service.setting_values import Setting

CONSOLE_SETTINGS = (
    Setting(
        "DEDUP_CONSOLE_LISTEN",
        "127.0.0.1:8080",
        "Address that the console is served at; of this machine alone unless people sign in with "
        f"`{TOKENS}`. `none` for no console.",
        read.address_or_none,
    ),
    Setting(
        "DEDUP_CONSOLE_URL",
        "",
        "What browsers know the console by, such as `https://desk.example.com`, for the sign-in at the "
        "provider: no other name is answered.",
        read.site_url,
    ),
    Setting(
        "DEDUP_CONSOLE_SECRET",
        "",
        "Signs the cookies of the console, 32 characters or more; when empty one is drawn at each start, and "
        "everybody signs in again.",
        read.secret,
    ),
)


def console_contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the settings taken together; `values` are those of every setting by attribute."""
    listen, url = values["console_listen"], values["console_url"]
    if not listen or read.is_loopback(listen):
        return
    if TOKENS not in values["authentication"]:
        yield (
            f"DEDUP_CONSOLE_LISTEN is {listen!r}: the demo sign-in is for this machine alone, since "
            "it asks no password; write a port of 127.0.0.1, or have people sign in with "
            f"DEDUP_AUTHENTICATION={TOKENS}"
        )
    elif url and not url.startswith("https://"):
        yield f"DEDUP_CONSOLE_URL is {url!r}: browsers of other machines need https"
