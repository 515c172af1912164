"""Every page of the documentation, as readers see it."""

import re
from urllib.parse import urlsplit

import pytest

from .conftest import SITE


pytestmark = pytest.mark.browser

PAGES = sorted(path.parent.relative_to(SITE).as_posix() for path in SITE.rglob("index.html"))


def test_there_are_pages():
    assert len(PAGES) > 30


# Colours do not move anything: each width once, and each scheme once.
@pytest.mark.parametrize(("width", "scheme"), ((400, "dark"), (1440, "light")))
@pytest.mark.parametrize("page", PAGES)
def test_page_opens(page, width, scheme, site, open_page, screenshots):
    watched = open_page(f"{site}/{page}/", width=width, scheme=scheme)
    watched.page.screenshot(path=screenshots / f"{page.replace('/', '_').strip('.') or 'home'}-{width}-{scheme}.png")
    assert watched.complaints == []
    assert {urlsplit(url).hostname for url in watched.requests if not url.startswith("data:")} == {"127.0.0.1"}
    assert watched.page.evaluate("document.body.dataset.mdColorScheme") == ("default" if scheme == "light" else "slate")
    # Wide tables and code scroll by themselves; the page does not.
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    for picture in watched.page.locator("article img").all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


@pytest.mark.parametrize("page", PAGES)
def test_formulas_are_drawn(page, site, open_page):
    source = (SITE / page / "index.html").read_text()
    expected = len(re.findall(r'<(?:span|div) class="math">', source))
    watched = open_page(f"{site}/{page}/")
    # Those in folded notes have no size until they are opened.
    sizes = watched.page.evaluate(
        """() => {
            document.querySelectorAll("details").forEach(each => each.open = true)
            return [...document.querySelectorAll(".math math")].map(each => {
                const box = each.getBoundingClientRect()
                return [box.width, box.height]
            })
        }"""
    )
    assert len(sizes) == expected
    assert all(width > 2 and height > 5 for width, height in sizes)
    text = watched.page.locator("article").evaluate(
        """article => {
            const copy = article.cloneNode(true)
            copy.querySelectorAll("pre, code, annotation").forEach(each => each.remove())
            return copy.textContent
        }"""
    )
    assert not re.search(r"\\[a-zA-Z]{2,}|\$[^$\n]+\$", text), "a formula was left as LaTeX"


def test_formulas_are_somewhere():
    assert sum("<math" in (SITE / page / "index.html").read_text() for page in PAGES) > 10


def test_search_finds_a_class(site, open_page):
    watched = open_page(f"{site}/")
    field = watched.page.locator("input[data-md-component='search-query']")
    field.click()
    field.press_sequentially("LocalInteraction", delay=20)
    result = watched.page.locator(".md-search-result__link").first
    result.wait_for(timeout=20_000)
    result.click()
    watched.page.wait_for_url(re.compile("h=|#|api|accuracy|tutorials"))
    assert "LocalInteraction" in watched.page.locator("article").inner_text()
    assert watched.complaints == []


def test_code_is_copied(site, open_page):
    watched = open_page(f"{site}/getting-started/", permissions=["clipboard-read", "clipboard-write"])
    block = watched.page.locator("div.highlight:has(pre)", has_text="import equinox").first
    block.hover()
    block.locator("button[data-clipboard-target], .md-code__button[data-md-type='copy']").first.click()
    copied = watched.page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("code").inner_text().strip()
    assert watched.complaints == []


def test_dark_and_light_are_chosen(site, open_page):
    watched = open_page(f"{site}/")
    scheme = lambda: watched.page.evaluate("document.body.dataset.mdColorScheme")
    background = lambda: watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert scheme() == "default"
    light = background()
    watched.page.locator("label[title='Switch to dark mode']").click()
    assert scheme() == "slate"
    assert background() != light
    watched.page.locator("a.md-tabs__link, .md-nav__link[href*='getting-started']").first.click()
    watched.page.wait_for_load_state()
    assert scheme() == "slate", "the choice is kept from page to page"
