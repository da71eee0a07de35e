"""The route table: everything that the REST API answers, in one place.

handlers/routes.py makes Tornado's rules of it, handlers/api/openapi.py the document, the page at
/api/docs the reference, and the tests go through it row by row.
"""

from handlers.api import (
    audit,
    authentication,
    board,
    devices,
    kitchen,
    menu,
    notifications,
    orders,
    payments,
    staff,
    tables,
)
from handlers.api.route import Route

ROUTES: tuple[Route, ...] = (
    *authentication.ROUTES,
    *tables.ROUTES,
    *menu.ROUTES,
    *orders.ROUTES,
    *payments.ROUTES,
    *kitchen.ROUTES,
    *board.ROUTES,
    *staff.ROUTES,
    *devices.ROUTES,
    *notifications.ROUTES,
    *audit.ROUTES,
)


def list_paths() -> dict[str, dict[str, Route]]:
    """Group the table by address: pattern -> method -> row."""
    paths: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        paths.setdefault(route.pattern, {})[route.method] = route
    return paths
