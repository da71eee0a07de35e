"""Brings the catalogues of templates/languages/ up to date: `python -m tests.support.languages`.

New texts get an empty translation, which a test refuses; those that nobody shows any more go. The
files are gettext's, so any editor for them will do.
"""

from collections.abc import Iterator
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from domain.allergens import Allergen
from domain.diets import Diet
from handlers.languages import DEFAULT_LOCALE, FOLDER, LOCALES
from tests.support.tools import ROOT

# Templates and pages have the guests' texts; the keywords are Jinja's and our mark.
_METHODS = [("**.html", "jinja2"), ("languages.py", "python")]
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def build_template() -> Catalog:
    """Gather the texts that guests may read."""
    catalogue = Catalog(charset="utf-8")
    for folder in ("templates", "handlers"):
        for _, _, message, _, _ in extract_from_dir(
            ROOT / folder, _METHODS, {"**.html": {"silent": "false"}}, keywords=_KEYWORDS
        ):
            catalogue.add(message)
    for code in _list_words():
        catalogue.add(code.replace("_", " "))
    return catalogue


def read_catalogue(locale: str) -> Catalog:
    """Read a language as it is kept."""
    with (FOLDER / f"{locale}.po").open("rb") as file:
        return read_po(file, locale=locale)


def write_catalogue(catalogue: Catalog) -> bytes:
    """Write a catalogue as its file holds it: sorted, and without what changes by itself."""
    content = BytesIO()
    write_po(content, catalogue, omit_header=True, no_location=True, sort_output=True, width=0)
    return content.getvalue()


def update_all() -> None:
    """Write every language's file anew."""
    template = build_template()
    for locale in LOCALES:
        if locale != DEFAULT_LOCALE:
            catalogue = read_catalogue(locale)
            catalogue.update(template, no_fuzzy_matching=True)
            catalogue.obsolete.clear()
            (FOLDER / f"{locale}.po").write_bytes(write_catalogue(catalogue))


def _list_words() -> Iterator[str]:
    yield from (each.value for each in Allergen)
    yield from (each.value for each in Diet)


if __name__ == "__main__":
    update_all()
