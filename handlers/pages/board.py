"""/board: numbers for guests who wait. Anybody who works here may open it; it shows no more."""

from datetime import datetime

from config.namespaces import Namespace
from domain.rooms import Room, RoomKind
from domain.views.boards import ReadyBoardView
from handlers.page import StaffPage, build_live
from services.boards import read_ready_board
from services.cafes import read_cafe


class BoardPage(StaffPage):
    """Numbers with their position. The socket's ticket is narrowed to the role `board`."""

    permission = "read_board"

    async def get(self) -> None:
        cafe_id = self.identity.cafe_id
        board, self.time_zone = await self.context.runner.read(
            _read_page, cafe_id, now=self.context.now()
        )
        self.render_page(
            "board",
            board=board,
            live={
                **build_live(
                    namespace=Namespace.CUSTOMERS,
                    rooms=[str(Room(cafe_id, RoomKind.CUSTOMERS))],
                    render=["board_number"],
                    position=board.position,
                ),
                "roles": ["board"],
            },
        )


def _read_page(cafe_id: str, *, now: datetime) -> tuple[ReadyBoardView, str]:
    return read_ready_board(cafe_id, now=now), read_cafe(cafe_id).timezone
