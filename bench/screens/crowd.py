"""Sixty tickets at once, and the longest and strangest texts that the product lets people write.

A manager has renamed dishes as far as the menu's editor allows, guests write as much as fits into a
note, and some of both write from right to left. The lists are data for `lunch.Lunch`.
"""

from bench.screens.lunch import Dish, Renaming, Visit

_LONG_NOTE = (
    "Please cut everything in four because two small children share it, put the sauces into little "
    "bowls beside it, no parsley or anything green on top, and bring the soup first, thanks a lot!"
)
_ARABIC_NOTE = "بدون بصل من فضلك، والصلصة جانباً x2 (table 7) وشكراً جزيلاً لكم"
_HEBREW_NOTE = "בלי בצל בבקשה, 2 כפיות"
_LONG_WORD_NOTE = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
_LONG_ALLERGY = "Peanuts, tree nuts, sesame, lupin, and the oil of the fryer"
_ARABIC_ALLERGY = "حساسية شديدة من المكسرات والسمسم"
_LONG_REASON = "The guest had to leave, their train was cancelled, and they will be back tomorrow"


RENAMED = (
    Renaming(
        "Eggs on toast",
        "Slow-cooked free-range eggs on toasted wholegrain sourdough with smoked butter",
        "FREE-RANGE EGGS WH",
        "Two eggs from hens that roam the dunes behind the village, cooked for an hour at "
        "sixty-three degrees, on sourdough that rests for a day and a half, with butter that we "
        "smoke over beech and churn ourselves on Tuesdays, chives, a little lemon zest, flaked "
        "salt from the pans at Tavira, and, for whoever wants it, a spoon of fermented chilli "
        "that is hotter than it looks.",
    ),
    Renaming(
        "Tosta mista",
        "Vollkornbauernbrotüberbackenesschinkenkäsesandwich mit Preiselbeersenfsauce",
        "VOLLKORNBAUERNBROT",
    ),
    Renaming(
        "Shakshuka with goat's curd",
        "شكشوكة بالطماطم والفلفل الحلو مع جبن الماعز الطازج والكزبرة",
        "شكشوكة جبن الماعز",
        "بيضتان في صلصة الطماطم والفلفل، مع خبز محمص وكزبرة طازجة.",
    ),
    Renaming(
        "Paprika potatoes",
        "תפוחי אדמה אפויים בתנור עם פפריקה מעושנת ושום",
        "תפוחי אדמה פפריקה",
    ),
    Renaming(
        "Flat white",
        "Single origin flat white from the smallholders of Sítio da Torre, washed",
        "SINGLE ORIGIN FLAT",
    ),
)

_EGGS = Dish("Eggs on toast", ("Scrambled, with butter", "Smoked bacon", "Avocado"))
# Each becomes a kitchen ticket; what the bar makes of it beside that is its own ticket there.
_PARTIES = (
    (_EGGS, Dish("Flat white", ("Large", "Decaf", "Oat"), 2)),
    (Dish("Tosta mista", ("Buckwheat, gluten free", "No mustard", "No pickles", "No butter"), 12),),
    (
        Dish("Shakshuka with goat's curd", ("Grilled halloumi", "No onion"), note=_ARABIC_NOTE),
        Dish("Paprika potatoes", (), 2, note=_HEBREW_NOTE),
    ),
    (Dish("Breakfast roll", ("Garlic mushrooms",), 3, "started"), Dish("Cappuccino")),
    (Dish("Eggs on toast", ("Poached",), 2, note=_LONG_NOTE),),
    (
        Dish("Tomato soup with poached egg", ("Dark rye",)),
        Dish("Avocado toast", ("No seeds",), state="ready"),
    ),
    (Dish("Paprika potatoes", (), 24), Dish("Buttermilk pancakes", ("Fig jam",), state="started")),
    (
        Dish("Mushroom and thyme toastie", ("No butter",), note=_LONG_WORD_NOTE),
        Dish("Tosta mista", state="voided", void_reason=_LONG_REASON),
    ),
)
_ALLERGIES = {2: _ARABIC_ALLERGY, 4: _LONG_ALLERGY, 13: "Sesame", 21: _LONG_ALLERGY}
_NOTES = {1: _LONG_NOTE, 3: _ARABIC_NOTE, 10: "Birthday: all at once, please"}
_TICKETS, _BETWEEN_S, _TABLES = 60, 13, 12


def _gather() -> tuple[Visit, ...]:
    """Sixty rounds, the oldest a good thirteen minutes ago: half at tables, half at the counter."""
    visits: list[Visit] = []
    for number in range(_TICKETS):
        at_table = number % 2 == 0
        is_first = number < 2 * _TABLES  # a table's note and allergy come with its first round
        visits.append(
            Visit(
                ago_s=10 + (_TICKETS - number) * _BETWEEN_S,
                table=number // 2 % _TABLES + 1 if at_table else 0,
                dishes=_PARTIES[number % len(_PARTIES)],
                allergy=_ALLERGIES.get(number, "") if is_first or not at_table else "",
                note=_NOTES.get(number, "") if is_first or not at_table else "",
            )
        )
    return tuple(visits)


CROWD = _gather()
