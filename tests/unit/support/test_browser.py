"""The tests' own browser: sizes, faults and the accessibility check."""

import pytest

from tests.support.browser import BrowserFaults, OpenPage, find_violations

# Chromium's loop; what stands in tests/browser has it by itself.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_screen_has_its_size(open_page: OpenPage):
    """Windows of one test stand side by side."""
    phone = await open_page("phone")
    kitchen = await open_page("kitchen")
    # Without it a phone lays a page out as if it were a desk's and shrinks it.
    await phone.set_content('<meta name="viewport" content="width=device-width">')

    sizes = [await page.evaluate("[innerWidth, innerHeight]") for page in (phone, kitchen)]

    assert sizes == [[390, 844], [1920, 1080]]


async def test_what_goes_wrong_in_a_page_is_found(
    open_page: OpenPage, browser_faults: BrowserFaults
):
    """An error in the console, an exception and a request to a foreign host."""
    browser_faults.expect("")
    page = await open_page("desk")
    await page.route("http://foreign.example/*", lambda route: route.fulfill(body=""))
    await page.set_content(
        "<script>console.error('spilt')</script><script>throw new Error('burnt')</script>"
        "<img src='http://foreign.example/cup.png' alt=''>"
    )
    await page.wait_for_load_state("networkidle")

    found = " | ".join(browser_faults.found)

    assert "error: spilt" in found
    assert "exception: burnt" in found
    assert "another host: http://foreign.example/cup.png" in found


async def test_axe_names_what_a_screen_reader_could_not_read(open_page: OpenPage):
    """The check itself must be able to fail."""
    page = await open_page("tablet")
    await page.set_content("<main><h1>Menu</h1><button></button></main>")

    violations = await find_violations(page)

    assert any(violation.startswith("button-name") for violation in violations)


async def test_a_page_does_not_change_its_words_while_axe_looks(open_page: OpenPage):
    """A break that falls into the look is said afterwards, as <connection-status> does it."""
    page = await open_page("tablet")
    await page.set_content(
        """<!doctype html><html lang="en"><title>Till</title>
        <style>[data-connection="reconnecting"] p { color: #eee; background: #fff; }</style>
        <body data-connection="live">
        <main><h1>Till</h1><p>Two orders</p><connection-status></connection-status></main>
        <script>
            customElements.define('connection-status', class extends HTMLElement {
                update() { document.body.dataset.connection = 'reconnecting'; }
            });
            let loaded, run;
            const runDuringBreak = (...wish) => {
                document.querySelector('connection-status').update();
                return run(...wish);
            };
            Object.defineProperty(window, 'axe', {
                set: axe => { loaded = axe; },
                get: () => {
                    if (loaded?.run && loaded.run !== runDuringBreak) {
                        [run, loaded.run] = [loaded.run, runDuringBreak];
                    }
                    return loaded;
                },
            });
        </script>"""
    )

    assert [] == await find_violations(page)

    await page.evaluate("document.querySelector('connection-status').update()")
    assert any(each.startswith("color-contrast") for each in await find_violations(page))


async def test_axe_looks_at_colours_and_not_at_their_way(open_page: OpenPage):
    """A key that is just becoming dark is as dark as it will be; one that ends pale is told."""
    page = await open_page("tablet")
    await page.set_content(
        """<!doctype html><html lang="en"><title>Till</title>
        <style>button { background: #fff; color: #fff; transition: background 60s }</style>
        <main><h1>Till</h1><button id="dark">Send</button><button id="pale">Pay</button></main>"""
    )
    await page.evaluate("getComputedStyle(document.body).color")
    await page.evaluate("dark.style.background = '#000'; pale.style.background = '#eee'")

    violations = await find_violations(page)

    assert ["color-contrast"] == [each.partition(" ")[0] for each in violations]
    assert "#pale" in violations[0]
