"""Settings: read once, all mistakes named at once."""

import logging
from dataclasses import fields
from pathlib import Path

import pytest

from dedup_service.settings import SETTINGS, Settings, SettingsError, markdown_table


def problems(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ)
    return caught.value.problems


def test_an_empty_environment_means_embedded_servers() -> None:
    """Nothing needs to be set, and then reflection is on."""
    settings = Settings.from_environment({"PATH": "/bin"})
    assert settings.listen == "127.0.0.1:50051"
    assert settings.data_dir == Path(".dedup")
    assert settings.embedded_postgres
    assert settings.embedded_valkey
    assert settings.reflection
    assert not settings.allow_unsafe_durability
    assert settings.log_level == logging.INFO


def test_reflection_is_off_where_a_production_server_is_given() -> None:
    """A server URL turns reflection off, unless it is asked for."""
    given = {"DEDUP_DATABASE_URL": "postgresql://db/dedup"}
    assert not Settings.from_environment(given).reflection
    assert Settings.from_environment({**given, "DEDUP_REFLECTION": "yes"}).reflection


def test_every_bad_setting_is_named_at_once() -> None:
    """One error names all bad settings and says what to write."""
    found = problems(DEDUP_LISTEN="nowhere", DEDUP_POOL_SIZE="many", DEDUP_POLICY="/no/such.yaml")
    assert found == (
        "DEDUP_LISTEN is 'nowhere': write HOST:PORT, such as 127.0.0.1:50051",
        "DEDUP_POLICY is '/no/such.yaml': there is no such file; write the path of a YAML file",
        "DEDUP_POOL_SIZE is 'many': write a whole number from 2 to 200",
    )


def test_a_misspelt_setting_is_an_error_with_the_likely_name() -> None:
    """An unknown DEDUP_ variable is refused, not ignored."""
    assert problems(DEDUP_GRACE_SECOND="3") == (
        "DEDUP_GRACE_SECOND is no setting: did you mean DEDUP_GRACE_SECONDS?",
    )


def test_a_password_is_not_repeated() -> None:
    """The error about a server URL does not show the URL."""
    (found,) = problems(DEDUP_REDIS_URL="http://user:hunter2@host")
    assert "hunter2" not in found
    assert "redis://" in found


@pytest.mark.parametrize("text", ["nan", "-1", "inf", "soon"])
def test_times_are_finite_and_positive(text: str) -> None:
    """A duration that is no usable number is refused."""
    assert len(problems(DEDUP_GRACE_SECONDS=text)) == 1


def test_the_table_has_every_setting() -> None:
    """The settings, the object and the manual's table have the same entries."""
    assert [setting.attribute for setting in SETTINGS] == [each.name for each in fields(Settings)]
    assert all(f"`{setting.name}`" in markdown_table() for setting in SETTINGS)


def test_the_console_is_served_to_this_machine_alone() -> None:
    """Its demo sign-in asks for no password, so no other address is taken; `none` leaves it out."""
    assert Settings.from_environment({}).console_listen == "127.0.0.1:8080"
    assert Settings.from_environment({"DEDUP_CONSOLE_LISTEN": "[::1]:0"}).console_listen == "[::1]:0"
    assert Settings.from_environment({"DEDUP_CONSOLE_LISTEN": "none"}).console_listen == ""
    (found,) = problems(DEDUP_CONSOLE_LISTEN="0.0.0.0:8080")
    assert "it asks no password" in found


def test_a_short_secret_is_refused_and_not_repeated() -> None:
    """What signs the cookies must not be guessed, nor stand in an error."""
    (found,) = problems(DEDUP_CONSOLE_SECRET="hunter2")
    assert "32 characters" in found
    assert "hunter2" not in found
