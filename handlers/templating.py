"""Jinja2 for pages and fragments: the environment, and what templates may call.

Autoescape is on and unknown names are errors. Rendering is synchronous, so the locale and the
cafe's time zone travel beside it in a context variable: a macro that was imported once and kept
still formats for whoever is being served. templates/README.md lists the names defined here.
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, get_currency_precision
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from domain.handing_over import build_pass_order, list_handed_over
from domain.identifiers import NewId
from domain.kitchen import combine_lines
from domain.money import write_typed_amount
from domain.payments import PayPart, list_pay_parts
from domain.replay import Timeline
from handlers.assets import Assets
from handlers.charts import (
    TimelineChart,
    build_bar_chart,
    build_timeline_chart,
    find_percent,
)
from handlers.languages import (
    DEFAULT_LOCALE,
    LANGUAGE_NAMES,
    LOCALES,
    N_,
    choose_locale,
    load_translations,
)
from handlers.template_code import TemplateCode

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class _Reader(msgspec.Struct, frozen=True):
    """For whom something is being rendered. at: the moment that is shown, where it is not now."""

    locale: Locale
    time_zone: tzinfo
    translations: NullTranslations
    at: datetime | None = None


_reader: ContextVar[_Reader] = ContextVar("template_reader")


class Templates:
    """Renders pages, and the same macros alone as fragments of messages."""

    def __init__(
        self,
        *,
        folder: Path,
        assets: Assets,
        now: Callable[[], datetime],
        new_id: NewId,
        is_preloaded: bool = True,
    ) -> None:
        """is_preloaded: load all templates now, and not on the loop at the first guest: 0.1 s, but
        1.5 s where they must be compiled. Tests that show few pages say no."""
        self._assets = assets
        self.environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            # This file says how templates are compiled.
            bytecode_cache=TemplateCode(Path(__file__).read_bytes()),
        )
        # Newstyle: a text is markup, and what is put into it is escaped.
        self.environment.install_gettext_callables(  # type: ignore[attr-defined]
            _translate, _translate_count, newstyle=True
        )
        self.environment.globals |= {
            "asset": assets.url,
            "modules": assets.list_modules,
            "import_map": self._write_import_map,
            "sheets": self._list_sheets,
            "new_id": new_id,
            "N_": N_,
            "LANGUAGE_NAMES": LANGUAGE_NAMES,
        }
        self.environment.filters |= {
            "money": format_money,
            "amount": format_amount,
            "short_amount": format_short_amount,
            "typed_amount": write_typed_amount,
            "number": format_number,
            "pay_parts": _list_pay_parts,
            "time_of_day": format_time_of_day,
            "clock_time": format_clock_time,
            "long_date": format_long_date,
            "day": format_day,
            "iso": format_iso,
            "epoch_ms": format_epoch_ms,
            "moment": lambda at: format_moment(at, _find_reader().at or now()),
            "is_today": lambda at: is_today(at, _find_reader().at or now()),
            "age_s": lambda at: int(((_find_reader().at or now()) - at).total_seconds()),
            "json_attribute": encode_json,
            "bar_chart": build_bar_chart,
            "timeline_chart": _build_timeline_chart,
            "percent_of": find_percent,
            "word": translate_word,
            "ticket_lines": combine_lines,
            "pass_order": build_pass_order,
            "handed_over": list_handed_over,
        }
        if is_preloaded:
            for name in self.environment.list_templates(extensions=("html",)):
                self.environment.get_template(name)
                self._list_sheets(name)

    def render_page(
        self,
        template: str,
        *,
        locale: str,
        time_zone: str,
        nonce: str,
        shown_at: datetime | None = None,
        **context: Any,
    ) -> str:
        """Render a whole page. template: below templates/. nonce: of this answer's policy.

        shown_at: ages are of that moment, for a page of the past. Any thread may call it.
        """
        reader = _make_reader(locale, time_zone)
        if shown_at is not None:
            reader = msgspec.structs.replace(reader, at=shown_at)
        token = _reader.set(reader)
        try:
            return self.environment.get_template(template).render(
                csp_nonce=nonce,
                template=template,
                locale=str(reader.locale).replace("_", "-"),
                direction=reader.locale.text_direction,
                time_zone=time_zone,
                **context,
            )
        finally:
            _reader.reset(token)

    def render_fragment(
        self, component: str, view: Any, locale: str = DEFAULT_LOCALE, time_zone: str = "UTC"
    ) -> str:
        """Render one card: the macro of the component's name with the view as its argument."""
        token = _reader.set(_make_reader(locale, time_zone))
        try:
            module = self.environment.get_template(f"components/{component}.html").module
            return str(getattr(module, component)(view)).strip()
        finally:
            _reader.reset(token)

    def _list_sheets(self, template: str) -> list[str]:
        """List where a template's style sheets are: joined to one, or nowhere where it has none.

        Its own block `styles` names them. The address names the template, so that any process
        knows what is in it.
        """
        block = self.environment.get_template(template).blocks.get("styles")
        names = "".join(block(Context(self.environment, {}, template, {}))).split() if block else []
        if not names:
            return []
        path = f"sheets/{template.removesuffix('.html')}.css"
        self._assets.bundle(path, [f"css/{name}.css" for name in names])
        return [self._assets.url(path)]

    def _write_import_map(self, script: str) -> Markup:
        return Markup(self._assets.build_import_map(script))  # noqa: S704 - our own JSON, "<" escaped


