"""Write what is generated from the settings: `.env.example` and the README's table.

`make references` runs this; tests/unit/config/test_reference.py fails when it is due.
"""

import re
from pathlib import Path

from config.reference import render_env_example, render_settings_table

_ROOT = Path(__file__).parents[2]
_TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)


def main() -> None:
    """Write both files again."""
    (_ROOT / ".env.example").write_text(render_env_example())
    readme = _ROOT / "README.md"
    readme.write_text(_TABLE.sub(lambda _: render_settings_table(), readme.read_text()))


if __name__ == "__main__":
    main()
