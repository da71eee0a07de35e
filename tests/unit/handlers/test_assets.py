"""Files as they travel: addresses by content, bundles, imports, and what is left out of scripts."""

import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest

from handlers.assets import Assets
from tests.support.tools import NODE_MODULES, ROOT, find_node

# Prints the names of scripts that are other programs than their sources; comments are none.
_COMPARE = """
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
const ts = createRequire(process.argv[1])('typescript');
const printer = ts.createPrinter({ removeComments: true });
const parse = (text) => ts.createSourceFile('it.js', text, ts.ScriptTarget.ESNext);
const print = (text) => printer.printFile(parse(text));
for (const [name, source, sent] of JSON.parse(readFileSync(0, 'utf8'))) {
  if (print(source) !== print(sent)) console.log(name);
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "js/core/a.js": "/** @import {b} from './c.js' */\nimport {\n  b,\n} from './b.js';\n",
        "js/core/b.js": "// No import './c.js';\nexport function b() { return '.c'; }\n",
        "js/core/c.js": "export const c = 1;\n",
        "js/page.js": "import './core/a.js';\nexport { b } from './core/b.js';\n",
        "css/one.css": "/* Red. */\n.a {\n  color: red;\n}\n",
        "css/two.css": ".b { color: blue; }\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.fixture
def assets(folder: Path) -> Assets:
    return Assets(folder)


def change(folder: Path, path: str, text: str) -> None:
    (folder / path).write_text(text)
    os.utime(folder / path, ns=(1, 1))


def test_an_address_changes_with_the_content(assets, folder):
    """The hash belongs to what is in the file, so a kept copy is never stale."""
    before, other = assets.url("js/core/b.js"), assets.url("js/core/a.js")

    change(folder, "js/core/b.js", "export const b = 2;")

    assert assets.url("js/core/b.js") != before
    assert assets.url("js/core/a.js") == other


def test_a_bundle_is_its_parts_in_their_order(assets, folder):
    """And follows each of them."""
    assets.bundle("sheets/it.css", ["css/two.css", "css/one.css"])
    before = assets.find("sheets/it.css")

    change(folder, "css/one.css", ".a { color: green; }")

    after = assets.find("sheets/it.css")
    assert after.content == b".b { color: blue; }\n\n.a { color: green; }"
    assert after.packed is not None
    assert gzip.decompress(after.packed) == after.content
    assert after.content_type == "text/css; charset=utf-8"
    assert before.version != after.version


def test_modules_are_what_a_script_imports(assets, folder):
    """Each once, by whatever way; what a comment names is none. New imports are found."""
    assert assets.list_modules("js/page.js") == ("js/page.js", "js/core/a.js", "js/core/b.js")

    change(folder, "js/core/b.js", "import { c } from './c.js';\nexport const b = c;\n")

    assert assets.list_modules("js/page.js")[3:] == ("js/core/c.js",)
    assert json.loads(assets.build_import_map("js/page.js"))["imports"] == {
        f"/static/{path}": assets.url(path) for path in assets.list_modules("js/page.js")
    }


@pytest.mark.parametrize("path", ["css/missing.css", "css", "../x", "css/../../x", "/etc/passwd"])
def test_what_is_no_file_of_the_folder_is_an_error(assets, path):
    """A template that names a missing file fails where it is rendered; nothing leads outside."""
    with pytest.raises(FileNotFoundError):
        assets.find(path)


def test_every_script_is_sent_as_it_was_written():
    """Without its comments it is the same program, line by line, by TypeScript's parser."""
    assets = Assets(ROOT / "static")
    scripts = []
    for file in sorted((ROOT / "static" / "js").rglob("*.js")):
        path = file.relative_to(ROOT / "static").as_posix()
        source, sent = file.read_text(), assets.find(path).content.decode()
        assert source.count("\n") == sent.count("\n"), path
        assert "@ts-check" not in sent, path
        scripts.append((path, source, sent))
    assert scripts

    done = subprocess.run(
        [find_node().program, "--input-type=module", "--eval", _COMPARE, NODE_MODULES / "x"],
        input=json.dumps(scripts),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
