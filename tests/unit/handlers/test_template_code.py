"""Compiled templates are kept beside them, and used only while nothing has changed."""

from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest
from jinja2 import Environment, FileSystemLoader, nodes
from jinja2.nodes import EvalContext

from handlers.assets import Assets
from handlers.template_code import TemplateCode
from handlers.templating import Templates
from tests.support.tools import ROOT

OPTIONS = b"as always"


@pytest.fixture(autouse=True)
def writes_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have told Python to write none, or elsewhere."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.setattr("sys.pycache_prefix", None)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "pages" / "it.html"
    path.parent.mkdir()
    path.write_text("once")
    return path


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The names of the templates that were compiled."""
    names: list[str | None] = []
    compiling: Callable = Environment.compile

    def note(self, source, name=None, *rest, **options):
        names.append(name)
        return compiling(self, source, name, *rest, **options)

    monkeypatch.setattr(Environment, "compile", note)
    return names


def render(page: Path, options: bytes = OPTIONS) -> str:
    """Render the page in a new life of the process."""
    environment = Environment(
        loader=FileSystemLoader(page.parents[1]),
        autoescape=True,
        bytecode_cache=TemplateCode(options),
    )
    return environment.get_template("pages/it.html").render()


def find_kept(page: Path) -> list[Path]:
    return sorted((page.parent / "__pycache__").glob("*"))


def test_the_next_start_reads_and_does_not_compile(page: Path, compiled: list[str]):
    assert ["once", "once"] == [render(page), render(page)]
    assert ["pages/it.html"] == compiled
    assert [".jinja"] == [kept.suffix for kept in find_kept(page)]


def test_a_changed_template_is_compiled_anew(page: Path, compiled: list[str]):
    render(page)
    page.write_text("changed")

    assert ["changed", "changed"] == [render(page), render(page)]
    assert 2 == len(compiled)


def test_another_compiler_does_not_take_it(
    page: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
):
    """Neither one that is told otherwise nor another Jinja."""
    render(page)

    render(page, b"otherwise")
    monkeypatch.setattr(jinja2, "__version__", "99.0")
    render(page, b"otherwise")
    assert 3 == len(compiled)


@pytest.mark.parametrize("kept_bytes", [0, 1, 20, 40, 200])
def test_half_a_file_is_passed_over(page: Path, compiled: list[str], kept_bytes: int):
    """A full disk or a power cut may leave one."""
    render(page)
    (kept,) = find_kept(page)
    kept.write_bytes(kept.read_bytes()[:kept_bytes])

    assert ["once", "once"] == [render(page), render(page)]
    assert 2 == len(compiled)


def test_nothing_is_written_where_python_writes_nothing(
    page: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.dont_write_bytecode", True)

    assert "once" == render(page)
    assert [] == find_kept(page)


def test_where_nothing_can_be_written_it_is_compiled_each_time(page: Path, compiled: list[str]):
    """Root may write anywhere, so a file stands where the folder would."""
    (page.parent / "__pycache__").write_text("")

    assert ["once", "once"] == [render(page), render(page)]
    assert 2 == len(compiled)


def test_a_template_of_no_file_is_rendered_too():
    environment = Environment(autoescape=True, bytecode_cache=TemplateCode(OPTIONS))
    environment.loader = jinja2.DictLoader({"it": "from memory"})

    assert "from memory" == environment.get_template("it").render()


def test_no_filter_of_ours_runs_while_a_template_is_compiled():
    """What it made would be kept: in the language, and by the clock, of whoever compiled."""
    ours = Templates(
        folder=ROOT / "templates",
        assets=Assets(ROOT / "static"),
        now=lambda: pytest.fail("compiled with a clock"),
        new_id=lambda: "",
        is_preloaded=False,
    ).environment
    names = ours.filters.keys() - Environment().filters.keys()
    loader = ours.loader
    assert loader is not None

    for template in ours.list_templates(extensions=("html",)):
        source = loader.get_source(ours, template)[0]
        for each in ours.parse(source, template).find_all(nodes.Filter):
            if each.name in names:
                with pytest.raises(nodes.Impossible):
                    each.as_const(EvalContext(ours, template))
