"""The README's table of settings and .env.example say what the code says."""

from pathlib import Path

import pytest

from config.reference import describe_settings, render_env_example, render_settings_table
from config.settings import load_settings

_ROOT = Path(__file__).parents[3]


def test_env_example_lists_every_setting_with_its_default():
    """`make references` writes it again after a change."""
    assert (_ROOT / ".env.example").read_text() == render_env_example()


def test_the_readme_lists_every_setting_with_its_default():
    """The table stands between two marks."""
    readme = (_ROOT / "README.md").read_text()

    _, _, rest = readme.partition("<!-- settings -->\n")
    table, end, _ = rest.partition("<!-- /settings -->")

    assert end
    assert table == render_settings_table()


@pytest.mark.parametrize("setting", describe_settings(), ids=lambda setting: setting.name)
def test_a_default_that_is_written_down_reads_back_as_the_default(setting):
    """Uncommenting a line of .env.example changes nothing."""
    assert load_settings({setting.name: setting.default}) == load_settings({})


def test_every_setting_says_what_it_is_for():
    """A name alone explains nothing."""
    assert [setting.name for setting in describe_settings() if len(setting.description) < 20] == []
