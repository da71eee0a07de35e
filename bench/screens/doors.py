"""Ways in and dead ends: the first link, signing in, pairing a screen, PINs, shifts, faults."""

from playwright.async_api import Page, expect

from bench.screens.camera import Camera
from tests.support.servers import Server
from tests.support.waiting import wait_for

_PIN = "2846"


async def show_set_up(camera: Camera) -> None:
    """The first minute of an installation, on a server without a cafe."""
    page = await camera.open("desk", await _read_link(camera.server))
    await camera.take(page, "set-up")
    camera.expect(page, "422")
    for field, text in (
        ("cafe_name", "Maré Alta"),
        ("currency", "euros"),
        ("name", "Ana Luz"),
        ("email", "ana@cafe.example"),
        ("password", "short"),
    ):
        await page.fill(f"#{field}", text)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    await camera.take(page, "set-up-fault")
    await camera.leave(page)


async def show_before_anybody(camera: Camera) -> None:
    """Signing in, a refused sign-in, what is not there, and the pages about the product itself."""
    for screen in ("tablet", "phone"):
        page = await camera.open(screen, f"{camera.server.url}/sign-in")
        await camera.take(page, "sign-in" if screen == "tablet" else "sign-in-on-a-phone")
        camera.expect(page, "404", "401")
        await page.get_by_label("E-mail").fill("nobody@mare-alta.example")
        await page.get_by_label("Password").fill("not the password")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await camera.look(page, f"sign-in-refused-on-a-{screen}")
        await page.goto(f"{camera.server.url}/nowhere")
        await (camera.take if screen == "phone" else camera.look)(page, f"not-found-on-a-{screen}")
        await camera.leave(page)
    desk = await camera.open("desk", f"{camera.server.url}/api/docs")
    await camera.look(desk, "api-reference")
    await camera.leave(desk)


async def show_styleguide(camera: Camera) -> None:
    """Every component in every state."""
    desk = await camera.open("desk", f"{camera.server.url}/styleguide")
    # The guide shows every card by day and by night, each with the landmarks that it has.
    camera.allow(desk, "landmark-unique")
    await camera.look(desk, "styleguide")
    await camera.leave(desk)


async def show_own_pages(camera: Camera) -> None:
    """What somebody of the cafe has for themselves, on their own phone and at a tablet."""
    for screen in ("tablet", "phone"):
        page = await camera.cafe.open_display(screen, "manager", "/displays")
        await camera.take(page, "displays" if screen == "tablet" else "displays-on-a-phone")
        for path in ("cafes", "sign-ins", "sign-ins/pin", "shift"):
            await page.goto(f"{camera.server.url}/{path}")
            await camera.look(page, f"{path.replace('/', '-')}-on-a-{screen}")
        await page.get_by_role("button", name="my shift").tap()
        await expect(page.get_by_role("status").first).to_be_visible()
        await camera.look(page, f"shift-begun-on-a-{screen}")
        await page.get_by_role("button", name="my shift").tap()
        await expect(page.get_by_role("status").first).to_be_visible()
        await camera.leave(page)
    cook = await camera.cafe.open_display("tablet", "kitchen", "/displays")
    camera.expect(cook, "403")
    await cook.goto(f"{camera.server.url}/admin")
    await camera.look(cook, "not-allowed")
    await camera.leave(cook)


