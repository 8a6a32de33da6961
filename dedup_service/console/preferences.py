"""What somebody prefers, kept in cookies of their browser: the language, dark or light, the time zone."""

LANGUAGE_COOKIE = "dedup_language"
THEME_COOKIE = "dedup_theme"
# Written by the page's script, which alone knows it.
ZONE_COOKIE = "dedup_zone"
THEMES = ("light", "dark")
KEPT_SECONDS = 365 * 24 * 60 * 60


def theme_of(cookie: str) -> str:
    """`light`, `dark`, or empty for what the system says."""
    return cookie if cookie in THEMES else ""
