"""The list of a hundred thousand people in a browser: however far somebody scrolls, few rows are in the document, and they
are those that the API has at that place."""

import subprocess
import sys

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from client import PASSWORD, Api, unique_word
from console import console_page
from signing import ADMINISTRATOR, add_group
from slapd import SUFFIX
from usherd import TOP
from world import world

USERS = 100_000
DRAWN_MAX = 80  # rows in the document
FAR = 3000      # rows that are looked at by the API


@pytest.fixture(scope="module", name="daemon")
def large_daemon(tmp_path_factory):
    ldif = tmp_path_factory.mktemp("large") / "people.ldif"
    with open(ldif, "wb") as out:
        subprocess.run([sys.executable, "-B", TOP / "tests" / "rig" / "generate.py", "--users", str(USERS)], stdout=out,
                       check=True)
    with world(ldif=ldif, directory={"admin_group": f"cn=usherd-administrators,ou=groups,{SUFFIX}"},
               usherd={"log_level": "info"}) as daemon:
        dn = f"uid={ADMINISTRATOR},{daemon.slapd.people}"
        daemon.slapd.add(dn, objectClass="inetOrgPerson", uid=ADMINISTRATOR, cn="Aino Mäkelä", sn="Mäkelä",
                         userPassword=PASSWORD)
        add_group(daemon.slapd, "usherd-administrators", dn)
        daemon.wait_list(60)
        yield daemon


@pytest.fixture(scope="module", name="api")
def api_of_all(daemon):
    return Api(daemon, daemon.make_token())


@pytest.fixture(scope="module", name="browser")
def browser_of_all(daemon):
    with console_page(daemon) as page:
        yield page


@pytest.fixture(name="page")
def console_of_one_test(browser):
    browser.begin()
    yield browser
    browser.check()


def order(api, count=FAR, **query):
    """The ids of the first people, as the API says."""
    ids, cursor = [], None
    while len(ids) < count:
        answer = api.get("/api/v1/users", params={"limit": 200, **query, **({"cursor": cursor} if cursor else {})}).json()
        ids += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    return ids


def view(page):
    """Rows that are seen, once all of them are there: {index: id}."""
    def settled():
        seen = page.execute_script("""
            const head = document.querySelector("thead").getBoundingClientRect().bottom - 1;
            const rows = [...document.querySelectorAll("tr.person")].filter((row) => {
                const { top, bottom } = row.getBoundingClientRect(); return top >= head && bottom <= innerHeight; });
            return rows.length && rows.every((row) => row.dataset.id) ?
                rows.map((row) => [row.ariaRowIndex - 2, row.dataset.id]) : null;""")
        return seen
    return page.wait(settled, "what is seen is there")


def drawn(page):
    return page.execute_script("return document.querySelectorAll('tr.person').length")


def fits_order(page, ids):
    """What is seen is what the API has there, without a gap."""
    seen = page.wait(lambda: (lambda found: found if all(index < len(ids) and ids[index] == one for index, one in found)
                              else None)(view(page)), "the rows are in order")
    assert [index for index, _ in seen] == list(range(seen[0][0], seen[0][0] + len(seen)))
    assert drawn(page) <= DRAWN_MAX
    return seen


def stays(page, before):
    """The same people are seen as before, but for one at either end."""
    wanted = {one for _, one in before[1:-1]}
    page.wait(lambda: wanted <= {one for _, one in view(page)}, "what was seen is seen still")


def press(page, *keys):
    ActionChains(page, duration=0).send_keys(*keys).perform()


def to_the_top(page):
    """By the wheel."""
    for _ in range(200):
        page.turn(-1500)
        assert drawn(page) <= DRAWN_MAX
        if page.execute_script("return scrollY") == 0:
            return
    raise AssertionError("the wheel does not lead to the top")


def into_the_table(page):
    """The focus is on the first row."""
    page.wait(lambda: page.rows(), "there are rows")
    page.hand.search(page.find("searchbox", "Search users"), "")
    for _ in range(30):
        if page.execute_script("return document.activeElement.matches('tr.person .p-who a')"):
            return
        press(page, Keys.TAB)
    raise AssertionError(page.focused())


def test_what_a_visit_needs_is_asked_for_once(page):
    page.enter("/users?q=berg&sort=mail")
    page.wait(lambda: page.rows(), "there are rows")
    asked = page.execute_script("""
        const stream = performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/events"));
        return performance.getEntriesByType("resource")
            .filter(({ name, startTime }) => name.includes("/api/v1/") && !(startTime >= stream?.startTime))
            .map(({ name, initiatorType }) => [name.split("/api/v1/")[1].split("?")[0], initiatorType]);""")
    assert sorted(asked) == [["org-units", "fetch"], ["session", "link"], ["settings", "link"], ["users", "fetch"]]


