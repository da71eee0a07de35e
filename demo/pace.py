"""How busy the demo is: how often guests come, and how much faster than life staff works."""

from domain.drafts import Draft


class Pace(Draft, frozen=True, kw_only=True):
    """One degree of business.

    orders_per_minute: guests that arrive, on average; additional rounds come on top. speed: how
    much faster than real dishes are cooked. hands: how many tickets a station works on at once.
    notice_s: longest time until a free cook takes up a new ticket.
    seated_share: of the orders that are placed at tables, the rest being counter sales.
    phone_share: of the guests at tables, who pay on their phones; the others pay at the counter.
    complaint_share: of those who paid, who get a part of it back.
    """

    orders_per_minute: float
    speed: float
    hands: int
    seated_share: float
    second_round_share: float = 0.2
    void_share: float = 0.03
    recall_share: float = 0.03
    line_by_line_share: float = 0.4
    phone_share: float = 0.7
    complaint_share: float = 0.03
    notice_s: float = 3.0
    handover_s: float = 2.0
    look_at_menu_s: float = 3.0
    linger_s: float = 4.0


# What a guest sees happen within a minute or two, without being rushed.
CALM = Pace(orders_per_minute=4, speed=5, hands=3, seated_share=0.75)
# Above the twenty orders a minute that the product promises to stand, with room for chance: at a
# mean of 24, ten minutes bring fewer than 200 orders once in two hundred runs. At this speed and
# with these hands the stations are about half busy, so nothing piles up.
RUSH = Pace(
    orders_per_minute=24,
    speed=25,
    hands=6,
    seated_share=0.5,
    notice_s=1.5,
    handover_s=1.0,
    look_at_menu_s=1.0,
    linger_s=1.0,
)
PACES = {"calm": CALM, "rush": RUSH}

# Shares of a ticket's target time that cooking takes at real speed.
FASTEST_SHARE, SLOWEST_SHARE = 0.25, 0.8
