"""The events of a sequence: each is a tuple (name, number of the invitation, ...) that means something
whatever happened before it, so that every part of a sequence is a sequence again."""

import threading
import time

import dsn
import life as model
from client import unique_word
from life import Answer, Form
from play import MOMENTS
from watch import Mismatch, answer_of, fits, seconds_of

DAY = 24 * 3600
LINKS = ("live", "live", "live", "older", "ended", "unknown")
TROUBLES = ("sound", "sound", "deferred", "refused", "silent", "away")
AWAY = ("refused", "paused")
STEPS = {}


def step(weight, *choices):
    """Register a step: how often it is drawn, and what its arguments are drawn from."""
    def register(function):
        STEPS[function.__name__] = (function, weight, choices)
        return function
    return register


def draw(random, count):
    """A sequence. The first step invites somebody, or the others had nobody to happen to."""
    names = list(STEPS)
    weights = [STEPS[name][1] for name in names]
    drawn = [("invite", "link", 7 * DAY)]
    for name in random.choices(names, weights, k=count - 1):
        drawn.append((name, *(random.choice(choices) for choices in STEPS[name][2])))
    return drawn


def perform(play, one):
    """Carry one step out; raises Mismatch."""
    function, _, _ = STEPS[one[0]]
    return function(play, *one[1:])


# Mostly the newest invitations.
WHO = (0, 0, 0, 0, 1, 1, 2, 3)


# ---- administrators ----

@step(8, ("link", "link", "uid"), (600, 3600, 7 * DAY))
def invite(play, method, expires_in):
    document = play.person(expires_in=expires_in)
    if method == "uid":
        document["uid"] = "fixed." + document["family_name"].lower()
    answer = play.api.post("/api/v1/invitations", document)
    expected = {201} if play.away is None else {503}
    expected |= {503} if play.listen() else set()
    if answer.status_code not in expected:
        raise Mismatch(f"an invitation is answered {answer.status_code} {answer.text}, not {expected}")
    if answer.status_code == 201:
        play.observe(play.add_slot(answer.json(), method == "uid"))


BAD = {
    "email": ({"method": "email"}, Answer(422, "required")),
    "mail": ({"mail": "no address"}, Answer(422, "invalid")),
    "short": ({"expires_in": 59}, Answer(422, "invalid")),
    "member": ({"state": "done"}, Answer(400, "")),
    "name": ({"family_name": None}, Answer(422, "required")),
}


@step(1, tuple(BAD))
def invite_badly(play, what):
    changes, expected = BAD[what]
    seen = answer_of(play.api.post("/api/v1/invitations", play.person(**changes)))
    if not fits(expected, seen):
        raise Mismatch(f"a bad invitation ({what}) is answered {seen}, not {expected}")


@step(4, WHO)
def invite_with_the_same_mail(play, who):
    """Whether it is free depends on everybody who ever had it."""
    slot = play.slot(who)
    if slot is None:
        return
    began = time.monotonic()
    answer = play.api.post("/api/v1/invitations", play.person(mail=slot.mail))
    seen = answer_of(answer)
    group = [other for other in play.slots if other.mail == slot.mail]
    if (play.listen() or play.away) and seen.status == 503:
        return
    if play.away:
        raise Mismatch(f"without a directory an invitation is answered {seen}")
    holders = [other for other in group if any(
        pair[0].status == 409 for life in play.closure(other)
        for facts in play.facts(began) for pair in model.clash(life, facts))]
    if seen.status == 409 and len(holders) != 1:
        if not holders:
            raise Mismatch(f"{slot.mail} is said to be taken, and nobody has it ({play.known(slot)})")
        return
    for other in holders if seen.status == 409 else group:
        play.expect(other, seen, began, model.clash)
    if seen.status == 201:
        play.add_slot(answer.json(), False)
    for other in play.slots:
        if other.mail == slot.mail:
            play.observe(other)


@step(6, WHO)
def new_link(play, who):
    slot = play.slot(who)
    if slot is None:
        return
    began = time.monotonic()
    seen, document = play.admin("POST", f"/api/v1/invitations/{slot.id}/link")
    token = document["link"].rsplit("/", 1)[1] if seen.status == 200 else None
    play.expect(slot, seen, began, lambda life, facts: model.relink(life, facts, token))
    play.observe(slot)


@step(3, WHO)
def revoke(play, who):
    slot = play.slot(who)
    if slot is None:
        return
    began = time.monotonic()
    seen, _ = play.admin("DELETE", f"/api/v1/invitations/{slot.id}")
    play.expect(slot, seen, began, model.revoke)
    play.observe(slot)


@step(2)
def list_open_ones(play):
    play.check_list()


# ---- mails ----

