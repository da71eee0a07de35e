"""What somebody must know to use the demo: links and sign-ins, as `demo --json` prints them.

services/demo.py makes it, scripts and the simulated guests in demo/ use it.
"""

from domain.roles import Role
from domain.views.base import View


class DemoAccount(View, frozen=True, kw_only=True):
    role: Role
    name: str
    email: str
    password: str


class DemoTable(View, frozen=True, kw_only=True):
    number: int
    label: str
    link: str


class DemoStation(View, frozen=True, kw_only=True):
    id: str
    name: str
    slug: str
    link: str


class DemoDescription(View, frozen=True, kw_only=True):
    """What `demo --json` prints, in one line."""

    url: str
    cafe_ids: list[str]
    accounts: list[DemoAccount]
    tables: list[DemoTable]
    stations: list[DemoStation]
    counter: str
    board: str
    admin: str
    sign_in: str
