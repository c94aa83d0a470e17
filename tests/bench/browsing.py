"""./dev bench console: the console in a browser, on the directory of roster.py: what the first load weighs and how long it
takes, from a key to the frame that shows what it brought, and the longest frame while somebody scrolls.

A bare page takes turns with it in the same browser: an almost empty document that fetches a tiny answer and shows it, so that
what the machine and the browser take by themselves is in both. Besides the ratio to it there is one to the bound.

Nobody looks while something is timed: a page that is asked every few milliseconds whether it is ready has less time to
become so, and a browser that tells of each request tells most of the page that has most of them. So the page itself says when it
is ready, and what a load weighs is taken from other loads than how long it takes.
"""

import contextlib
import http.server
import itertools
import json
import os
import pathlib
import random
import statistics
import threading
import time

from selenium.webdriver.common.by import By

import roster
from chromium import Chromium
from client import PASSWORD, Api
from shared import report, report_rounds
from signing import Console, add_group

LOADS, WEIGHED, STROKES, WORDS_AT_ONCE = 20, 3, 200, 5
WHEELS, WHEEL_PIXELS = 60, 800
FIRST_BYTES, INTERACTIVE_MS, STROKE_MS, FRAME_MS = 60_000, 300, 50, 50  # bounds
ADMINISTRATOR = f"bench{os.getpid()}"  # slapo-refint goes on taking away a name that was deleted

