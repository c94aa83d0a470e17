"""The judge of the people list sees what is wrong with a list: each fault, made by hand, is told; a right list is not.

The list is made of what the generator knows, the judge reads slapd: neither knows the other.
"""

import datetime
import types

import pytest

from generate import Directory
from people import NotReady, differences, expected_people, walk
from slapd import Slapd

USERS = 450  # three pages


class List:
    """An API that shows these items, page by page."""

    def __init__(self, items):
        self.items, self.total = items, len(items)
        self.counts = {"active": len(items)}
        self.asked = 0

    def get(self, path, params):
        assert path == "/api/v1/users"
        self.asked += 1
        first = int(params.get("cursor", "0"))
        more = first + params["limit"] < len(self.items)
        return self.answer(200, {"items": self.items[first:first + params["limit"]], "total": self.total,
                                 "counts": self.counts, "next_cursor": str(first + params["limit"]) if more else None})

    @staticmethod
    def answer(status, document):
        return types.SimpleNamespace(status_code=status, text=str(document), json=lambda: document)


def moment(text):
    if text is None:
        return None
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").strftime("%Y-%m-%dT%H:%M:%SZ")


def item_of(person):
    return {"id": person.uuid, "status": "active", "name": person.display or person.name, "given_name": person.given,
            "family_name": person.family, "mail": person.mail, "phone": person.mobile, "org_unit": person.unit,
            "position": person.title, "uid": person.uid, "dn": person.dn, "invited_at": None, "invitation": None,
            "registered_at": moment(person.created), "last_activity_at": moment(person.last)}


@pytest.fixture(scope="module", name="slapd")
def synthetic_slapd(tmp_path_factory):
    place = tmp_path_factory.mktemp("p")
    ldif = place / "made.ldif"
    ldif.write_text("".join(Directory(USERS).ldif()))
    slapd = Slapd(place / "s", ldif=ldif)
    try:
        yield slapd.start()
    finally:
        slapd.destroy()


@pytest.fixture(name="listed")
def right_list():
    directory = Directory(USERS)
    return List([item_of(directory.person(index)) for index in range(USERS)])


def test_a_right_list_has_no_differences(slapd, listed):
    assert differences(listed, expected_people(slapd)) == []
    assert listed.asked == 3


def lose(listed):
    listed.items.pop(217)


def double(listed):
    listed.items[10] = listed.items[300]


def invent(listed):
    listed.items.append({**listed.items[0], "id": "00000000-0000-4000-8000-000000000000"})


def miscount(listed):
    listed.total += 1


def miscount_status(listed):
    listed.counts = {"active": USERS - 1, "suspended": 1}


def change(**members):
    def apply(listed):
        listed.items[42] |= members
    apply.__name__ = "change " + " ".join(members)
    return apply


@pytest.mark.parametrize("fault", [
    lose, double, invent, miscount, miscount_status, change(name="Somebody Else"), change(mail="other@example.org"),
    change(phone="+1"), change(position=None), change(uid="other"), change(status="suspended"),
    change(org_unit="ou=Guests,ou=people,dc=meridian,dc=example"), change(dn="uid=other,dc=meridian,dc=example"),
    change(registered_at="2020-01-01T00:00:00Z"), change(last_activity_at="2030-01-01T00:00:00Z"),
    change(invitation="00000000-0000-4000-8000-000000000000")], ids=lambda fault: fault.__name__)
def test_a_fault_of_the_list_is_told(slapd, listed, fault):
    fault(listed)
    assert differences(listed, expected_people(slapd)) != []


def test_a_dn_may_be_spelled_in_another_way(slapd, listed):
    for item in listed.items:
        item["dn"] = item["dn"].upper()
        item["org_unit"] = item["org_unit"].replace("\\+", "\\2B").replace("\\,", "\\2c")
    assert differences(listed, expected_people(slapd)) == []


def test_a_list_that_changes_while_it_is_walked_is_asked_again(listed):
    get = listed.get

    def grow(path, params):
        listed.total += 1
        return get(path, params)

    listed.get = grow
    with pytest.raises(NotReady):
        walk(listed)
    listed.get = lambda path, params: List.answer(503, {"title": "loading"})
    with pytest.raises(NotReady):
        walk(listed)
