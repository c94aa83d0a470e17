"""Every state of the registration page, in each language and theme, as a browser draws it.

The pages are those of the program, written by preview_web with a fake invitation; the pictures are left in
build/screenshots, to be looked at."""

import functools
import http.server
import pathlib
import re
import subprocess
import threading

import pytest

import axe
from chromium import NARROW, Chromium
from usherd import BUILD, TOP

PICTURES = TOP / "build" / "screenshots"


def policy():
    """As the program sends it."""
    text = (TOP / "src" / "web" / "web_reply.c").read_text()
    return "".join(re.findall(r'"([^"]*)"', text[text.index("web_page_policy[] ="):].split(";\n")[0]))


class Pages(http.server.SimpleHTTPRequestHandler):
    """The written pages with our policy."""

    extensions_map = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

    def end_headers(self):
        self.send_header("Content-Security-Policy", policy())
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The address of all pages, and their names."""
    folder = tmp_path_factory.mktemp("pages")
    subprocess.run(["make", "-C", str(BUILD), "-s", "tests/fakes/preview_web"], check=True, capture_output=True)
    subprocess.run([pathlib.Path(BUILD) / "tests" / "fakes" / "preview_web", folder], check=True, capture_output=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", sorted(path.stem for path in folder.glob("*.html"))
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(folder):
    driver = Chromium(folder)
    yield driver
    driver.quit()


def look(browser, address, name):
    browser.get(f"{address}/{name}.html")
    browser.execute_script("return document.fonts.ready")


def english(names):
    """In the other languages only the words differ: they are looked at once, where there is least room."""
    return [name for name in names if name.startswith(("en-", "brand-"))]


def test_every_state_fits_and_keeps_to_the_policy_in_both_themes(pages, browser):
    address, names = pages
    assert len(names) == 4 * 18
    for theme, width in (("light", NARROW), ("dark", 1024)):
        browser.set_media(prefers_color_scheme=theme)
        browser.set_width(width)
        for name in names if width == NARROW else english(names):
            look(browser, address, name)
            browser.wait_fits(f"{name}, {theme}")
            browser.picture(PICTURES / "page" / f"{name}-{theme}-{width}.png")
            assert browser.complaints() == [], name
    assert browser.foreign_requests(address) == []


def test_no_state_has_a_barrier_that_a_machine_finds(pages, browser):
    script = axe.source()
    if script is None:
        pytest.skip("npm cannot be reached, and axe-core is not in build/npm")
    address, names = pages
    for theme in ("light", "dark"):
        browser.set_media(prefers_color_scheme=theme)
        for name in names if theme == "light" else [name for name in names if name.startswith("brand-")]:
            look(browser, address, name)
            assert axe.violations(browser, script) == [], (name, theme)


@pytest.mark.parametrize("features", [{"forced_colors": "active"}, {"prefers_reduced_motion": "reduce"}])
def test_wishes_of_the_reader_are_kept(pages, browser, features):
    address, _ = pages
    browser.set_media(**features)
    for name in ("en-errors", "de-progress", "brand-done"):
        look(browser, address, name)
        browser.wait_fits(name)
        moving = browser.execute_script(
            "return document.getAnimations().filter(one => one.playState === 'running').length")
        assert moving == 0 or "prefers_reduced_motion" not in features
        browser.picture(PICTURES / "page" / f"{name}-{next(iter(features))}.png")


def test_at_twice_the_size_nothing_is_cut_off(pages, browser):
    address, names = pages
    browser.set_width(640)
    for name in names:
        look(browser, address, name)
        browser.execute_script("document.documentElement.style.fontSize = '200%'")
        browser.wait_fits(name)