def test_scrolling_by_keyboard_keeps_few_rows_and_their_order(page, api):
    page.begin("keyboard")
    ids = order(api)
    page.enter("/users")
    page.wait_total(api.get("/api/v1/users?limit=1").json()["total"])
    into_the_table(page)
    reached = 0
    for _ in range(200):
        press(page, Keys.PAGE_DOWN)
        seen = fits_order(page, ids)
        assert seen[0][0] <= reached + 1, "rows were jumped over"
        reached = max(reached, seen[-1][0])
        if reached > 500:
            break
        page.wait(lambda: page.execute_script("return document.activeElement.closest('tr.person') !== null"),
                  "the focus is on a row")
    assert reached > 500
    for _ in range(100):  # a page more is known each time, or is on its way
        press(page, Keys.END)
        reached = max(reached, fits_order(page, ids)[-1][0])
        if reached > 1500:
            break
    else:
        raise AssertionError(f"the end key leads to row {reached} and no further")
    for _ in range(20):
        press(page, Keys.PAGE_UP)
    fits_order(page, ids)
    press(page, Keys.HOME)
    page.wait(lambda: fits_order(page, ids)[0] == [0, ids[0]], "the first row is first again")


def test_scrolling_by_wheel_keeps_few_rows_and_their_order(page, api):
    ids = order(api, sort="mail", order="desc")
    page.enter("/users?sort=mail&order=desc")
    fits_order(page, ids)
    # How far one turn goes is the browser's: it ends where the pages end that are there.
    for _ in range(200):
        page.turn(1500)
        if fits_order(page, ids)[0][0] > 800:
            break
    else:
        raise AssertionError("the wheel does not lead beyond the 800th row")
    to_the_top(page)
    page.wait(lambda: fits_order(page, ids)[0] == [0, ids[0]], "the first row is first again")


@pytest.mark.parametrize("word", ["nguyen thi", "müller", "497", "ann berg"])
def test_a_search_shows_what_the_api_says_at_each_letter(page, api, word):
    page.enter("/users")
    field = page.find("searchbox", "Search users")
    field.click()
    for end in range(1, len(word) + 1):
        field.send_keys(word[end - 1])
        told = api.get("/api/v1/users", params={"q": word[:end].strip(), "limit": 20}).json()
        page.wait_text("Nobody matches" if told["total"] == 0 else f"{told['total']:,} p")
        page.wait(lambda ids=[one["id"] for one in told["items"]]: [row["id"] for row in page.rows()][:12] == ids[:12],
                  f"{word[:end]!r} shows what the API says")


def test_what_was_asked_for_survives_a_reload_and_back_returns_to_the_place(page, api):
    ids = order(api, 1200, q="an", sort="mail")
    page.enter("/users")
    page.search("an")
    page.press("button", "Mail")
    page.wait_path("q=an&sort=mail")
    fits_order(page, ids)
    page.refresh()
    fits_order(page, ids)
    assert page.find("searchbox", "Search users").get_property("value") == "an"
    for _ in range(12):
        page.turn(1500)
        fits_order(page, ids)
    place = view(page)
    where = page.execute_script("return scrollY")
    # A turn of the wheel is 26 rows: this is where the last one ended, not the one before.
    page.wait(lambda: abs((page.execute_script("return history.state?.people?.row") or 0) - place[0][0]) <= 13, "the place is kept")
    person = place[3][1]
    page.hand.press(page.execute_script("return document.querySelector(`[data-id='${arguments[0]}'] .p-who a`)", person))
    page.wait_path("^/users/")
    page.wait(lambda: not page.rows(), "the list is left")
    page.back()
    page.wait(lambda: fits_order(page, ids)[0][0] == place[0][0], "the same row is first")
    page.wait(lambda: abs(page.execute_script("return scrollY") - where) <= 2, "it stands where it stood")
    page.wait(lambda: page.execute_script("return document.activeElement.closest('[data-id]')?.dataset.id") == person,
              "the focus is on the row that was left")


def test_a_change_above_does_not_move_what_is_seen(page, api, daemon):
    page.enter("/users")
    ids = order(api, 1200)
    for _ in range(25):
        page.turn(1000)
        fits_order(page, ids)
    total = api.get("/api/v1/users?limit=1").json()["total"]
    before, top = view(page), page.execute_script("return scrollY")
    made = api.invited(given_name="Aaa", family_name=f"Aaa {unique_word()}",
                       org_unit=f"ou=Registry,ou=Collections,{daemon.slapd.people}")
    page.wait_total(total + 1)
    stays(page, before)
    page.wait(lambda: abs(page.execute_script("return scrollY") - top) < 120, "it stands where it stood, but for the new row")
    ids = order(api, 1200)
    assert ids[0] == made["id"]
    to_the_top(page)
    page.wait(lambda: fits_order(page, ids)[0] == [0, made["id"]], "the new one is first")
    for _ in range(25):  # and none twice, none left out, on the way down again
        page.turn(1000)
        fits_order(page, ids)
    before = view(page)
    api.delete(f"/api/v1/invitations/{made['id']}")
    page.wait_total(total)
    stays(page, before)
