"""A browser for tests: Chromium without a window, of a given width and theme, with or without script."""

import base64
import json
import pathlib
import urllib.parse

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.chrome.service import Service

from ports import free_port
from wait import wait_for

SECONDS = 20  # that anything may take
NARROW = 320  # CSS pixels: what WCAG 2.2 asks pages to fit into (1.4.10)


class Chromium(webdriver.Chrome):
    """`folder` keeps its profile."""

    def __init__(self, folder, script=True):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--disable-background-networking", "--disable-component-update", "--no-proxy-server",
                         "--disable-smooth-scrolling",  # a turn of the wheel is one step, not a journey
                         f"--user-data-dir={pathlib.Path(folder) / 'browser'}"):
            options.add_argument(argument)
        if not script:
            options.add_experimental_option(
                "prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        super().__init__(service=Service("/usr/bin/chromedriver", port=free_port()), options=options)
        self.set_page_load_timeout(30)
        self.width = NARROW
        self.set_width(NARROW)

    def forget(self, origin=None):
        """As somebody who was never here, nor at this origin."""
        self.get("about:blank")
        self.execute_cdp_cmd("Network.enable", {})
        self.execute_cdp_cmd("Network.clearBrowserCookies", {})
        if origin:
            self.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        self.set_width(NARROW)
        self.set_media()
        self.set_language("en")
        self.get_log("browser")
        self.get_log("performance")

    def set_width(self, width, height=640):
        self.width = width
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width <= NARROW})

    def set_media(self, **features):
        """As in prefers_color_scheme="dark", forced_colors="active"."""
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()]})

    def set_language(self, accept):
        self.execute_cdp_cmd("Network.enable", {})
        self.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": accept}})

    def turn(self, pixels):
        """The wheel, once. What it moves stands still again afterwards: a wheel is heard by another thread of the
        browser than the one that draws, and the page learns of it frames later."""
        ActionChains(self, duration=0).scroll_by_amount(0, pixels).perform()
        self.execute_async_script("""
            const done = arguments[0];
            let before = NaN, still = 0;
            const look = () => {
                still = scrollY === before ? still + 1 : 0;
                before = scrollY;
                if (still < 3) requestAnimationFrame(look); else done();
            };
            requestAnimationFrame(look);""")

    def wait(self, condition, what, seconds=SECONDS):
        """The first true value; what is drawn anew meanwhile is looked at again."""
        def now():
            try:
                return condition()
            except (StaleElementReferenceException, JavascriptException):
                return None
        return wait_for(now, what, seconds, 0.03)

    def rest(self):
        """Until what was drawn last has done all that it does behind a drawing, such as to move the focus."""
        self.execute_async_script("""
            const done = arguments[0];
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));""")

    def wait_fits(self, what="the page"):
        """A page is as wide as the screen a moment after that has another width, or the page other words."""
        self.wait(self.fits, f"{what} is no wider than {self.width} px")

    def fits(self):
        """Whether nothing is wider than the screen."""
        size = self.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        return size["width"] <= self.width

    def picture(self, path):
        """All of the page, however long."""
        size = self.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        answer = self.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": self.width, "height": size["height"], "scale": 1}})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def complaints(self):
        """What the browser's console has said since the last time: violations of a policy, errors of a script.
        That an answer had a status of an error is none."""
        return [entry["message"] for entry in self.get_log("browser")
                if "the server responded with a status of" not in entry["message"]]

    def foreign_requests(self, origin):
        """Addresses that were asked for since the last time and are not of this origin."""
        messages = [json.loads(entry["message"])["message"] for entry in self.get_log("performance")]
        urls = [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if urllib.parse.urlsplit(url).scheme in ("http", "https")
                and not url.startswith(origin + "/")]
