"""What the hub hands on at once: publications of one turn of the loop that go to the same rooms.

A batch encodes its messages once per kind of reader and joins them in one frame per codec, so that
each connection costs a look at its position and a `send`, however many messages there are. A
batch is a dictionary that fills itself, because a look into one costs no call.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from config.namespaces import NAMESPACES, Namespace
from domain.rooms import Room
from realtime.publications import Publication, Representation

# Readers that fit in one lookup: namespaces by components, locales and codecs, of which a cafe has
# few.
_REMEMBERED_READERS = 1024


class Codec(Protocol):
    """Turns messages into one frame of a transport. Equal codecs make equal frames."""

    def encode(self, messages: Sequence[bytes]) -> bytes:
        """Make one frame of several encoded messages, oldest first."""
        ...

    def __hash__(self) -> int: ...


class Reader:
    """A kind of reader within a namespace. One object for each kind, compared by identity."""

    __slots__ = ("codec", "event_types", "representation")

    def __init__(
        self, event_types: frozenset[str], representation: Representation, codec: Codec
    ) -> None:
        self.event_types = event_types
        self.representation = representation
        self.codec = codec


@lru_cache(maxsize=_REMEMBERED_READERS)
def find_reader(namespace: Namespace, representation: Representation, codec: Codec) -> Reader:
    """Return the kind that sessions of a namespace with a representation and a codec are of."""
    return Reader(NAMESPACES[namespace].events, representation, codec)


class Bundle:
    """The messages of a batch as one kind of reader gets them; there may be none.

    told_seq: of the last of them. frame: all of them in one, None until somebody needed it.
    """

    __slots__ = ("_codec", "frame", "messages", "size_bytes", "told_seq")

    def __init__(self, messages: tuple[bytes, ...], *, told_seq: int, codec: Codec) -> None:
        self.messages = messages
        self.told_seq = told_seq
        self.size_bytes = sum(map(len, messages))
        self.frame: bytes | None = None
        self._codec = codec

    def build_frame(self) -> bytes:
        """Make the frame and keep it for the others."""
        frame = self.frame = self._codec.encode(self.messages)
        return frame


class Batch(dict[Reader, Bundle]):
    """Publications in the order of their seq. now_s: of the loop's clock.

    Its items are what each kind of reader gets; whoever asks first makes it.
    """

    __slots__ = ("_encode", "first_seq", "last_seq", "now_s", "publications")

    def __init__(
        self,
        publications: Sequence[Publication],
        *,
        encode: Callable[[Publication, Representation], bytes],
        now_s: float,
    ) -> None:
        self.publications = publications
        self.first_seq = publications[0].seq
        self.last_seq = publications[-1].seq
        self.now_s = now_s
        self._encode = encode

    def encode(self, publication: Publication, reader: Reader) -> bytes:
        """Return one of its messages, for a reader that has seen a part of the batch."""
        return self._encode(publication, reader.representation)

    def __missing__(self, reader: Reader) -> Bundle:
        meant = [each for each in self.publications if each.type in reader.event_types]
        bundle = self[reader] = Bundle(
            tuple(self._encode(each, reader.representation) for each in meant),
            told_seq=meant[-1].seq if meant else 0,
            codec=reader.codec,
        )
        return bundle


class Part(NamedTuple):
    """Publications that everybody in some rooms gets whole."""

    rooms: tuple[Room, ...]
    publications: list[Publication]


def split(
    publications: Iterable[Publication],
    list_inhabited: Callable[[tuple[Room, ...]], tuple[Room, ...]],
) -> list[Part]:
    """Cut publications into the longest parts that go to the same rooms with somebody in them.

    Every order and every seating has a room of its own, and mostly nobody is there.
    """
    parts: list[Part] = []
    for each in publications:
        rooms = list_inhabited(each.rooms)
        if not parts or parts[-1].rooms != rooms or not _may_follow(parts[-1], each):
            parts.append(Part(rooms, []))
        parts[-1].publications.append(each)
    return parts


def _may_follow(part: Part, publication: Publication) -> bool:
    last = part.publications[-1]
    return (
        last.epoch == publication.epoch
        and last.audience is None
        and publication.audience is None
        # Whose seating has ended gets nothing after that.
        and last.ended_session_id is None
    )
