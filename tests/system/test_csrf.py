"""A page of somebody else in the browser of a signed-in administrator: nothing that it sends has any effect."""

import json

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from client import PASSWORD, Api, person
from foreign import Foreign
from signing import ADMINISTRATOR, OTHER_ADMINISTRATOR, SESSION, Console
from wait import wait_for

INVITATIONS = "/api/v1/invitations"
SITES = ["localhost", "127.0.0.1"]  # cross-site; same site but another origin, where the cookie is sent along


@pytest.fixture(scope="module")
def foreign():
    site = Foreign()
    yield site
    site.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--disable-component-update", "--no-proxy-server",
                     f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(argument)
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(30)
    yield driver
    driver.quit()


def cookies(browser, daemon):
    found = browser.execute_cdp_cmd("Network.getCookies", {"urls": [daemon.control_url]})["cookies"]
    return {cookie["name"]: cookie["value"] for cookie in found}


@pytest.fixture
def victim(office, browser):
    """The browser has an administrator's session, as the daemon itself would have set it."""
    console = Console(office).sign_in(ADMINISTRATOR)
    name, value = console.cookie.split("=", 1)
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.execute_cdp_cmd("Network.setCookie", {
        "url": office.control_url, "name": name, "value": value, "httpOnly": True, "sameSite": "Strict", "path": "/"})
    browser.get(office.control_url + SESSION)
    assert ADMINISTRATOR in browser.page_source
    return console


# Each sends `body` to `target` and says so in the title when it has done what it can. Of the first three the page
# itself is left.
SCRIPTS = {
    "form": """
        const form = document.createElement('form'), field = document.createElement('input');
        form.method = 'POST'; form.action = target; form.enctype = 'text/plain'; form.target = 'frame';
        field.name = body.slice(0, -1) + ',"x":"'; field.value = '"}';
        form.append(field); document.body.append(form); form.submit(); done();""",
    "form urlencoded": """
        const form = document.createElement('form');
        form.method = 'POST'; form.action = target; form.target = 'frame';
        for (const [name, value] of Object.entries(JSON.parse(body))) {
            const field = document.createElement('input'); field.name = name; field.value = value; form.append(field); }
        document.body.append(form); form.submit(); done();""",
    "fetch text": "fetch(target, {method: 'POST', mode: 'no-cors', credentials: 'include', body}).finally(done);",
    "fetch json": """
        fetch(target, {method: 'POST', credentials: 'include', headers: {'Content-Type': 'application/json'}, body})
            .catch(() => 0).finally(done);""",
    "fetch blob": """
        fetch(target, {method: 'POST', mode: 'no-cors', credentials: 'include', body: new Blob([body])}).finally(done);""",
    "xhr": """
        const xhr = new XMLHttpRequest(); xhr.open('POST', target); xhr.withCredentials = true;
        xhr.onloadend = done; xhr.send(body);""",
    "beacon": "navigator.sendBeacon(target, body); done();",
    "beacon json": """
        navigator.sendBeacon(target, new Blob([body], {type: 'application/json'})); done();""",
}
PREFLIGHTED = {"fetch json", "beacon json"}  # these ask first


def page(script, target, body):
    return f"""<!doctype html><title>working</title><body><iframe name="frame"></iframe><script>
        const target = {json.dumps(target)}, body = {json.dumps(json.dumps(body))};
        function done() {{ document.title = 'done'; }}
        {script}</script>"""


def attack(browser, foreign, site, script, target, body):
    foreign.serve("/attack", page(script, target, body))
    browser.get(f"{foreign.url(site)}/attack")
    wait_for(lambda: browser.title == "done", "the page has done what it can")


def barrier(browser, office):
    """What the page sent was served: a later request of the same browser to the same server was."""
    browser.get(office.control_url + SESSION)
    assert browser.find_element(By.TAG_NAME, "body").text


def invited(office):
    return {item["id"] for item in Api(office, office.token).get(INVITATIONS, params={"limit": 200}).json()["items"]}


