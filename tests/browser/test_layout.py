"""The check of layouts sees each kind of fault, and nothing on a page that has none."""

from bench.screens.layout import find_faults
from tests.support.browser import OpenPage

FAULTS = {
    "px wider than its window": '<p style="inline-size: 130vw">A wide line</p>',
    "cut off": '<p style="inline-size: 4em; overflow: hidden; white-space: nowrap">A long name</p>',
    "shortened without a title": (
        '<p style="inline-size: 4em; overflow: hidden; white-space: nowrap;'
        ' text-overflow: ellipsis">A long name</p>'
    ),
    "letters of 9 px": '<p style="font-size: 9px">Small print</p>',
    "covered: button": (
        '<button>Pay</button><div style="position: relative; inset-block-start: -40px;'
        ' block-size: 60px; background: white"></div>'
    ),
    "on one another": (
        '<p style="margin: 0">First line</p><p style="margin-block-start: -0.7em">Second line</p>'
    ),
}
SOUND = """
<h1>Orders</h1>
<p style="inline-size: 4em; overflow: hidden; white-space: nowrap; text-overflow: ellipsis"
   title="A long name">A long name</p>
<div style="block-size: 3em; overflow: auto">
  <button>One</button><br><br><br><button>Far</button>
</div>
<span style="position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden">Said</span>
<button>Pay</button>
"""
HEAD = """<meta name="viewport" content="width=device-width">
<style>button { font-size: 16px; block-size: 48px; }</style>
"""


async def test_each_kind_of_fault_is_seen(open_page: OpenPage):
    """One page per fault, at every size of a phone."""
    page = await open_page("phone", "about:blank")
    for sentence, html in FAULTS.items():
        await page.set_content(f"{HEAD}{html}")

        found = await find_faults(page)

        assert any(sentence in fault for fault in found), (sentence, found)
        assert len({fault.partition(": ")[0] for fault in found}) == 5, (sentence, found)


async def test_a_sound_page_has_none(open_page: OpenPage):
    """What scrolls, is shortened with a title or is for readers of the screen is no fault."""
    page = await open_page("phone", "about:blank")
    await page.set_content(f"{HEAD}{SOUND}")

    found = await find_faults(page)

    assert found == []
