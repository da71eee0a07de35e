"""The browser's table of close codes is the server's."""

import subprocess

import msgspec

from client.connection import STOPPING_CODES
from realtime.close_codes import CLOSE_RULES
from tests.support.tools import ROOT, find_node

_PRINT = """
import { CLOSE_RULES } from './static/js/core/protocol.js';
console.log(JSON.stringify(CLOSE_RULES));
"""


def test_the_browser_knows_every_close_code_by_its_name():
    """Same codes, same names, same answer to "may it come back"."""
    printed = subprocess.run(
        [find_node().program, "--input-type=module", "--eval", _PRINT],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    browser = {
        int(code): (rule["name"], rule["comesBack"])
        for code, rule in msgspec.json.decode(printed).items()
    }

    assert {
        int(code): (rule.name, rule.comes_back) for code, rule in CLOSE_RULES.items()
    } == browser


def test_the_python_client_stops_where_the_table_says_so():
    """It goes by the range, as docs/protocol.md allows."""
    for code, rule in CLOSE_RULES.items():
        assert rule.comes_back is (code not in STOPPING_CODES)