@pytest.fixture
def before(office):
    office.token = office.make_token()
    return invited(office)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_attacks_do_leave_the_browser(browser, foreign, name):
    """Without this the other tests would prove nothing."""
    path = "/sink/" + name.replace(" ", "-")
    attack(browser, foreign, "localhost", SCRIPTS[name], f"{foreign.url('127.0.0.1')}{path}", {"a": "b"})
    method = "OPTIONS" if name in PREFLIGHTED else "POST"
    wait_for(lambda: method in [got[0] for got in foreign.received(path)], "it arrived")


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("name", SCRIPTS)
def test_nothing_that_a_foreign_page_sends_has_an_effect(office, browser, foreign, victim, before, name, site):
    attack(browser, foreign, site, SCRIPTS[name], office.control_url + INVITATIONS, person(office.slapd))
    barrier(browser, office)
    assert invited(office) == before
    attack(browser, foreign, site, SCRIPTS[name], f"{office.control_url}/api/v1/tokens",
           {"name": "stolen", "scopes": ["all"], "expires_in": 3600})
    barrier(browser, office)
    assert "stolen" not in Api(office, office.token).get("/api/v1/tokens").text
    assert victim.is_signed_in()


@pytest.mark.parametrize("site", SITES)
def test_no_other_method_gets_through_and_nothing_can_be_read(office, browser, foreign, victim, site):
    reads = f"""
        const said = [];
        Promise.allSettled(['DELETE', 'PUT', 'PATCH', 'GET'].flatMap(method => ['{SESSION}', '/api/v1/sessions',
            '/api/v1/users'].map(path => fetch(target + path, {{method, credentials: 'include'}})
                .then(answer => said.push(method + path)))))
            .then(() => {{ document.body.dataset.said = said.join(' '); done(); }});"""
    attack(browser, foreign, site, reads, office.control_url, {})
    assert browser.find_element(By.TAG_NAME, "body").get_dom_attribute("data-said") == ""
    assert victim.is_signed_in()


@pytest.mark.parametrize("site", SITES)
def test_images_frames_and_navigations_change_nothing(office, browser, foreign, victim, before, site):
    links = f"""
        for (const path of ['{SESSION}', '/api/v1/users', '{INVITATIONS}']) {{
            const image = new Image(); image.src = target + path; document.body.append(image);
            const frame = document.createElement('iframe'); frame.src = target + path; document.body.append(frame); }}
        window.open(target + '{SESSION}'); done();"""
    attack(browser, foreign, site, links, office.control_url, {})
    browser.execute_script("location = arguments[0]", f"{office.control_url}{INVITATIONS}?method=POST&_method=DELETE")
    barrier(browser, office)
    for handle in browser.window_handles[1:]:
        browser.switch_to.window(handle)
        browser.close()
    browser.switch_to.window(browser.window_handles[0])
    assert invited(office) == before
    assert victim.is_signed_in()


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_foreign_page_signs_nobody_in(office, browser, foreign, name, site):
    """Whoever is signed in as the attacker without knowing would work in the attacker's name."""
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    attack(browser, foreign, site, SCRIPTS[name], office.control_url + SESSION,
           {"login": OTHER_ADMINISTRATOR, "password": PASSWORD})
    barrier(browser, office)
    assert cookies(browser, office) == {}


@pytest.mark.parametrize("headers, status", [
    ({"Origin": "https://elsewhere.example"}, 403), ({"Origin": "null"}, 403),
    ({"Origin": "http://127.0.0.1:1"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, (401, 403)), ({"Sec-Fetch-Site": "none"}, 403),
])
def test_a_change_with_a_cookie_needs_our_own_origin(office, before, headers, status):
    """What a program with a stolen cookie would find, and what browsers that are old would send."""
    console = Console(office).sign_in(ADMINISTRATOR)
    headers = {"Origin": None, "Sec-Fetch-Site": None, **headers}
    answer = console.post(INVITATIONS, person(office.slapd), headers=headers)
    assert answer.status_code in (status if isinstance(status, tuple) else (status,)), answer.text
    if answer.status_code == 403:
        assert answer.json()["reason"] == "cross_site"
    assert invited(office) == before


def test_a_change_with_a_cookie_needs_json(office, before):
    console = Console(office).sign_in(ADMINISTRATOR)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"):
        answer = console.call("POST", INVITATIONS, data=json.dumps(person(office.slapd)),
                              headers={"Content-Type": kind})
        assert answer.status_code == 415, answer.text
    assert invited(office) == before
    assert console.post(INVITATIONS, person(office.slapd)).status_code == 201


def test_no_answer_lets_another_origin_read_it(office):
    console = Console(office).sign_in(ADMINISTRATOR)
    for method in ("GET", "OPTIONS", "POST", "DELETE"):
        for path in (SESSION, INVITATIONS, "/api/v1/users", "/"):
            answer = console.call(method, path, headers={
                "Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"})
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
