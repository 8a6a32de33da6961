"""What a browser calls itself, as people know it: "Firefox 140, Linux"."""

import re

# The most telling first: Edge and Opera also call themselves Chrome, and all but Firefox Safari.
_PROGRAMS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"\b(?:OPR|Opera)/(\d+)"),
    ("Samsung Internet", r"\bSamsungBrowser/(\d+)"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"\b(?:Headless)?(?:Chrome|CriOS)/(\d+)"),
    ("Safari", r"\bVersion/(\d+)[\d.]* (?:Mobile/\w+ )?Safari/"),
)
_SYSTEMS = (
    ("Android", r"\bAndroid\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)


def browser_name(user_agent: str) -> str:
    """Program with its version, and system; the words themselves where they name no known program."""
    for program, pattern in _PROGRAMS:
        if found := re.search(pattern, user_agent):
            system = next((name for name, sign in _SYSTEMS if re.search(sign, user_agent)), "")
            return ", ".join(filter(None, (f"{program} {found[1]}", system)))
    return user_agent
