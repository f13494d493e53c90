"""What is asked of a page in its window, once it stands: right after a click it may still be on its way, without a root."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

# A promise of the page itself: `wait_for_function` compiles its text again and again, which the page's policy refuses.
_STANDS = """() => document.readyState === 'complete' || new Promise(stands => {
    window.addEventListener('load', () => stands(true), { once: true })
})"""


def stands(page: Page) -> None:
    """Wait until the page is there as a whole."""
    page.evaluate(_STANDS)


def fits(page: Page) -> bool:
    """Return whether nothing of the page stands beyond the side of its window."""
    stands(page)
    size = page.viewport_size
    return size is not None and bool(page.evaluate("width => document.documentElement.scrollWidth <= width", size["width"]))


def every(found: Locator) -> list[Locator]:
    """Return each of what is found once the page is there as a whole; `all()` asks the page that stands, be it the one just left."""
    found.first.wait_for()
    stands(found.page)
    return found.all()