async def show_pairing(camera: Camera) -> None:
    """A wall shows its code, a manager lets it in, the cook looks whether it can be read."""
    wall = await camera.open("kitchen", f"{camera.server.url}/pair")
    await expect(wall.locator(".pair__code")).to_be_visible()
    await camera.take(wall, "pair")
    code = (await wall.locator(".pair__code").inner_text()).split()[-1]
    for screen in ("desk", "phone"):
        office = await camera.cafe.open_display(screen, "manager", "/admin/screens/pair")
        camera.expect(office, "404")
        await office.get_by_label("The code on the screen").fill("BBBB-BBBB")
        await office.keyboard.press("Enter")
        await expect(office.get_by_role("alert")).to_be_visible()
        await camera.look(office, f"admin-pair-unknown-on-a-{screen}")
        await office.get_by_label("The code on the screen").fill(code)
        await office.keyboard.press("Enter")
        await expect(office.get_by_label("What it is called")).to_be_visible()
        if screen == "desk":
            await camera.take(office, "admin-pair")
            await camera.leave(office)
    await camera.look(office, "admin-pair-on-a-phone")
    await office.get_by_label("What it is called").fill("Wall by the oven")
    await office.get_by_label("Kitchen, Kitchen").check()
    await office.get_by_label("How large it is").select_option("24 inches")
    await office.get_by_label("From how far it is read").select_option("1.5 m")
    await office.get_by_role("button", name="Pair it").click()
    await expect(office.get_by_text("Wall by the oven is paired.")).to_be_visible()
    await camera.look(office, "admin-screens-paired-on-a-phone")
    await wall.wait_for_url("**/kitchen/kitchen")
    await expect(wall.get_by_role("dialog")).to_be_visible()
    await camera.take(wall, "kitchen-shift")
    await wall.get_by_role("button", name="Without sound").tap()
    await expect(wall.get_by_role("dialog")).to_be_hidden()
    await camera.look(wall, "kitchen-paired-empty")
    await office.goto(f"{camera.server.url}/admin/screens")
    await office.locator(".screen-row summary").first.click()
    await camera.look(office, "admin-screens-change-on-a-phone")
    await camera.leave(wall, office)


async def show_pins(camera: Camera) -> None:
    """A shared till: nobody has a PIN, somebody chooses one, types it wrongly, and is there."""
    till = await camera.cafe.pair_screen("tablet", "counter", "Till")
    await till.goto(f"{camera.server.url}/pin")
    await camera.look(till, "pin-nobody")
    name = await camera.cafe.choose_pin("counter", _PIN)
    await till.goto(f"{camera.server.url}/pin")
    await camera.take(till, "pin-people")
    camera.expect(till, "401", "422")
    await till.get_by_role("link", name=name).click()
    await till.get_by_role("button", name="2", exact=True).tap()
    await till.get_by_role("button", name="Go on").tap()
    await expect(till.get_by_role("alert")).to_be_visible()
    await camera.take(till, "pin-wrong")
    await till.keyboard.type(_PIN)
    await till.keyboard.press("Enter")
    await till.wait_for_url("**/displays")
    await till.goto(f"{camera.server.url}/counter")
    await camera.look(till, "counter-shared")
    await camera.leave(till)


async def show_the_end(camera: Camera) -> None:
    """A wall whose cook was signed out, and a phone whose table was closed."""
    wall = await camera.cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    phone = await camera.cafe.sit_down(11)
    office = await camera.cafe.open_display("desk", "manager", "/admin/people")
    for page in (wall, phone):
        camera.expect(page, "401", "WebSocket")
    manager = await camera.cafe.speak_as("manager")
    table = next(each for each in (await manager.list_tables()).tables if each.number == 11)
    await manager.command(f"/table-sessions/{table.table_session_id}/close", dict, {})
    await expect(phone.get_by_text("Thank you, that was it")).to_be_visible()
    await camera.take(phone, "guest-table-closed")
    await _end_access(office, "Inês Barroso")
    await expect(wall.locator("body")).to_have_attribute("data-connection", "stopped")
    await camera.take(wall, "kitchen-stopped")
    await camera.leave(wall, phone, office)


async def _end_access(office: Page, name: str) -> None:
    member = office.get_by_role("listitem").filter(has_text=name)
    await member.get_by_text("End access").click()
    await member.get_by_role("button", name="End it now").click()


async def _read_link(server: Server) -> str:
    """Read the link that a server without a cafe prints for its owner."""

    def find() -> list[str]:
        words = server.output_file.read_text().split()
        return [word for word in words if "/set-up/" in word]

    await wait_for(lambda: bool(find()), "the link of the set-up")
    return find()[-1]