@step(6, TROUBLES, (3600, 7 * DAY))
def invite_by_mail(play, trouble, expires_in):
    document = play.person(expires_in=expires_in, method="email")
    document["personal_mail"] = f"{document['family_name'].lower()}@elsewhere.example"
    fault = play.take_relay(trouble, document["personal_mail"])
    answer = play.api.post("/api/v1/invitations", document)
    if answer.status_code == 201:
        slot = play.add_slot(answer.json(), False)
        play.see_mail(slot, trouble, fault)
        play.observe(slot)
    elif answer.status_code != 503 or (play.away is None and not play.listen()):
        raise Mismatch(f"an invitation by mail is answered {answer.status_code} {answer.text}")
    play.world.sink.mend()


def _mail_again(play, slot, trouble, rule, method, path, document):
    """A request that has another mail sent, if it is granted."""
    fault = play.take_relay(trouble, document.get("personal_mail", slot.address))
    began = time.monotonic()
    seen, _ = play.admin(method, f"/api/v1/invitations/{slot.id}{path}", document)
    play.expect(slot, seen, began, rule)
    if seen.status == 200:
        play.see_mail(slot, trouble, fault)
    play.world.sink.mend()
    play.observe(slot)
    return seen


@step(5, WHO, TROUBLES, (False, False, True))
def resend(play, who, trouble, void):
    slot = play.slot(who)
    if slot is not None:
        _mail_again(play, slot, trouble, lambda life, facts: model.resend(life, facts, void), "POST", "/resend",
                    {"void_links": void})


@step(3, WHO, TROUBLES)
def readdress(play, who, trouble):
    slot = play.slot(who)
    if slot is None:
        return
    address = f"{unique_word().lower()}@elsewhere.example"
    seen = _mail_again(play, slot, trouble, model.readdress, "PATCH", "", {"personal_mail": address})
    if seen.status == 200:
        slot.address = address


@step(3, WHO, (600, 3600, 7 * DAY))
def extend(play, who, expires_in):
    slot = play.slot(who)
    if slot is None:
        return
    began = time.monotonic()
    seen, document = play.admin("PATCH", f"/api/v1/invitations/{slot.id}", {"expires_in": expires_in})
    play.expect(slot, seen, began, lambda life, facts: model.extend(life, facts, expires_in))
    if seen.status == 200:
        slot.change(expires_at=seconds_of(document["expires_at"]))
    play.observe(slot)


@step(2, WHO)
def report(play, who):
    """A mail system sends its newest mail back."""
    slot = play.slot(who)
    posted = slot and [one for one in play.world.ledger.post.of(slot.id) if one.link]
    if not posted or not slot.is_settled:
        return
    answer = play.api.bounce(dsn.report(posted[-1].mail))
    if answer.status_code != 200:
        raise Mismatch(f"a report about {slot.id} is answered {answer.status_code} {answer.text}")
    if posted[-1].mail.recipient == slot.address:
        now = play.clock.now()
        slot.lives = {model.undelivered(life) if life.seen(now) in ("pending", "created") else life
                      for life in play.closure(slot)}
    play.observe(slot)


@step(3, WHO, (False, True))
def die_in_a_mail(play, who, keep):
    """Killed while the relay keeps silent about a mail that it has, or has not: it is sent once more."""
    slot = play.slot(who)
    if slot is None or not slot.is_settled:
        return
    fault = play.world.sink.fault("end", "hang", keep=keep, containing=slot.address or "")
    began = time.monotonic()
    seen, _ = play.admin("POST", f"/api/v1/invitations/{slot.id}/resend", {})
    play.expect(slot, seen, began, lambda life, facts: model.resend(life, facts, False))
    if seen.status == 200:
        fault.wait()
        play.faults += 1
        play.daemon.kill()
        play.take_links(slot, fault.mails)
        play.world.sink.mend()
        play.start()
        play.see_mail(slot, "sound")
    play.world.sink.mend()
    play.observe(slot)


# ---- the person ----

@step(8, WHO, LINKS, ("json", "page", "head", "key"))
def look(play, who, which, how):
    slot = play.slot(who)
    if slot is None:
        return
    token = play.token(slot, which)
    if how in ("json", "key"):
        play.observe_link(slot, token, slot.keyed.key if how == "key" and slot.keyed else None)
        return
    began = time.monotonic()
    browser = play.browser(slot, which)
    with browser.session as session:
        if how == "head":
            # A page for HEAD: the redirect to the form, or what the page would say.
            seen = session.head(browser.url, allow_redirects=False, timeout=20).status_code
        else:
            first = session.get(browser.url, allow_redirects=False, timeout=20)
            seen = first.status_code
            if seen == 303 and browser.open().response.status_code != 200:
                raise Mismatch(f"the page behind the link of {slot.id} has no form")

    def page(life, facts):
        return [(Answer(303) if told == Answer(200, "pending") else Answer(told.status), life)
                for told in model.views(life, facts, token)]

    play.expect(slot, Answer(seen), began, page)
    play.observe(slot)


