"""doc/openapi.yaml is a sound document, describes exactly what the daemon serves, and is served."""

import json
import re
import subprocess

import fastjsonschema
import jsonschema
import pytest
import requests

from client import person
from openapi import PATH, Document, load
from usherd import BUILD, TOP, UnixConnection

URL = "/api/v1/openapi.yaml"


@pytest.fixture(scope="module")
def document():
    return Document()


def walk(value, path=()):
    """Every object in the document, with its path."""
    if isinstance(value, dict):
        yield path, value
        for name, inner in value.items():
            yield from walk(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from walk(inner, (*path, number))


def test_it_is_openapi_3_1():
    """By the schema that the OpenAPI Initiative publishes."""
    schema = json.loads((TOP / "tests" / "data" / "openapi-3.1.json").read_text())
    errors = jsonschema.Draft202012Validator(schema).iter_errors(load())
    assert [f"{list(error.path)}: {error.message}" for error in errors] == []


def test_its_schemas_are_schemas(document):
    for name, schema in document.root["components"]["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            pytest.fail(f"{name}: {error.message}")


def test_its_references_lead_somewhere_and_everything_is_used(document):
    used = {value["$ref"] for _, value in walk(document.root) if "$ref" in value}
    for reference in used:
        document.find(reference)
    there = {f"#/components/{kind}/{name}" for kind, parts in document.root["components"].items()
             for name in parts if kind != "securitySchemes"}
    assert there - used == {"#/components/responses/WrongMethod"}  # no operation's own


def test_every_answer_is_closed(document):
    """An answer may have no member that the document does not name."""
    answers = {"Invitation", "InvitationPage", "NewLink", "OrgUnits", "OrgUnitName", "Groups", "Token",
               "Tokens", "MailQueue", "MailPreview", "MailReport", "Bounce", "Webhook", "Webhooks", "NewSecret",
               "WebhookMessages", "CallerItem", "AuditPage", "AuditRecord", "AuditHead", "AuditVerdict", "Erasure",
               "PeoplePage", "PersonItem", "Preflight", "Settings",
               "Person", "Counts", "Deleted", "UnderWay", "Status", "StatusDirectory", "StatusFeed",
               "StatusList", "StatusStore", "StatusMail", "Checks", "Registration", "Registered", "Health", "Problem"}
    for name in answers:
        for path, schema in walk(document.root["components"]["schemas"][name]):
            if schema.get("type") == "object":
                assert "additionalProperties" in schema, (name, path)


def test_its_examples_are_valid(document):
    count = 0
    for path, value in walk(document.root):
        if "example" in value and "schema" in value:
            try:
                document.validator(value["schema"])(value["example"])
            except fastjsonschema.JsonSchemaValueException as error:
                pytest.fail(f"{path}: {error.message}")
            count += 1
    assert count > 10


def test_it_describes_exactly_the_routes_that_there_are(document):
    """Both ways: method, path, listeners and the types of a body, against the daemon's own table."""
    said = subprocess.run([BUILD / "usherd", "--routes"], capture_output=True, text=True, check=True)
    routes = set()
    for line in said.stdout.splitlines():
        method, path, listeners, _scopes, _extent, types = line.split(" ", 5)
        routes.add((method, path, frozenset(listeners.split(",")),
                    frozenset(types.split() if types != "-" else ())))
    described = {(o.method, o.path, frozenset(o.listeners), frozenset(o.bodies))
                 for o in document.operations}
    assert described == routes


def test_it_names_every_scope_and_so_do_the_help_and_the_manual(usherd, document):
    """The daemon's own list is what a token of "all" has."""
    token = usherd.make_token(name="of all")
    made = requests.get(usherd.control_url + "/api/v1/tokens", timeout=5, headers={"Authorization": f"Bearer {token}"})
    [scopes] = [item["scopes"] for item in made.json()["items"] if item["name"] == "of all"]
    assert set(document.root["components"]["schemas"]["Scope"]["enum"]) == set(scopes)
    text = usherd.control("token", "create", "--help").stdout
    listed = set(re.sub(r"[\s,]+", " ", text).split(" "))
    manual = set(re.sub(r"[\s,]+", " ", (TOP / "doc" / "usherctl.1").read_text()).split(" "))
    assert set(scopes) - listed == set() and set(scopes) - manual == set()


def test_it_has_the_version_of_the_program(document):
    said = subprocess.run([BUILD / "usherd", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.split()[1] == document.root["info"]["version"]


def may_be_text(document, schema):
    schema = document.resolve(schema)
    return "string" in schema.get("type", ()) or any(may_be_text(document, one) for one in schema.get("oneOf", ()))


def texts_of(document, schema):
    """The members of an object that may be strings."""
    schema = document.resolve(schema)
    inherited = [name for part in schema.get("allOf", ()) for name in texts_of(document, part)]
    return inherited + [name for name, inner in schema.get("properties", {}).items() if may_be_text(document, inner)]


def takes_empty(document, schema, name, body):
    try:
        document.validator(schema)({**body, name: ""})
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


@pytest.mark.walk
def test_an_empty_string_is_taken_where_it_says_so_and_nowhere_else(api, slapd, document):
    unit = next(item for item in api.get("/api/v1/org-units").json()["items"] if item["dn"].startswith("ou=Registry"))
    requests_of = (
        ("POST", "/api/v1/invitations", "InvitationRequest", None),
        ("POST", "/api/v1/org-units", "OrgUnitRequest", {"name": "Annex", "parent": slapd.people}),
        ("PATCH", f"/api/v1/org-units/{unit['id']}", "OrgUnitPatch", {}),
        ("POST", "/api/v1/tokens", "TokenRequest", {"name": "spare", "scopes": ["users:read"], "expires_in": 60}),
        ("POST", "/api/v1/webhooks", "WebhookRequest", {"name": "it", "url": "https://x.example/", "types": ["all"]}),
    )
    for method, path, name, given in requests_of:
        schema = {"$ref": f"#/components/schemas/{name}"}
        for member in texts_of(document, schema):
            body = person(slapd) if given is None else given
            answer = api.call(method, path, json={**body, member: ""})
            taken = takes_empty(document, schema, member, body)
            assert (answer.status_code < 400) == taken, (method, path, member, answer.text)
            if not taken:
                assert [error["field"] for error in answer.json()["errors"]] == [member]


def test_it_is_served_to_everybody_who_may_speak_to_the_api(usherd):
    answer = requests.get(usherd.control_url + URL, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.content == PATH.read_bytes()
    known = {"If-None-Match": f'"other", W/{answer.headers["ETag"]}'}
    again = requests.get(usherd.control_url + URL, timeout=5, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]
    head = requests.head(usherd.control_url + URL, timeout=5)
    assert int(head.headers["Content-Length"]) == len(answer.content)
    unix = UnixConnection(usherd.socket_path)
    unix.request("GET", URL)
    assert unix.getresponse().read() == answer.content
    unix.close()
    for elsewhere in (usherd.public_url, usherd.management_url):
        assert requests.get(elsewhere + URL, timeout=5).status_code == 404
