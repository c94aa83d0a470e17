"""What an administrator's program and an invited person's browser do, for tests and benchmarks."""

import concurrent.futures
import html.parser
import itertools
import urllib.parse

import requests

from wait import wait_for

PASSWORD = "seven quiet lanterns over the harbour"

_numbers = itertools.count(1)


def unique_word():
    """A word of letters that no other call returns: names made of it give different uids."""
    number, word = next(_numbers), ""
    while number:
        number, letter = divmod(number - 1, 26)
        word = chr(ord("a") + letter) + word
    return "Quill" + word


def person(slapd, **changes):
    """A complete valid invitation; None takes a member away."""
    family = unique_word()
    document = {
        "given_name": "Robin",
        "family_name": family,
        "gender": "unspecified",
        "birthday": "1990-02-28",
        "mail": f"robin.{family.lower()}@meridian.example",
        "org_unit": f"ou=Registry,ou=Collections,{slapd.people}",
        "position": "Deposit clerk",
        "language": "en",
        "method": "link",
    }
    document.update(changes)
    return {name: value for name, value in document.items() if value is not None}


def in_background(function, *arguments):
    """Run it in a thread; the result is a function that waits for its result."""
    executor = concurrent.futures.ThreadPoolExecutor(1)
    future = executor.submit(function, *arguments)
    executor.shutdown(wait=False)
    return lambda seconds=60: future.result(seconds)


def new_session():
    session = requests.Session()
    session.trust_env = False
    return session


class Api:
    """The control API with a token."""

    def __init__(self, daemon, token=None):
        self.daemon = daemon
        self.session = new_session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, **options):
        options.setdefault("timeout", 20)
        return self.session.request(method, self.daemon.control_url + path, **options)

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, document=None, **options):
        return self.call("POST", path, json=document, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)

    def invite(self, **changes):
        """The answer to a valid invitation, changed as told."""
        return self.post("/api/v1/invitations", person(self.daemon.slapd, **changes))

    def invited(self, **changes):
        """A new invitation, as the API shows it, with its Link as "join"."""
        answer = self.invite(**changes)
        assert answer.status_code == 201, answer.text
        invitation = answer.json()
        invitation["join"] = Link(invitation["link"])
        return invitation

    def invited_by_mail(self, address=None, **changes):
        """A new invitation, as the API shows it: its link goes to the address."""
        document = person(self.daemon.slapd, method="email", **changes)
        document["personal_mail"] = address or f"{document['family_name'].lower()}@elsewhere.example"
        answer = self.post("/api/v1/invitations", document)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def resend(self, invitation_id, void_links=False):
        return self.post(f"/api/v1/invitations/{invitation_id}/resend", {"void_links": void_links})

    def amend(self, invitation_id, **changes):
        return self.call("PATCH", f"/api/v1/invitations/{invitation_id}", json=changes)

    def events(self, invitation_id):
        """The words of its timeline."""
        return [entry["event"] for entry in self.show(invitation_id)["timeline"]]

    # ---- the queue of mails ----

    def mail_queue(self):
        """All items that wait or are being sent. One that changes its place meanwhile can be missed: they are
        counted."""
        while True:
            items, cursor = [], None
            while True:
                answer = self.get("/api/v1/mail/queue", params={"limit": 200, **({"cursor": cursor} if cursor else {})})
                assert answer.status_code == 200, answer.text
                items += answer.json()["items"]
                cursor = answer.json()["next_cursor"]
                if cursor is None:
                    break
            if len(items) >= answer.json()["status"]["waiting"]:
                return items

    def mails_of(self, invitation_id):
        return [item for item in self.mail_queue() if item["invitation"] == invitation_id]

    def retry_mail(self, item_id):
        return self.post(f"/api/v1/mail/queue/{item_id}/retry", {})

    def drop_mail(self, item_id):
        return self.delete(f"/api/v1/mail/queue/{item_id}")

    def bounce(self, message, **options):
        """A report that came back, as the mail system hands it over."""
        return self.call("POST", "/api/v1/mail/bounces", data=message, headers={"Content-Type": "message/rfc822"},
                         **options)

    def show(self, invitation_id):
        answer = self.get(f"/api/v1/invitations/{invitation_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()


class Link:
    """A registration link in the hands of its person."""

    def __init__(self, url):
        self.url = url
        self.token = url.rsplit("/", 1)[1]

    def get(self, **options):
        """The JSON view, as a response."""
        options.setdefault("timeout", 20)
        with new_session() as session:
            return session.get(self.url, headers={"Accept": "application/json"}, **options)

    def view(self):
        answer = self.get()
        assert answer.status_code == 200, answer.text
        return answer.json()

    def register(self, password=PASSWORD, **fields):
        """POST as a program does it; the response."""
        return self.post({"password": password, **fields})

    def post(self, document, **options):
        with new_session() as session:
            return session.post(self.url, json=document, timeout=30, **options)

    def is_open(self):
        """Whether the form may be sent (rather than "in progress", used, expired ...)."""
        answer = self.get()
        return answer.status_code == 200 and answer.json()["status"] == "pending"

    def is_done(self):
        """Finished: told so to its own follower, or as a link that was used."""
        answer = self.get()
        if answer.status_code == 200:
            return answer.json()["status"] == "done"
        return answer.status_code == 410 and answer.json()["reason"] == "used"

    def wait_done(self, seconds=15):
        wait_for(self.is_done, "the registration is done", seconds)

    def wait_settled(self, seconds=20):
        """Until the attempt under way has ended, one way or the other."""
        wait_for(lambda: self.is_done() or self.is_open(), "the registration has settled", seconds)


class Page(html.parser.HTMLParser):
    """A page with one form, as a browser without script sees it."""

    def __init__(self, response):
        super().__init__()
        self.response = response
        self.url = response.url
        self.fields = {}
        self.names = []
        self.action = None
        self.text = ""
        self.tags = []
        self.feed(response.text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag == "form":
            self.action = urllib.parse.urljoin(self.url, attributes.get("action") or self.url)
        if tag == "input" and attributes.get("name"):
            self.names.append(attributes["name"])
            if attributes.get("type") == "hidden":
                self.fields[attributes["name"]] = attributes.get("value", "")

    def handle_data(self, data):
        self.text += data


class Browser:
    """A cookie jar and the pages of one link, without script."""

    def __init__(self, url):
        self.session = new_session()
        self.session.headers["Accept"] = "text/html,application/xhtml+xml"
        self.url = url

    def open(self):
        return Page(self.session.get(self.url, timeout=20))

    def submit(self, page, fields, **options):
        """Send the page's form with its hidden fields and these; `fields` may be a list of pairs."""
        pairs = list(page.fields.items())
        pairs += list(fields.items()) if isinstance(fields, dict) else list(fields)
        return self.session.post(page.action, data=pairs, timeout=30, **options)
