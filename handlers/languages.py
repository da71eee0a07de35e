"""The languages of guests: which one a phone gets, and the words in it.

English stands in the templates; the others are gettext catalogues below templates/languages/,
read as they are when the process starts, so that nothing has to be compiled and forgotten.
`python -m tests.support.languages` brings them up to date with the templates. Staff read English.
"""

from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.core import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from domain.errors import TableTapError

FOLDER = Path(__file__).parents[1] / "templates" / "languages"
DEFAULT_LOCALE = "en"
LOCALES = (DEFAULT_LOCALE, "de", "es")
# As who speaks it calls it.
LANGUAGE_NAMES = {"en": "English", "de": "Deutsch", "es": "Español"}


def N_(text: str) -> str:  # noqa: N802 - the mark that gettext's tools look for
    """Mark a text that is translated where it is shown."""
    return text


# What a guest may be refused with, by code; the others are told as they are.
_REFUSALS = {
    "sold_out": N_("%(name)s is sold out. Choose something else."),
    "paused": N_("%(name)s is paused for a few minutes. Leave it out, or order it later."),
    "not_enough_left": N_("%(name)s: only %(left)s left. Take fewer or choose something else."),
    "modifier_required": N_("%(name)s: choose at least %(minimum)s."),
    "too_many_modifiers": N_("%(name)s: choose %(maximum)s at most."),
    "unknown_menu_item": N_("There is no such item on the menu. Reload the menu."),
    "price_changed": N_(
        "A price has changed since you looked. Look at the new one and order again."
    ),
    "cart_full": N_("Your order is as long as this phone can keep. Send it first, then add more."),
    "already_sent": N_(
        "This order as it was before you changed it has reached the kitchen. Look at your orders,"
        " take out what is there, then send the rest."
    ),
    "not_your_line": N_("Somebody else ordered this. Ask them, or at the counter."),
    "already_begun": N_("The kitchen has begun with this. Ask at the counter."),
    "grace_over": N_("The time to take this back is over. Ask at the counter."),
    "already_rated": N_("You have told us already. Thank you."),
    "nothing_served": N_("Tell us when you have had it."),
    "payment_under_way": N_(
        "You have begun to pay already. Look how that ended before you pay again."
    ),
    "amount_exceeds_due": N_("That is more than is left to pay. Load the page again."),
    "rate_limit_exceeded": N_("A little slower, please. Try again in a moment."),
    "table_session_closed": N_("This table was closed. Begin a new order."),
}


def choose_locale(accepted: str, chosen: str | None = None) -> str:
    """Choose a language. accepted: a browser's Accept-Language. chosen: what the guest chose."""
    if chosen in LOCALES:
        return chosen
    wanted = [part.split(";")[0].strip() for part in accepted.split(",")]
    found = negotiate_locale([each for each in wanted if each], LOCALES, sep="-")
    return found or next(
        (each.split("-")[0].lower() for each in wanted if each.split("-")[0].lower() in LOCALES),
        DEFAULT_LOCALE,
    )


@lru_cache(maxsize=len(LOCALES))
def load_translations(locale: str) -> NullTranslations:
    """Read a language's catalogue; English has none."""
    if locale == DEFAULT_LOCALE:
        return NullTranslations()
    with (FOLDER / f"{locale}.po").open("rb") as file:
        catalogue = read_po(file, locale=Locale.parse(locale))
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def tell_refusal(error: TableTapError, locale: str) -> str:
    """Say an error to a guest in their language."""
    text = _REFUSALS.get(error.code or "")
    if text is None or locale == DEFAULT_LOCALE:
        return error.message
    try:
        return load_translations(locale).gettext(text) % (error.details or {})
    except KeyError:  # said without what this sentence needs
        return error.message
