"""What a guest has chosen and not yet sent: kept in the phone's own cookie, in a few bytes a line.

Nothing is worth a row before it is ordered, and a cookie survives restarts and needs no process
in particular. It is not signed: it can only hold what its own phone could post anyway, and every
use checks ids, limits and prices against the menu. It is bounded by what a browser keeps, some
fifty plain lines; beyond that the guest is asked to send first.

A cart carries the id of the command that will send it. However often it is shown and sent, from
whichever page or tab, it is ordered once.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from typing import Annotated
from uuid import UUID

import msgspec

from domain.commands import LineDraft, ModifierChoice
from domain.errors import UnprocessableInput
from domain.identifiers import NewId

# A browser keeps 4,096 bytes of name, value and attributes (RFC 6265 6.1).
LONGEST_VALUE = 3800
_LARGEST_CONTENT_BYTES = 32 * 1024  # what a value may unpack to, at most
_QUANTITY_LIMIT = 99
_LINES_LIMIT = 60

_PackedId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class _PackedLine(msgspec.Struct, frozen=True, array_like=True):
    number: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    menu_item: _PackedId
    quantity: Annotated[int, msgspec.Meta(ge=1, le=_QUANTITY_LIMIT)]
    modifiers: Annotated[list[_PackedId], msgspec.Meta(max_length=30)]
    note: Annotated[str, msgspec.Meta(max_length=200)]


class _PackedCart(msgspec.Struct, frozen=True, array_like=True):
    lane: _PackedId
    command: _PackedId
    lines: Annotated[list[_PackedLine], msgspec.Meta(max_length=_LINES_LIMIT)]


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """One chosen line. line_id: its number as text, for addresses; new lines get the next one."""

    line_id: str
    menu_item_id: str
    quantity: int
    modifier_ids: tuple[str, ...]
    note: str

    @property
    def choice(self) -> tuple[str, tuple[str, ...], str]:
        """What makes two lines the same but for their quantity."""
        return self.menu_item_id, tuple(sorted(self.modifier_ids)), self.note

    def to_draft(self) -> LineDraft:
        """Make the line that an order wants. A modifier chosen twice counts twice."""
        chosen = Counter(self.modifier_ids)
        return LineDraft(
            menu_item_id=self.menu_item_id,
            quantity=self.quantity,
            modifiers=[
                ModifierChoice(modifier_id=modifier_id, quantity=quantity)
                for modifier_id, quantity in chosen.items()
            ],
            note=self.note,
        )


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one lane, oldest first. command_id: of the order that they will be."""

    lane_id: str
    command_id: str
    lines: tuple[CartLine, ...] = ()

    @property
    def count(self) -> int:
        """Units of all lines."""
        return sum(line.quantity for line in self.lines)

    @property
    def counts(self) -> dict[str, int]:
        """Units by menu item id."""
        counts: Counter[str] = Counter()
        for line in self.lines:
            counts[line.menu_item_id] += line.quantity
        return dict(counts)

    def find(self, line_id: str) -> CartLine | None:
        return next((line for line in self.lines if line.line_id == line_id), None)

    def add(
        self, *, menu_item_id: str, quantity: int, modifier_ids: tuple[str, ...], note: str
    ) -> "Cart":
        """Return the cart with a line more, or with more of a line that is the same.

        Raises: UnprocessableInput where the cart is full.
        """
        numbers = [int(line.line_id) for line in self.lines]
        new = CartLine(
            line_id=str(max(numbers, default=0) + 1),
            menu_item_id=menu_item_id,
            quantity=quantity,
            modifier_ids=modifier_ids,
            note=note,
        )
        return self._with((*self.lines, new))

    def change(self, line_id: str, changed: CartLine | None) -> "Cart":
        """Return the cart with a line changed, or without it (None)."""
        lines = (changed if line.line_id == line_id else line for line in self.lines)
        return self._with(tuple(line for line in lines if line is not None))

    def _with(self, lines: tuple[CartLine, ...]) -> "Cart":
        """Put equal lines together, under the number of the first."""
        by_choice: dict[tuple[str, tuple[str, ...], str], CartLine] = {}
        for line in lines:
            same = by_choice.get(line.choice)
            if same is None:
                by_choice[line.choice] = line
            else:
                quantity = min(_QUANTITY_LIMIT, same.quantity + line.quantity)
                by_choice[line.choice] = msgspec.structs.replace(same, quantity=quantity)
        if len(by_choice) > _LINES_LIMIT:
            raise _full()
        return msgspec.structs.replace(self, lines=tuple(by_choice.values()))


def encode_cart(cart: Cart) -> str:
    """Write a cart as a cookie's value. Raises: UnprocessableInput where it does not fit."""
    packed = _PackedCart(
        _pack(cart.lane_id),
        _pack(cart.command_id),
        [
            _PackedLine(
                int(line.line_id),
                _pack(line.menu_item_id),
                line.quantity,
                [_pack(modifier_id) for modifier_id in line.modifier_ids],
                line.note,
            )
            for line in cart.lines
        ],
    )
    value = urlsafe_b64encode(zlib.compress(msgspec.msgpack.encode(packed), 9)).decode()
    if len(value) > LONGEST_VALUE:
        raise _full()
    return value


def decode_cart(value: str | None, *, lane_id: str, new_id: NewId) -> Cart:
    """Read a cookie's value; anything that is no cart of this lane is a new and empty one."""
    empty = Cart(lane_id=lane_id, command_id=new_id())
    if value is None or len(value) > LONGEST_VALUE:
        return empty
    try:
        packed = msgspec.msgpack.decode(_unpack_bytes(value), type=_PackedCart)
    except (ValueError, zlib.error, msgspec.MsgspecError):
        return empty
    if _unpack(packed.lane) != lane_id:
        return empty
    lines = tuple(
        CartLine(
            line_id=str(line.number),
            menu_item_id=_unpack(line.menu_item),
            quantity=line.quantity,
            modifier_ids=tuple(_unpack(modifier) for modifier in line.modifiers),
            note=line.note,
        )
        for line in packed.lines
    )
    return Cart(lane_id=lane_id, command_id=_unpack(packed.command), lines=lines)


def _unpack_bytes(value: str) -> bytes:
    """Decompress, but never to more than a cart can be. Raises: ValueError, zlib.error."""
    decompressor = zlib.decompressobj()
    content = decompressor.decompress(urlsafe_b64decode(value), _LARGEST_CONTENT_BYTES)
    if not decompressor.eof:
        raise ValueError("longer than any cart")
    return content


def _pack(text: str) -> bytes:
    return UUID(text).bytes


def _unpack(packed: bytes) -> str:
    return str(UUID(bytes=packed))


def _full() -> UnprocessableInput:
    return UnprocessableInput(
        "Your order is as long as this phone can keep. Send it first, then add more.",
        code="cart_full",
    )