def _send(play, slot, form):
    began = time.monotonic()
    seen = play.post(form)
    play.expect(slot, seen, began, lambda life, facts: model.register(life, facts, form))
    play.observe(slot)


@step(12, WHO, LINKS, (model.GOOD, model.GOOD, model.GOOD, model.POLICY, model.POLICY, model.WEAK,
                       model.FIXED, model.FORBIDDEN, model.UNKNOWN), (False, True))
def register(play, who, which, body, keyed):
    slot = play.slot(who)
    if slot is not None:
        _send(play, slot, play.form(slot, which, body, keyed))


@step(4, WHO)
def register_again(play, who):
    """The last form that had a key, once more: an answer was lost, say."""
    slot = play.slot(who)
    if slot is not None and slot.keyed is not None:
        _send(play, slot, slot.keyed)


@step(4, WHO, (model.GOOD, model.POLICY, model.WEAK), (False, True))
def fill_in_the_page(play, who, body, twice):
    slot = play.slot(who)
    if slot is None:
        return
    browser = play.browser(slot, "live")
    began = time.monotonic()
    page = browser.open()
    form = play.form(slot, "live", body, False)
    if "password" not in page.names:
        play.expect(slot, Answer(page.response.status_code), began, lambda life, facts: [
            (Answer(told.status), life) for told in model.views(life, facts, form.token)])
        return
    form = Form(form.token, body, form.password, page.fields["attempt"])
    for _ in range(1 + twice):
        began = time.monotonic()
        answer = browser.submit(page, {"password": form.password, "password_again": form.password})
        play.expect(slot, Answer(answer.status_code, None), began,
                     lambda life, facts: model.register(life, facts, form))
        play.observe(slot)


@step(4, WHO, (False, True))
def register_at_once(play, who, same):
    """Two at the same moment: rivals, or one whose browser sends twice."""
    slot = play.slot(who)
    if slot is None:
        return
    forms = [play.form(slot, "live", model.GOOD, True)]
    forms.append(forms[0] if same else play.form(slot, "live", model.GOOD, True))
    barrier = threading.Barrier(2)

    def send(form):
        barrier.wait(10)
        return play.post(form)

    began = time.monotonic()
    futures = [play.in_background(send, form) for form in forms]
    answers = [future.result(60) for future in futures]

    def one_after_the_other(life, facts):
        for first, second in ((0, 1), (1, 0)):
            for answer, between in model.register(life, facts, forms[first]):
                for other, after in model.register(between, facts, forms[second]):
                    if fits(answer, answers[first]) and fits(other, answers[second]):
                        yield Answer(0, "fits"), after

    play.expect(slot, Answer(0, "fits" if None not in answers else "lost"), began, one_after_the_other)
    play.observe(slot)


# ---- the daemon dies, or is stopped ----

@step(3, (True, True, False))
def restart(play, kill):
    play.restart(kill)


@step(5, WHO, tuple(MOMENTS), (model.GOOD, model.GOOD, model.POLICY), (False, True))
def die_in_a_registration(play, who, moment, body, late):
    """Killed at a message to the directory, which still gets there (late) or not."""
    slot = play.slot(who)
    if slot is None:
        return
    form = play.form(slot, "live", body, True)
    rule = play.hold(moment, slot)
    began = time.monotonic()
    future = play.in_background(play.post, form)
    met = play.wait_met(rule, future)
    play.faults += 1
    play.daemon.kill()
    if late:
        rule.release()
    play.proxy.cut()
    rule.release()
    seen = future.result(60)
    if seen is None:
        play.keep(slot, [after for life in play.closure(slot) for facts in play.facts(began)
                          for after in model.interrupted(life, facts, form)], "died")
    else:
        play.expect(slot, seen, began, lambda life, facts: model.register(life, facts, form), dead=True)
    play.start()
    play.observe(slot)
    return f"{'at' if met else 'not at'} the moment, answered {seen}"


@step(3, WHO, ("link", "revoke"), (0, 1, 2, 3, 5, 8))
def die_in_an_administrators_request(play, who, what, milliseconds):
    slot = play.slot(who)
    if slot is None:
        return
    began = time.monotonic()
    path = f"/api/v1/invitations/{slot.id}"
    future = play.in_background(
        play.admin, *(("POST", path + "/link") if what == "link" else ("DELETE", path)))
    time.sleep(milliseconds / 2000)  # The moment is the event's input.
    play.faults += 1
    play.daemon.kill()
    seen, document = future.result(60)
    token = document["link"].rsplit("/", 1)[1] if what == "link" and seen == Answer(200) else None

    def rule(life, facts):
        return model.relink(life, facts, token) if what == "link" else model.revoke(life, facts)

    if seen is None:
        lives = set(slot.lives)
        play.keep(slot, lives | {after for life in play.closure(slot) for facts in play.facts(began)
                                  for _, after in rule(life, facts)}, "died")
    else:
        play.expect(slot, seen, began, rule, dead=True)
    play.start()
    play.observe(slot)


