"""Spellings of rooms that are somebody else's: what a join must not fall for (requirement T2)."""

from collections.abc import Iterator
from urllib.parse import quote

_FULLWIDTH = str.maketrans("0123456789:", "０１２３４５６７８９：")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def list_room_names(cafe_id: str, ids: dict[str, str]) -> list[str]:
    """List the plain names of a cafe's rooms. ids: as in `tests.support.two_cafes.TwoCafes`."""
    cafe = f"cafe:{cafe_id}"
    return [
        cafe,
        *(f"{cafe}:{kind}" for kind in ("staff", "kitchen", "management", "customers")),
        *(f"{cafe}:role:{role}" for role in ("owner", "manager", "counter", "customer")),
        f"{cafe}:table:1",
        f"{cafe}:station:{ids['station']}",
        f"{cafe}:session:{ids['table session']}",
        f"order:{ids['order']}",
        f"device:{ids['person']}",
    ]


def list_room_attacks(own_cafe_id: str, cafe_id: str, ids: dict[str, str]) -> list[str]:
    """List spellings that aim at the rooms of another cafe, each once, the plain ones first."""
    names = list_room_names(cafe_id, ids)
    return list(dict.fromkeys([*names, *_respell(names), *_combine(own_cafe_id, cafe_id)]))


def _respell(names: list[str]) -> Iterator[str]:
    for name in (names[0], names[1], names[-2]):
        yield name.upper()
        yield name.title()
        yield f" {name}"
        yield f"{name} "
        yield f"{name}\x00"
        yield f"\x00{name}"
        yield f"{name}\n"
        yield f"{name}\t"
        yield f"{name}:"
        yield f":{name}"
        yield f"{name}:*"
        yield quote(name, safe="")
        yield quote(quote(name, safe=""), safe="")
        yield name.replace(":", "%3a")
        yield name.replace(":", "::")
        yield name.replace(":", ".")
        yield name.replace(":", "/")
        yield name.replace("-", "")
        yield name.replace("-", "\u2010")
        yield name.translate(_FULLWIDTH)
        yield name.translate(_ARABIC)
        yield name.replace("a", "\u0430")
        yield name.replace(":", ":\u200b")
        yield f"\ufeff{name}"
        yield f"\u202e{name}"
        yield f"{name}\u0301"
        yield f"../{name}"
        yield f"/admin#{name}"
        yield f'["{name}"]'
        yield name.ljust(200, ":")
        yield name + ":staff" * 40


def _combine(own: str, other: str) -> Iterator[str]:
    yield from ("*", "**", "?", "%", "_", ".*", "cafe:*", "cafe:**", "cafe:?", "cafe", "cafe:")
    for joint in (",", ", ", " ", "|", ";", "&", "\x00", "\n", ":../cafe:", "/../", ":", "+"):
        yield f"cafe:{own}{joint}cafe:{other}"
        yield f"cafe:{own}{joint}{other}"
    yield f"cafe:{{{other}}}"
    yield f"cafe:[{other}]"
    yield f"cafe:urn:uuid:{other}"
    yield f"cafe:{other[:-1]}*"
    yield f"cafe:{own}' OR '1'='1"
    yield f"cafe:{other}:connections"
    yield f"cafe:{other}:role:owner:connections"
    yield f"cafe:{own}:role:admin"
    yield f"cafe:{own}:station:{other}"
    yield f"cafe:{other}:STAFF"
    yield f"user:{other}"
    yield f"connection:{other}"
    yield other
