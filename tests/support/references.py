"""Write what is generated: `.env.example`, the README's table, the messages and the rights.

`make references` runs this; tests/unit/config/test_reference.py and tests/protocol fail when it
is due.
"""

import re
from pathlib import Path

from config.reference import render_env_example, render_settings_table
from tests.support.protocol_reference import write_reference
from tests.support.rights_reference import write_rights

_ROOT = Path(__file__).parents[2]
_TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)


def main() -> None:
    """Write all of them again."""
    (_ROOT / ".env.example").write_text(render_env_example())
    readme = _ROOT / "README.md"
    readme.write_text(_TABLE.sub(lambda _: render_settings_table(), readme.read_text()))
    write_reference()
    write_rights()


if __name__ == "__main__":
    main()
