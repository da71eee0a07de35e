"""The settings as text for people: the README's table and `.env.example`, made from the types.

tests/unit/config/test_reference.py holds both files to this, so that neither can go stale.
"""

import textwrap
from pathlib import Path
from typing import Any, get_args

import msgspec

from config.settings import Settings, describe_limits, field_types, variable_name


class SettingDescription(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. default: as it would be written in `.env`, empty for none."""

    name: str
    default: str
    limits: str
    description: str


def describe_settings() -> list[SettingDescription]:
    """Describe every setting, in the order of declaration."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    return [
        SettingDescription(
            name=variable_name(name),
            default=_write_default(defaults[name]),
            limits=describe_limits(kind),
            description=get_args(kind)[1].description,
        )
        for name, kind in field_types().items()
    ]


def render_settings_table() -> str:
    """Make the Markdown table that stands between the README's `<!-- settings -->` marks."""
    rows = [
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else ''} "
        f"| {setting.limits} | {setting.description} |"
        for setting in describe_settings()
    ]
    return "\n".join(["| name | default | value | meaning |", "|---|---|---|---|", *rows]) + "\n"


def render_env_example() -> str:
    """Make `.env.example`: every setting with its default, commented out."""
    head = (
        "# Settings of TableTap. Copy to .env and change what you need: what stands here is the\n"
        "# default of each. The environment wins over this file. Unknown names stop the start.\n"
    )
    return head + "".join(_render_env_entry(setting) for setting in describe_settings())


def _render_env_entry(setting: SettingDescription) -> str:
    text = textwrap.wrap(f"{setting.description} Value: {setting.limits}.", width=96)
    lines = [f"# {line}" for line in text] + [f"#{setting.name}={setting.default}"]
    return "\n" + "\n".join(lines) + "\n"


def _write_default(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return value.as_posix() if isinstance(value, Path) else str(value)