# ---- the directory goes away ----

@step(3, AWAY)
def directory_away(play, how):
    play.take_directory_away(how)


@step(7)
def directory_back(play):
    play.bring_directory_back()


@step(4, WHO, tuple(MOMENTS), (model.GOOD, model.GOOD, model.POLICY), AWAY)
def directory_away_in_a_registration(play, who, moment, body, how):
    slot = play.slot(who)
    if slot is None or play.away:
        return
    form = play.form(slot, "live", body, True)
    rule = play.hold(moment, slot)
    began = time.monotonic()
    future = play.in_background(play.post, form)
    met = play.wait_met(rule, future)
    before = None if play.listen() else True  # it may have been too slow by itself
    play.take_directory_away(how)
    rule.release()
    seen = future.result(60)

    def outcome(life, facts):
        if not met:
            return model.register(life, facts._replace(directory=before), form)
        found = model.register(life, facts._replace(directory=moment != "ask" and before), form)
        # An answer that was held still comes from a directory that only sleeps.
        found = found if moment == "ask" or how == "paused" else []
        if moment != "ask" and model.refused(life, facts, form) is None:
            found = found + [(model.PROGRESS, after) for after in model.deferred(life, facts, form)]
        return found

    play.expect(slot, seen, began, outcome)
    play.observe(slot)
    return f"{'at' if met else 'not at'} the moment"


# ---- behind our back ----

def _can_be_touched(play, slot):
    return (slot is not None and play.away != "paused" and slot.is_settled
            and not slot.any.is_final)


def _stranger(play, slot, kind, dn, **attributes):
    play.slapd.add(dn, objectClass="inetOrgPerson", cn="Somebody Else", sn="Else", **attributes)
    for other in play.slots:
        if other is slot or (kind == "mail" and other.mail == slot.mail):
            other.lives = {life.but(foreign=life.foreign | {kind}) for life in other.lives}
    slot.strangers.append(dn)


@step(2, WHO, ("uid", "dn", "mail"))
def somebody_takes(play, who, kind):
    slot = play.slot(who)
    if not _can_be_touched(play, slot) or slot.any.foreign:
        return
    if kind == "mail":
        word = slot.mail.split("@")[0]
        _stranger(play, slot, kind, f"cn={word},{slot.org_unit}", mail=slot.mail)
    elif kind == "uid":
        _stranger(play, slot, kind, f"uid={slot.uid},ou=Finance,ou=Operations,{play.slapd.people}",
                  uid=slot.uid)
    elif not slot.any.entry:
        _stranger(play, slot, kind, slot.dn, uid=slot.uid)


@step(2, WHO)
def somebody_gives_back(play, who):
    slot = play.slot(who)
    if slot is None or play.away == "paused":
        return
    for dn in slot.strangers:
        play.slapd.delete(dn)
    if slot.strangers:
        slot.strangers = []
        for other in play.slots:
            if other.mail == slot.mail:
                kept = frozenset({"mail"}) if any(
                    dn.startswith("cn=") for same in play.slots if same.mail == slot.mail
                    for dn in same.strangers) else frozenset()
                own = other.any.foreign - {"mail"} if other is not slot else frozenset()
                other.change(foreign=own | kept)


@step(2, WHO)
def somebody_deletes_the_entry(play, who):
    slot = play.slot(who)
    if slot is None or play.away == "paused" or not slot.is_settled or not slot.any.entry:
        return
    play.slapd.delete(slot.dn)
    slot.change(entry=False, password=None)
    slot.tried.clear()


# ---- time ----

@step(6, WHO, ("past the end", "before the end", "a day on", "an hour on", "an hour back", "a day back"))
def clock(play, who, jump):
    slot = play.slot(who)
    now, offset = play.clock.now(), play.clock.offset
    if jump in ("past the end", "before the end"):
        if slot is None:
            return
        target = slot.any.end + (2 if jump == "past the end" else -30)
        offset += round(target - now)
    else:
        offset += {"a day on": DAY + 60, "an hour on": 3600, "an hour back": -3600, "a day back": -DAY}[jump]
    play.faults += 1
    for other in play.slots:
        other.lives = play.closure(other)  # the sweeper may have come in the time that ends here
    play.clock(offset)


@step(4)
def settle(play):
    if play.away is None:
        play.settle()
