"""What a link promises: looking changes nothing, one use, and a plain word for each way it can end."""

import re

import pytest

from client import PASSWORD, Api, Browser, Link, person


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    return answer.json()


@pytest.mark.walk
def test_looking_at_a_link_changes_nothing(slapd, api):
    invitation = api.invited()
    before = api.show(invitation["id"])
    link = invitation["join"]
    for _ in range(20):
        link.get()
        Browser(link.url).open()
        with Browser(link.url).session as session:
            session.head(link.url)
            session.options(link.url)
    after = api.show(invitation["id"])
    # But that the form was shown is noted, once, and nobody's business but the administrator's.
    assert [step["event"] for step in after["timeline"]] == ["issued", "opened"]
    assert {**after, "timeline": before["timeline"]} == before
    assert slapd.entries_of(invitation["id"]) == []
    assert link.register().status_code == 201


def test_the_view_shows_what_the_person_must_know(api):
    invitation = api.invited(fields={"position": "suggested"})
    view = invitation["join"].view()
    assert view["organisation"] == "Meridian Seed Archive"
    assert view["uid"] == invitation["uid"]
    assert view["expires_at"] == invitation["expires_at"]
    assert view["password"]["min_length"] == 15
    assert view["fields"]["given_name"] == {"value": "Robin", "mode": "fixed"}
    assert view["fields"]["position"] == {"value": "Deposit clerk", "mode": "suggested"}


def test_a_suggested_field_may_be_changed_and_a_fixed_one_not(slapd, api):
    invitation = api.invited(fields={"position": "suggested"})
    refused = invitation["join"].register(given_name="Mallory")
    assert refused.status_code == 422
    assert "given_name" in [error["field"] for error in refused.json()["errors"]]
    assert invitation["join"].register(position="Night keeper").status_code == 201
    [(_, entry)] = slapd.entries_of(invitation["id"])
    assert entry["title"] == ["Night keeper"]
    assert entry["givenName"] == ["Robin"]


@pytest.mark.walk
def test_a_used_link_says_so(api):
    link = api.invited()["join"]
    assert link.register().status_code == 201
    assert problem(link.register(), 410)["reason"] == "used"


def test_a_revoked_link_says_so(slapd, api):
    invitation = api.invited()
    assert api.delete(f"/api/v1/invitations/{invitation['id']}").status_code == 204
    assert problem(invitation["join"].get(), 410)["reason"] == "revoked"
    assert problem(invitation["join"].register(), 410)["reason"] == "revoked"
    assert slapd.entries_of(invitation["id"]) == []


def test_a_new_link_ends_the_old_one(api):
    invitation = api.invited()
    answer = api.post(f"/api/v1/invitations/{invitation['id']}/link")
    assert answer.status_code == 200, answer.text
    fresh = Link(answer.json()["link"])
    assert fresh.token != invitation["join"].token
    assert problem(invitation["join"].register(), 410)["reason"] == "revoked"
    assert fresh.register().status_code == 201


def spellings(token):
    """Everything that looks like the token and is not."""
    body = token.removeprefix("usj_")
    flipped = body[:-1] + ("A" if body[-1] != "A" else "B")
    yield from (
        "usj_" + flipped, body, token.upper(), token.lower(), token + "=", token + "A", token[:-1],
        token + "/", token + "%00", token + "%20", "%20" + token, token.replace("usj_", "USJ_"),
        token.replace("usj_", "ush_"), "usj_" + "A" * 43, "usj_", "..", "%2e%2e",
        "".join(f"%25{ord(c):02x}" for c in token),
    )
    # The last character of 43 carries two bits that mean nothing: only one spelling is canonical.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    yield from ("usj_" + body[:-1] + c for c in alphabet if c != body[-1])


def test_only_the_one_spelling_of_a_token_is_the_token(api):
    link = api.invited()["join"]
    base = link.url.removesuffix(link.token)
    for spelling in dict.fromkeys(spellings(link.token)):
        if spelling == link.token:
            continue
        answer = Link(base + spelling).register()
        assert answer.status_code in (400, 404), (spelling, answer.status_code)
    assert link.register().status_code == 201


def test_the_claim_decides_about_expiry_and_not_a_sweeper(slapd, make_usherd, clock):
    daemon = make_usherd(slapd, environment=clock.environment).start()
    daemon.wait_directory()
    api = Api(daemon, daemon.make_token())
    early, late = api.invited(expires_in=3600), api.invited(expires_in=3600)
    clock(3590)
    assert early["join"].register().status_code == 201
    clock(3601)
    assert problem(late["join"].register(), 410)["reason"] == "expired"
    assert problem(late["join"].get(), 410)["reason"] == "expired"
    assert slapd.entries_of(late["id"]) == []
    assert api.show(late["id"])["status"] == "expired"


def test_the_page_is_closed_to_everything_foreign(api):
    invitation = api.invited()
    page = Browser(invitation["link"]).open()
    headers = page.response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    for tag, attributes in page.tags:
        for name in ("src", "href", "action"):
            target = attributes.get(name) or ""
            assert not re.match(r"(https?:)?//", target), f"<{tag} {name}={target}> leads elsewhere"


def test_the_cookie_that_replaces_the_token_is_short_lived_and_closed(api):
    link = api.invited()["join"]
    browser = Browser(link.url)
    answer = browser.session.get(link.url, allow_redirects=False)
    assert answer.status_code == 303
    assert link.token not in answer.headers["Location"]
    cookie = answer.headers["Set-Cookie"]
    assert link.token not in cookie
    assert "HttpOnly" in cookie and "SameSite=" in cookie and "Path=/join" in cookie
    age = int(re.search(r"Max-Age=(\d+)", cookie)[1])
    assert 0 < age <= 3600


def test_a_form_of_another_site_does_not_register(slapd, api):
    invitation = api.invited()
    browser = Browser(invitation["link"])
    page = browser.open()
    for name in page.fields:
        page.fields[name] = "forged"
    answer = browser.submit(page, {"password": PASSWORD}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403, answer.status_code
    assert slapd.entries_of(invitation["id"]) == []
    assert invitation["join"].register().status_code == 201


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded",
                                    "X-Forwarded-Port", "X-Original-URL"])
def test_no_header_can_change_where_a_link_points(usherd, api, header):
    value = "localhost" if header == "Host" else "evil.example"
    answer = api.post("/api/v1/invitations", person(api.daemon.slapd), headers={header: value})
    assert answer.status_code == 201, answer.text
    assert answer.json()["link"].startswith(usherd.public_url + "/join/usj_")


def test_a_host_that_is_not_ours_is_misdirected(usherd, api):
    link = api.invited()["join"]
    for listener in ("control", "public"):
        with Browser(link.url).session as session:
            answer = session.get(usherd.url(listener) + "/join", headers={"Host": "evil.example"})
        assert answer.status_code == 421


def test_a_person_in_a_hurry_is_asked_to_wait(slapd, make_usherd):
    daemon = make_usherd(slapd).configure("limits", join_rate=5).start()
    daemon.wait_directory()
    link = Api(daemon, daemon.make_token()).invited()["join"]
    answers = [link.register(password="short") for _ in range(20)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused, [answer.status_code for answer in answers]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
