"""What is wrong with a window beside its layout: axe, the contrast of a cook's text, motion.

layout.py looks at every size; here it is the size, the theme and the zoom that may change a
colour or a target.
"""

from typing import Literal

from playwright.async_api import Page

from bench.screens.layout import find_faults, zoom
from tests.support.browser import find_violations

# docs: the letters of what is still to be made keep 7:1, which is axe's rule of level AAA.
_COOKS_TEXT = (
    ".line:not([data-state=ready], [data-state=served], [data-state=voided]) .line__name",
    ".line:not([data-state=ready], [data-state=served], [data-state=voided]) .line__modifiers",
    ".ticket__number",
)
_ENHANCED = """async selectors => {
    const include = selectors.filter(each => document.querySelector(each));
    if (!include.length) return [];
    const rules = { type: 'rule', values: ['color-contrast-enhanced'] };
    const found = await axe.run({ include: include.map(each => [each]) }, { runOnly: rules });
    return found.violations.flatMap(each => each.nodes.map(node => String(node.target)));
}"""
# With reduced motion everything simply is. What takes no time at all is no motion.
_MOVING = """() => document.getAnimations()
    .filter(each => each.playState === 'running' && each.effect.getComputedTiming().duration > 1)
    .map(each => each.effect.target?.className ?? 'something')"""


async def find_all_faults(page: Page) -> list[str]:
    """Return what is wrong in a window, in every size, theme and zoom that it may have."""
    faults = await find_faults(page)
    for scheme in await _list_schemes(page):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        faults += [f"{scheme}: {each}" for each in await find_violations(page)]
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    async with zoom(page):
        faults += [f"200 %: {each}" for each in await find_violations(page)]
    faults += [f"contrast below 7:1: {each}" for each in await _find_faint(page)]
    faults += [f"moves although nothing should: {each}" for each in await page.evaluate(_MOVING)]
    return faults


async def _list_schemes(page: Page) -> list[Literal["light", "dark"]]:
    """Return the themes a page may be seen in: walls and tills have one."""
    is_auto = await page.evaluate("document.documentElement.dataset.theme === 'auto'")
    return ["light", "dark"] if is_auto else ["light"]


async def _find_faint(page: Page) -> list[str]:
    return list(await page.evaluate(_ENHANCED, _COOKS_TEXT))
