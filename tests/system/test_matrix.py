"""The whole matrix of states and requests, written out: what each is answered, whoever asks.

Every invitation had its link renewed once, so that there is a replaced link. "again" is the form that
brought it there, once more, with the same Idempotency-Key; "page" is what a browser gets first.

  past its end        nobody has written it down: the sweeper has not come, nobody has tried
  under way           the directory went away behind the claim, the person was told "in progress"
  orphaned            the same, and the daemon was killed: only the resolver can settle it
  created             the directory's policy refused the password: the entry waits for another one
  entry deleted       the same, and somebody deleted the entry
  done later          finished after "in progress": its followers are told
"""

import pytest

from client import PASSWORD, Api, Link, in_background, new_session
from watch import answer_of

MATRIX = """
state             | look            | replaced    | page | register    | weak          | again           | link        | revoke      | show
pending           | 200 pending     | 410 revoked | 303  | 201 done    | 422 too_short | -               | 200         | 204         | pending
past its end      | 410 expired     | 410 expired | 410  | 410 expired | 410 expired   | -               | 410 expired | 410 expired | expired
expired           | 410 expired     | 410 expired | 410  | 410 expired | 410 expired   | 410 expired     | 410 expired | 410 expired | expired
revoked           | 410 revoked     | 410 revoked | 410  | 410 revoked | 410 revoked   | -               | 410 revoked | 204         | revoked
under way         | 200 in_progress | 410 revoked | 200  | 410 used    | 410 used      | 202 in_progress | 409         | 409         | in_progress
orphaned          | 200 in_progress | 410 revoked | 200  | 503         | 503           | 503             | 409         | 409         | in_progress
created           | 200 pending     | 410 revoked | 303  | 201 done    | 422 too_short | 422 refused     | 200         | 204         | in_progress
entry deleted     | 200 pending     | 410 revoked | 303  | 201 done    | 422 too_short | 422 refused     | 200         | 204         | in_progress
created, its end  | 410 expired     | 410 expired | 410  | 410 expired | 410 expired   | 410 expired     | 410 expired | 410 expired | expired
created, revoked  | 410 revoked     | 410 revoked | 410  | 410 revoked | 410 revoked   | 410 revoked     | 410 revoked | 204         | revoked
done              | 410 used        | 410 used    | 410  | 410 used    | 410 used      | 201 done        | 410 used    | 410 used    | done
done later        | 200 done        | 200 done    | 200  | 410 used    | 410 used      | 201 done        | 410 used    | 410 used    | done
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in MATRIX.strip().splitlines()]
COLUMNS, ROWS = ROWS[0][1:], {row[0]: row[1:] for row in ROWS[1:]}

REFUSED = "only nineteen chars"  # by the policy below, not by the daemon
HOUR = 3600


class Person:
    """An invitation, its live and its replaced link, and the form that was sent last."""

    def __init__(self, api):
        invitation = api.invited(expires_in=HOUR)
        self.api, self.id, self.replaced = api, invitation["id"], invitation["join"]
        self.path = f"/api/v1/invitations/{self.id}"
        self.link = Link(api.post(self.path + "/link").json()["link"])
        self.sent = None

    def send(self, password):
        self.sent = password
        return self.link.post({"password": password}, headers={"Idempotency-Key": "the-same"})

    def ask(self, column):
        """The answer to one request."""
        if column == "page":
            with new_session() as session:
                return session.get(self.link.url, allow_redirects=False, timeout=20)
        return {
            "look": self.link.get, "replaced": self.replaced.get,
            "register": lambda: self.link.register("another long and quiet lantern over the harbour"),
            "weak": lambda: self.link.register("short"), "again": lambda: self.send(self.sent),
            "link": lambda: self.api.post(self.path + "/link"),
            "revoke": lambda: self.api.delete(self.path), "show": lambda: self.api.get(self.path),
        }[column]()


class Scene:
    """Everybody in one state; how to get there is a method named after it."""

    def __init__(self, slapd, proxy, daemon, clock):
        self.slapd, self.proxy, self.daemon, self.clock = slapd, proxy, daemon, clock
        api = Api(daemon, daemon.make_token(expires="30d"))
        self.people = {column: Person(api) for column in COLUMNS}

    def reach(self, state):
        getattr(self, state.replace(", ", "_").replace(" ", "_"))()

    def each(self, act, *statuses):
        for one in self.people.values():
            answer = act(one)
            assert answer.status_code in statuses, answer.text

    def pending(self):
        pass

    def past_its_end(self):
        self.clock(HOUR + 1)

    def expired(self):
        self.past_its_end()
        self.each(lambda one: one.send(PASSWORD), 410)

    def revoked(self):
        self.each(lambda one: one.ask("revoke"), 204)

    def created(self):
        self.each(lambda one: one.send(REFUSED), 422)

    def entry_deleted(self):
        self.created()
        for one in self.people.values():
            [(dn, _)] = self.slapd.entries_of(one.id)
            self.slapd.delete(dn)

    def created_its_end(self):
        self.created()
        self.clock(24 * HOUR + 1)

    def created_revoked(self):
        self.created()
        self.revoked()

    def done(self):
        self.each(lambda one: one.send(PASSWORD), 201)

    def under_way(self):
        rules = [self.proxy.rule("add request", "hold") for _ in self.people]
        answers = [in_background(one.send, PASSWORD) for one in self.people.values()]
        for rule in rules:
            rule.wait()
        self.proxy.refuse()
        for rule in rules:
            rule.release()
        assert [answer().status_code for answer in answers] == [202] * len(answers)

    def orphaned(self):
        self.under_way()
        self.daemon.kill()
        self.daemon.start()

    def done_later(self):
        self.under_way()
        self.proxy.listen()
        for one in self.people.values():
            one.link.wait_done(30)


@pytest.fixture
def slapd(make_slapd):
    """Hundreds of passwords are set here."""
    return make_slapd("--without", "cost").start()


@pytest.mark.parametrize("state", ROWS)
def test_in_each_state_every_request_is_answered_as_the_matrix_says(slapd, proxy, make_usherd, clock, state):
    slapd.set_policy(pwdMinLength="20", pwdCheckQuality="2")
    daemon = make_usherd(slapd, uri=proxy.url, environment=clock.environment)
    # As many connections as there are people: each of their Adds can be held.
    daemon.configure("directory", threads=len(COLUMNS)).start()
    daemon.wait_directory()
    scene = Scene(slapd, proxy, daemon, clock)
    scene.reach(state)
    row = {}
    for column, expected in zip(COLUMNS, ROWS[state]):
        if expected == "-":
            row[column] = expected
            continue
        seen = answer_of(scene.people[column].ask(column))
        word = seen.word if column not in ("page", "link") or seen.status >= 400 else None
        row[column] = word if column == "show" else f"{seen.status} {word or ''}".strip()
    assert row == dict(zip(COLUMNS, ROWS[state]))
