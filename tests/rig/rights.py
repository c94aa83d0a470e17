"""The matrix of who may what, as the daemon prints it, and requests for each of its rows."""

import collections
import os
import pathlib
import re
import subprocess

BUILD = pathlib.Path(os.environ["USHERD_BUILD"])

Route = collections.namedtuple("Route", "method path scopes extent")  # scopes: None: nobody is asked; (): to be known

ABSENT = "01890a5d-ac96-774b-bcce-b302099a8057"
ABSENT_TOKEN = "0123456789abcdef"
BODIES = {  # of routes that would answer something else before they look for the object
    ("PATCH", "/api/v1/invitations/{id}"): {"expires_in": 7200},
    ("PATCH", "/api/v1/users/{id}"): {"position": "Keeper"},
    ("PATCH", "/api/v1/org-units/{id}"): {"name": "Elsewhere"},
}


def routes():
    """Those of the control API."""
    said = subprocess.run([BUILD / "usherd", "--routes"], capture_output=True, text=True, check=True)
    found = []
    for line in said.stdout.splitlines():
        method, path, listeners, scopes, extent, _types = line.split(" ", 5)
        if "control" in listeners.split(","):
            asked = {"-": None, "known": ()}.get(scopes, tuple(scopes.split(",")))
            found.append(Route(method, path, asked, extent))
    return found


def roles():
    """Whose rights are sessions: the scopes of each role."""
    everything = {scope for route in routes() for scope in route.scopes or ()}
    return {
        "administrator": everything,
        "inviter": {"invitations:read", "invitations:write", "directory:read"},
        "auditor": {"invitations:read", "users:read", "directory:read", "audit:read", "status:read"},
    }


def of_nothing(path):
    """The path of what does not exist."""
    absent = ABSENT_TOKEN if path.startswith(("/api/v1/tokens", "/api/v1/sessions")) else ABSENT
    return path.replace("{id}", absent).replace("{message}", ABSENT)


def fits(route, path):
    """Whether a path is one of the route's: what stands for itself in one may be an {id} of another."""
    return re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route.path)), path) is not None


def ask(api, route, path=None):
    """The answer to a request that changes nothing of what there is, unless `path` names something."""
    options = {"stream": True, "timeout": 20}
    if route.method in ("POST", "PATCH", "PUT"):
        options["json"] = BODIES.get((route.method, route.path), {})
    answer = api.call(route.method, path or of_nothing(route.path), **options)
    if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        answer.content  # pylint: disable=pointless-statement
    answer.close()
    return answer


def told(answer):
    """All of a refusal but what differs with each request."""
    document = answer.json()
    for name in ("request_id", "instance"):
        document.pop(name, None)
    return answer.status_code, document
