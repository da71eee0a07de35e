"""The demo's cafe as data: Maré Alta, a coffee house with a kitchen on the water in Lisbon.

Data alone: services/setup.py makes the rows, demo/traffic.py brings the guests. The menu lives in
demo/menu.py. Addresses end in `.example`, which nobody can own; there are no passwords here.
"""

from demo.menu import MENU
from domain.drafts import CafeDraft, PersonDraft, StationDraft, TableDraft
from domain.roles import Role

STATIONS = (
    StationDraft(slug="bar", name="Bar", target_s=240),
    StationDraft(slug="cold", name="Cold", target_s=360),
    StationDraft(slug="kitchen", name="Kitchen", target_s=600),
)

TABLES = (
    TableDraft(number=1, label="Table 1", area="Inside", seats=2),
    TableDraft(number=2, label="Table 2", area="Inside", seats=2),
    TableDraft(number=3, label="Table 3", area="Inside", seats=4),
    TableDraft(number=4, label="Table 4", area="Inside", seats=4),
    TableDraft(number=5, label="Window 5", area="Inside", seats=2),
    TableDraft(number=6, label="Window 6", area="Inside", seats=2),
    TableDraft(number=7, label="Long table 7", area="Inside", seats=8),
    TableDraft(number=8, label="Bench 8", area="Inside", seats=3),
    TableDraft(number=9, label="Terrace 9", area="Terrace", seats=4),
    TableDraft(number=10, label="Terrace 10", area="Terrace", seats=4),
    TableDraft(number=11, label="Terrace 11", area="Terrace", seats=2),
    TableDraft(number=12, label="Terrace 12", area="Terrace", seats=6),
)

PEOPLE = (
    PersonDraft(name="Helena Duarte", email="helena@mare-alta.example", role=Role.OWNER),
    PersonDraft(name="Rui Figueira", email="rui@mare-alta.example", role=Role.MANAGER),
    PersonDraft(name="Marta Simões", email="marta@mare-alta.example", role=Role.COUNTER),
    PersonDraft(name="Tomás Lagarto", email="tomas@mare-alta.example", role=Role.EXPO),
    PersonDraft(name="Inês Barroso", email="ines@mare-alta.example", role=Role.KITCHEN),
    PersonDraft(name="Davi Moreira", email="davi@mare-alta.example", role=Role.KITCHEN),
)

CAFE = CafeDraft(
    name="Maré Alta",
    currency="EUR",
    timezone="Europe/Lisbon",
    # Whoever tries the demo wants to see the order in the kitchen at once.
    approve_first_order=False,
    holds_in_grace=False,
    accepts_sandbox=True,
    stations=STATIONS,
    tables=TABLES,
    people=PEOPLE,
    menu=MENU,
)
