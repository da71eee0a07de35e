"""Settings: what is read from where, and what is said about what cannot be used."""

from pathlib import Path

import pytest

from config.settings import SettingsError, load_settings


def _faults(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environment)
    return caught.value.faults


def test_nothing_set_gives_a_sqlite_file_in_the_data_folder():
    """A first start needs no configuration."""
    settings = load_settings({})

    assert settings.database_url == "sqlite:///data/tabletap.db"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.uses_sqlite
    assert not settings.is_secure


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path):
    """Each source overrides the ones that are further away from the person."""
    env_file = tmp_path / ".env"
    env_file.write_text(
        'TABLETAP_PORT=1111\nTABLETAP_HOST="::1"\nexport TABLETAP_LOG_LEVEL=debug\n'
    )

    settings = load_settings(
        {"TABLETAP_PORT": "2222", "TABLETAP_LOG_LEVEL": "error"},
        env_file=env_file,
        overrides={"port": 3333, "data_dir": None},
    )

    assert settings.port == 3333
    assert settings.log_level == "error"
    assert settings.host == "::1"
    assert settings.public_url == "http://[::1]:3333"


def test_every_fault_is_reported_at_once():
    """Somebody who mends a configuration does it in one go."""
    faults = _faults(
        {
            "TABLETAP_PORT": "70000",
            "TABLETAP_OPERATION_TIMEOUT_S": "nan",
            "TABLETAP_LOG_FORMAT": "xml",
            "TABLETAP_PROT": "80",
            "TABLETAP_MODE": "production",
            "TABLETAP_TRUSTED_PROXIES": "10.0.0.0/8, proxy",
        }
    )

    assert faults == [
        "TABLETAP_PORT must be a whole number from 0 to 65535; '70000' is not.",
        "TABLETAP_OPERATION_TIMEOUT_S must be a number above 0, up to 60; 'nan' is not.",
        "TABLETAP_LOG_FORMAT must be text or json; 'xml' is not.",
        "TABLETAP_PROT is not a setting of TableTap. Did you mean TABLETAP_PORT?",
        "TABLETAP_PUBLIC_URL must be an https address in production: without it sign-ins would "
        "travel in the clear.",
        "TABLETAP_TRUSTED_PROXIES: 'proxy' is neither an address nor a network like 10.0.0.0/8.",
    ]


def test_an_empty_value_means_the_default():
    """Compose files write `TABLETAP_PORT=` for what is not set."""
    assert load_settings({"TABLETAP_PORT": " "}).port == 8000


def test_other_programs_variables_are_left_alone():
    """Only names with our prefix are ours."""
    assert load_settings({"PORT": "http", "HOME": "/nowhere"}) == load_settings({})


def test_a_wrong_database_url_is_named_without_its_password():
    """A fault is printed, and what is printed ends in a log."""
    faults = _faults({"TABLETAP_DATABASE_URL": "mysql://cafe:hunter2@db/cafe"})

    assert len(faults) == 1
    assert faults[0].startswith("TABLETAP_DATABASE_URL must begin with")
    assert "hunter2" not in faults[0]


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "postgresql://db", "postgresql://db/", "cafe.db"]
)
def test_a_database_url_without_a_database_is_refused(url: str):
    """It would otherwise fail much later, in words of the driver."""
    assert len(_faults({"TABLETAP_DATABASE_URL": url})) == 1


def test_the_sources_name_for_the_origins_works():
    """ALLOWED_ORIGINS is what the source specification calls it."""
    settings = load_settings({"ALLOWED_ORIGINS": "https://a.example, http://localhost:3000,"})

    assert settings.allowed_origins == ("https://a.example", "http://localhost:3000")


def test_two_different_lists_of_origins_are_refused():
    """Nobody could know which one holds."""
    faults = _faults(
        {
            "ALLOWED_ORIGINS": "https://a.example",
            "TABLETAP_ALLOWED_ORIGINS": "https://b.example",
        }
    )

    assert faults == [
        "ALLOWED_ORIGINS and TABLETAP_ALLOWED_ORIGINS are both set and differ; "
        "keep TABLETAP_ALLOWED_ORIGINS."
    ]


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "https://*.example",
        "https://a.example/",
        "https://a.example/path",
        "https://A.example",
        "https://user@a.example",
        "https://a.example:99999",
        "ftp://a.example",
        "a.example",
        "https://[::1",
    ],
)
def test_what_no_browser_sends_is_no_origin(origin: str):
    """Origins are compared exactly, so a wrong spelling would never match."""
    faults = _faults({"TABLETAP_ALLOWED_ORIGINS": origin})

    assert len(faults) == 1
    assert repr(origin) in faults[0]


def test_production_with_https_starts_and_is_secure():
    """The address that browsers use decides about Secure cookies."""
    settings = load_settings(
        {"TABLETAP_MODE": "production", "TABLETAP_PUBLIC_URL": "https://cafe.example/"}
    )

    assert settings.public_url == "https://cafe.example"
    assert settings.is_production
    assert settings.is_secure


def test_a_free_port_leaves_the_address_to_whoever_binds_it():
    """Port 0 is not an address that anybody could open."""
    assert load_settings({"TABLETAP_PORT": "0"}).public_url == ""
