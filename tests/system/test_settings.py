"""What clients are told of the configuration, and what they are not."""

import json

from client import Api
from signing import AUDITOR, INVITER, Console, with_roles
from usherd import UnixConnection
from wait import wait_for

SETTINGS = "/api/v1/settings"


def settings(api):
    answer = api.get(SETTINGS)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_they_are_those_of_the_configuration(slapd, make_usherd):
    daemon = make_usherd(slapd)
    daemon.configure("invitation", lifetime="3d", gender_required="no", uid_template="{g}{family}")
    daemon.configure("password", min_length=19).configure("users", restorable="10d").start()
    api = Api(daemon, daemon.make_token())
    assert settings(api) == {
        "organisation": "Meridian Seed Archive", "public_url": daemon.public_url, "people_base": slapd.people,
        "languages": ["en", "de", "vi"], "default_language": "en",
        "invitations": {
            "methods": ["link"], "gender_required": False, "birthday_required": True, "uid_template": "{g}{family}",
            "lifetime": {"default": 3 * 86400, "min": 60, "max": 90 * 86400}, "resend_after": None},
        "users": {"restorable": 10 * 86400}, "password": {"min_length": 19}}
    daemon.configure("invitation", lifetime="5d").configure("password", min_length=21)
    daemon.write_configuration()
    daemon.reload()
    wait_for(lambda: settings(api)["invitations"]["lifetime"]["default"] == 5 * 86400, "the reload is told of")
    assert settings(api)["password"] == {"min_length": 21}


def test_what_they_offer_is_taken(usherd, api):
    offered = settings(api)["invitations"]
    assert offered["gender_required"] and api.invite(gender=None).status_code == 422
    assert offered["birthday_required"] and api.invite(birthday=None).status_code == 422
    for lifetime in offered["lifetime"].values():
        assert api.invite(expires_in=lifetime).status_code == 201
    assert api.invite(expires_in=offered["lifetime"]["min"] - 1).status_code == 422
    assert api.invite(expires_in=offered["lifetime"]["max"] + 1).status_code == 422
    assert offered["methods"] == ["link"]
    assert api.invite(method="email", personal_mail="a@elsewhere.example").status_code == 422


def test_mails_add_their_method_and_their_languages(slapd, make_usherd, folder):
    texts = folder / "texts" / "pt-BR"
    texts.mkdir(parents=True)
    (texts / "invitation.txt").write_text("Subject: Convite\n\n{{link}}\n")
    (texts / "invitation.html").write_text("<p>{{link}}</p>\n")
    daemon = make_usherd(slapd)
    daemon.configure("mail", spool=folder / "spool", templates=folder / "texts", resend_interval="2m", language="de",
                     **{"from": "usherd@meridian.example"})
    (folder / "spool").mkdir(mode=0o700)
    daemon.start()
    told = settings(Api(daemon, daemon.make_token()))
    assert told["invitations"]["methods"] == ["link", "email"]
    assert told["invitations"]["resend_after"] == 120
    assert told["languages"] == ["en", "de", "vi", "pt-BR"]
    assert told["default_language"] == "de"


def test_whoever_is_known_is_told_and_nobody_else(slapd, make_usherd):
    daemon = with_roles(make_usherd(slapd)).start()
    daemon.wait_list()
    assert Api(daemon).get(SETTINGS).status_code == 401
    told = [settings(Console(daemon).sign_in(uid)) for uid in (INVITER, AUDITOR)]
    told.append(settings(Api(daemon, daemon.make_token(scopes="mail:bounces"))))
    unix = UnixConnection(daemon.socket_path)
    unix.request("GET", SETTINGS)
    told.append(json.loads(unix.getresponse().read()))
    unix.close()
    assert all(one == told[0] for one in told)
    for listener in ("public", "management"):
        with Api(daemon).session as session:
            assert session.get(daemon.url(listener) + SETTINGS, timeout=10).status_code == 404


def test_nothing_of_how_others_are_reached_is_told(slapd, make_usherd, folder):
    daemon = make_usherd(slapd)
    (folder / "spool").mkdir(mode=0o700)
    daemon.configure("mail", spool=folder / "spool", notify="office@meridian.example",
                     **{"from": "usherd@meridian.example"}).start()
    said = Api(daemon, daemon.make_token()).get(SETTINGS).text
    for word in (slapd.service_dn, slapd.url, str(folder), "office@meridian.example", "usherd@meridian.example"):
        assert str(word) not in said
