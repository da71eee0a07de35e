"""/pair: a screen shows a code, waits to be let in, and then goes to its place by itself."""

import segno
from markupsafe import Markup

from domain.devices import PAIRING_LIFE, show_user_code
from domain.errors import AuthenticationFailed, NotFound
from domain.roles import Identity, Role
from domain.views.screens import DeviceView
from handlers.page import PageHandler
from services.devices import read_device
from services.pairing import PairingState, PairingView

_CONFIRM = "/admin/screens/pair"


class ScreenPage(PageHandler):
    """What pages share that ask which screen this is."""

    is_public = True

    async def find_device(self) -> Identity | None:
        """Return the screen whose cookie came along; a cookie that is nobody's is dropped."""
        secret = self.get_cookie(self.context.cookies.device)
        if secret is None:
            return None
        try:
            return await self.recognise_device(secret)
        except AuthenticationFailed:
            self.drop_cookie(self.context.cookies.device)
            return None

    async def read_home(self, identity: Identity) -> str:
        """Return where a paired screen belongs."""
        assert identity.device_id is not None
        return find_home(
            await self.context.runner.read(read_device, identity.cafe_id, identity.device_id)
        )


class PairPage(ScreenPage):
    """The code, or the way on for a screen that has been let in."""

    async def get(self) -> None:
        was_paired = self.get_cookie(self.context.cookies.device) is not None
        device = await self.find_device()
        if device is not None:
            self.see_other(await self.read_home(device))
            return
        waiting = await self._find_waiting()
        if waiting is None:
            waiting = await self._begin()
        elif await self._was_let_in():
            return
        self._show(waiting, was_unpaired=was_paired)

    async def _find_waiting(self) -> PairingView | None:
        secret = self.get_cookie(self.context.cookies.pairing)
        if secret is None:
            return None
        _, pairing = await self.context.screen_access.read_pairing(secret)
        return pairing

    async def _begin(self) -> PairingView:
        begun = await self.context.screen_access.begin_pairing(
            address=self.client_address, user_agent=self.request.headers.get("User-Agent", "")
        )
        self.set_session_cookie(
            self.context.cookies.pairing, begun.secret, ttl_s=int(PAIRING_LIFE.total_seconds())
        )
        return begun.pairing

    async def _was_let_in(self) -> bool:
        """Take the screen's secret and lead it to its place, if somebody has confirmed."""
        access, secret = self.context.screen_access, self.get_cookie(self.context.cookies.pairing)
        assert secret is not None
        state, _ = await access.read_pairing(secret)
        if state is not PairingState.CONFIRMED:
            return False
        try:
            paired = await access.claim_pairing(secret)
        except NotFound:  # unpaired before it came
            paired = None
        self.drop_cookie(self.context.cookies.pairing)
        if paired is None:
            self.see_other("/pair")
            return True
        self.keep_device_cookie(paired.secret)
        device = await self.context.runner.read(read_device, paired.cafe_id, paired.device_id)
        self.see_other(find_home(device))
        return True

    def _show(self, pairing: PairingView, *, was_unpaired: bool) -> None:
        code = show_user_code(pairing.user_code)
        address = f"{self.context.settings.public_url}{_CONFIRM}"
        self.render_page(
            "pair",
            code=code,
            address=address.partition("://")[2],
            square=_draw_square(f"{address}?code={code}"),
            expires_at=pairing.expires_at,
            was_unpaired=was_unpaired,
        )


class PairStatePage(ScreenPage):
    """GET /pair/state: what a waiting screen's script asks every few seconds, as JSON."""

    async def get(self) -> None:
        secret = self.get_cookie(self.context.cookies.pairing)
        state = PairingState.ENDED
        if secret is not None:
            state, _ = await self.context.screen_access.read_pairing(secret)
        self.finish({"state": state.value})


def find_home(device: DeviceView) -> str:
    """Return the page that a screen shows."""
    if device.role.value in ("counter", "board"):
        return f"/{device.role.value}"
    if device.role is Role.EXPO and device.station_id is None:
        return "/expo"
    return f"/kitchen/{device.station_slug}" if device.station_slug else "/kitchen"


def _draw_square(address: str) -> Markup:
    """Draw a QR code: dark on light in both themes, or cameras do not see it."""
    drawn = segno.make(address, error="m").svg_inline(
        border=3, dark="#111", light="#fff", omitsize=True, svgclass="square", lineclass=None
    )
    return Markup(drawn)  # noqa: S704 - segno wrote it, of an address of ours