# Set before the page: "interactive" is marked behind the frame that shows the first rows and a search that can be typed into.
INTERACTIVE = """
new MutationObserver((_, observer) => {
    if (!document.querySelector("tr[data-id], #shown:not(:empty)") || !document.querySelector("input[type=search]")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => performance.mark("interactive")));
}).observe(document, { childList: true, subtree: true });
"""
BARE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Bare</title><link rel="icon" href="data:,">
<input type="search" aria-label="Search"><p id="shown"></p><div style="height: 1000000px"></div>
<script>
const ask = (start) => fetch("/tiny?q=" + encodeURIComponent(document.querySelector("input").value)).then((answer) => answer.json()).then((answer) => {
    document.querySelector("#shown").textContent = answer.q + " " + answer.total;
    if (start) requestAnimationFrame(() => setTimeout(() => performance.measure("search", { start, end: performance.now() })));
});
document.querySelector("input").oninput = (event) => ask(event.timeStamp);
ask();
</script></html>"""
FRAMES = """
globalThis.frames_ = [];
let last = performance.now();
(function next() { requestAnimationFrame((now) => { frames_.push(now - last); last = now; next(); }); })();
"""


class Bare(http.server.BaseHTTPRequestHandler):
    """The bare page, over one connection as the console's."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):  # pylint: disable=invalid-name
        path, _, query = self.path.partition("?")
        is_tiny = path == "/tiny"
        body = json.dumps({"q": query, "total": 1}).encode() if is_tiny else BARE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if is_tiny else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def bare_page():
    """Its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bare)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def administrator(slapd):
    """The directory is kept for others: it is as before afterwards."""
    dn, group = f"uid={ADMINISTRATOR},{slapd.people}", f"cn={ADMINISTRATOR},{slapd.groups}"
    slapd.add(dn, objectClass="inetOrgPerson", uid=ADMINISTRATOR, cn="Bench Administrator", sn="Administrator",
              userPassword=PASSWORD)
    add_group(slapd, ADMINISTRATOR, dn)
    try:
        yield group
    finally:
        slapd.delete(group)
        slapd.delete(dn)


# What is awaited may have been long before: observers hear of that as well.
IS_INTERACTIVE = """
const done = arguments[0];
new PerformanceObserver((list, observer) => {
    const [mark] = list.getEntriesByName("interactive");
    if (mark) { observer.disconnect(); done(mark.startTime); }
}).observe({ type: "mark", buffered: true });
"""
NEXT_SEARCH = """
globalThis.searched_ = new Promise((done) => new PerformanceObserver((list, observer) => {
    if (list.getEntriesByName("search").length) { observer.disconnect(); done(); }
}).observe({ type: "measure" }));
"""


def load(browser, url):
    """ms until it is interactive, with an empty cache."""
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.get(url)
    return browser.execute_async_script(IS_INTERACTIVE)


def weigh(browser, url):
    """(bytes of the page and its files, bytes of the API's answers) until it is interactive, with an empty cache."""
    browser.execute_cdp_cmd("Network.enable", {})
    browser.get_log("performance")
    load(browser, url)
    urls, sizes = {}, {}
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            urls[message["params"]["requestId"]] = message["params"]["request"]["url"]
        elif message["method"] == "Network.loadingFinished":
            sizes[message["params"]["requestId"]] = message["params"]["encodedDataLength"]
    browser.execute_cdp_cmd("Network.disable", {})
    api = sum(size for one, size in sizes.items() if "/api/" in urls.get(one, ""))
    return sum(sizes.values()) - api, api


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def report_times(metric, ours, bare, bound):
    """Against the bare page, and against the bound."""
    for name, part in (("p50", 0.5), ("p95", 0.95)):
        report("console", f"{metric}, {name}, against a bare page", percentile(ours, part), "ms", percentile(bare, part))
    report("console", f"{metric}, p95, against the bound", percentile(ours, 0.95), "ms", bound)


def measure_loads(browser, users, bare):
    weights, answers = zip(*(weigh(browser, users) for _ in range(WEIGHED)))
    ours, others = [], []
    for _ in range(LOADS):
        others.append(load(browser, bare))
        ours.append(load(browser, users))
    report("console", "first load, bytes of the page and its files over the wire", max(weights), "bytes", FIRST_BYTES)
    report("console", "first load, bytes of the API's answers", max(answers), "bytes", FIRST_BYTES)
    report_times("first load until it is interactive, empty cache", ours, others, INTERACTIVE_MS)


def real_words(api, count):
    """Parts of names, of anywhere in the list."""
    words, dice = set(), random.Random(1)
    for sort, order in itertools.product(("name", "mail", "registered_at"), ("asc", "desc")):
        for item in api.get("/api/v1/users", params={"limit": 200, "sort": sort, "order": order}).json()["items"]:
            words |= {word for word in (item["name"] or "").lower().split() if 3 <= len(word) <= 9 and word.isalpha() and word.isascii()}
    return dice.sample(sorted(words), min(count, len(words)))


def strokes(browser, url, words):
    """ms from each key to what it brought."""
    browser.get(url)
    browser.execute_async_script(IS_INTERACTIVE)
    field = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    field.click()
    found = []
    for word in words:
        browser.execute_script("arguments[0].value = ''; arguments[0].dispatchEvent(new InputEvent('input', {bubbles: true}))", field)
        time.sleep(0.3)  # a person's pause between two words; what is measured is each key
        browser.execute_script("performance.clearMeasures('search')")
        for letter in word:
            browser.execute_script(NEXT_SEARCH)
            browser.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyDown", "text": letter, "key": letter})
            browser.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyUp", "key": letter})
            browser.execute_async_script("searched_.then(arguments[0])")
        found += browser.execute_script("return performance.getEntriesByName('search').map((one) => one.duration)")
    return found


def measure_strokes(browser, users, bare, api):
    words, ours, others = iter(real_words(api, STROKES)), [], []
    while len(ours) < STROKES:
        some = list(itertools.islice(words, WORDS_AT_ONCE))
        others += strokes(browser, bare, some)
        ours += strokes(browser, users, some)
    report_times(f"{len(ours)} key strokes of real words, from the key to the frame that shows what it brought", ours, others, STROKE_MS)


def frames(browser, url):
    """ms of each frame while somebody scrolls down."""
    browser.get(url)
    browser.execute_async_script(IS_INTERACTIVE)
    browser.execute_script(FRAMES)
    for _ in range(WHEELS):
        browser.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseWheel", "x": 600, "y": 400, "deltaX": 0, "deltaY": WHEEL_PIXELS})
    return browser.execute_script("return frames_.slice(1)")


def measure_frames(browser, users, bare):
    rounds = [(frames(browser, users), frames(browser, bare)) for _ in range(roster.ROUNDS)]
    report_rounds("console", f"longest frame of scrolling {WHEELS * WHEEL_PIXELS} px, against a bare page", "ms",
                  [(max(ours), max(others)) for ours, others in rounds])
    report("console", "p95 of these frames, against the bound",
           statistics.median(percentile(ours, 0.95) for ours, _ in rounds), "ms", FRAME_MS)


def bench_console():
    with contextlib.closing(roster.LargeBench()) as bench, administrator(bench.slapd) as group, bare_page() as bare:
        daemon = bench.daemon(directory={"uri": bench.slapd.ldapi, "admin_group": group})
        api = Api(daemon, daemon.token)
        roster.seconds_until(daemon, time.monotonic(), roster.LIST)
        session = Console(daemon).sign_in(ADMINISTRATOR)
        name, value = session.cookie.split("=", 1)
        browser = Chromium(pathlib.Path(bench.folder))
        try:
            browser.set_width(1280, 800)
            browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": INTERACTIVE})
            browser.set_script_timeout(60)
            browser.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": daemon.control_url, "httpOnly": True,
                                                          "sameSite": "Strict"})
            browser.execute_cdp_cmd("Network.disable", {})  # the driver has enabled it for its log
            users = f"{daemon.control_url}/users"
            measure_loads(browser, users, bare)
            measure_strokes(browser, users, bare, api)
            measure_frames(browser, users, bare)
        finally:
            browser.quit()
            daemon.stop(seconds=60)