@pass_context
def translate_word(_: Context, code: str) -> str:
    """Name a diet or an allergen to whoever reads: its code is the English word.

    With the context, or a constant's word would be that of whoever compiled the template.
    """
    return _translate(code.replace("_", " "))


def format_money(minor: int, currency: str) -> str:
    """Write an amount of minor units with its currency's sign: `€3.90`."""
    text: str = format_currency(_to_major(minor, currency), currency, locale=_find_reader().locale)
    return text


def format_amount(minor: int, currency: str) -> str:
    """Write an amount of minor units without a sign: `3.90`."""
    digits = "0" * get_currency_precision(currency)
    pattern = f"#,##0.{digits}" if digits else "#,##0"
    text: str = format_decimal(
        _to_major(minor, currency), format=pattern, locale=_find_reader().locale
    )
    return text


def format_short_amount(minor: int, currency: str) -> str:
    """Write a round amount for the edge of a chart: `125`, `2.5`."""
    text: str = format_decimal(_to_major(minor, currency), locale=_find_reader().locale)
    return text


def format_number(value: float) -> str:
    """Write a figure as its readers do: `11.4`."""
    text: str = format_decimal(value, locale=_find_reader().locale)
    return text


def format_time_of_day(at: datetime) -> str:
    """Write hours and minutes by the cafe's clock: `12:47`."""
    return _format_time(at, "HH:mm")


def format_clock_time(at: datetime) -> str:
    """Write a moment to the second by the cafe's clock: `12:47:05`."""
    return _format_time(at, "HH:mm:ss")


def format_moment(at: datetime, now: datetime) -> str:
    """Write when something was: `12:47` today, `22 Nov, 12:47` before."""
    text = format_time_of_day(at)
    if is_today(at, now):
        return text
    reader = _find_reader()
    local = at.astimezone(reader.time_zone).date()
    return f"{format_date(local, 'd MMM', locale=reader.locale)}, {text}"


def is_today(at: datetime, now: datetime) -> bool:
    """Say whether a moment is of the day that it is in the cafe, by the calendar."""
    zone = _find_reader().time_zone
    return at.astimezone(zone).date() == now.astimezone(zone).date()


def format_long_date(day: date) -> str:
    """Write a day in words: `Monday 23 November`."""
    text: str = format_date(day, "EEEE d MMMM", locale=_find_reader().locale)
    return text


def format_day(at: datetime) -> str:
    """Write the day by the cafe's calendar, as on a receipt: `23 Nov 2026`."""
    reader = _find_reader()
    text: str = format_date(at.astimezone(reader.time_zone).date(), "d MMM y", locale=reader.locale)
    return text


def format_iso(at: datetime) -> str:
    """Write a moment for a `datetime` attribute, in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def format_epoch_ms(at: datetime) -> int:
    """Return a moment as whole milliseconds since 1970, for ranks."""
    return (at - _UNIX_EPOCH) // _MILLISECOND


def encode_json(value: Any) -> str:
    """Encode a view or a dict of views for a data attribute; autoescape does the quoting."""
    return msgspec.json.encode(value).decode()


def _format_time(at: datetime, pattern: str) -> str:
    reader = _find_reader()
    text: str = format_time(
        at.astimezone(reader.time_zone), pattern, tzinfo=reader.time_zone, locale=reader.locale
    )
    return text


def _translate(text: str) -> str:
    return _find_reader().translations.gettext(text)


def _translate_count(singular: str, plural: str, count: int) -> str:
    return _find_reader().translations.ngettext(singular, plural, count)


def _build_timeline_chart(timeline: Timeline) -> TimelineChart:
    """Lay out a wall's day; its hours are those of the cafe's clock."""
    return build_timeline_chart(timeline, _find_reader().time_zone)


def _find_reader() -> _Reader:
    """Return for whom is being rendered; outside of a rendering, for nobody in particular."""
    return _reader.get(None) or _make_reader(DEFAULT_LOCALE, "UTC")


def _list_pay_parts(minor: int, currency: str) -> list[PayPart]:
    """List equal shares of an amount, with the notes that a guest may give for each."""
    return list_pay_parts(minor, minor_per_unit=10 ** get_currency_precision(currency))


def _to_major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-get_currency_precision(currency))


@lru_cache(maxsize=256)
def _make_reader(locale: str, time_zone: str) -> _Reader:
    chosen = locale if locale in LOCALES else choose_locale(locale)
    try:
        zone: tzinfo = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    return _Reader(Locale.parse(chosen), zone, load_translations(chosen))
