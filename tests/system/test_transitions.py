"""The table of an invitation's life means the same to the compiler and to the tests' model."""

import subprocess

import pytest

import transitions
from transitions import TABLE, Table, replay

PRINTED = """
#define STATE(name, text) state INVITATION_##name text
#include "transitions.def"
#define EVENT(name, text) event INVITATION_EV_##name text
#include "transitions.def"
#define TRANSITION(from, event, to) row from event to
#include "transitions.def"
"""

SMALL = '''STATE(OPEN, "open") /* a */
STATE(SHUT, "shut") /* b */
EVENT(MAKE, "made") /* c */
EVENT(CLOSE, "closed") /* d */
TRANSITION(OPEN, MAKE, OPEN) /* e */
TRANSITION(OPEN, CLOSE, SHUT) /* f */
'''


def test_the_compiler_reads_the_same_table():
    """What the preprocessor makes of the file is what the model parsed from it."""
    seen = subprocess.run(
        ["gcc", "-E", "-P", "-I", transitions.PATH.parent, "-"], input=PRINTED,
        capture_output=True, text=True, check=True,
    ).stdout.split()
    states, events, rows = {}, {}, {}
    while seen:
        kind = seen.pop(0)
        if kind == "row":
            start, event, to = seen[:3]
            rows[states[start], events[event]] = states[to]
        else:
            name, text = seen[0].rsplit("_", 1)[1], seen[1].strip('"')
            (states if kind == "state" else events)[name] = text
        del seen[:3 if kind == "row" else 2]
    assert tuple(states.values()) == TABLE.states
    assert tuple(events.values()) == TABLE.events
    assert rows == TABLE.rows


def test_every_state_is_reached_and_every_event_has_a_row():
    reached = {TABLE.first}
    for _ in TABLE.states:
        reached |= {to for (start, _), to in TABLE.rows.items() if start in reached}
    assert reached == set(TABLE.states)
    assert {event for _, event in TABLE.rows} == set(TABLE.events)
    assert TABLE.final == {"done", "expired", "revoked"}


@pytest.mark.parametrize("events, state, refused", [
    ([], "pending", None),
    (["issued"], "pending", None),
    (["claimed"], "pending", 0),
    (["issued", "issued"], "pending", 1),
    (["issued", "claimed", "finished"], "done", None),
    (["issued", "claimed", "finished", "link_renewed"], "done", 3),
    (["issued", "claimed", "revoked"], "claimed", 2),
    (["issued", "claimed", "entry_created", "claimed", "link_renewed", "expired"], "expired", None),
    (["issued", "unheard_of"], "pending", 1),
])
def test_a_history_is_replayed_up_to_what_cannot_happen(events, state, refused):
    found = replay(events)
    assert (found.state, found.refused) == (state, refused)
    assert len(found.rows) == (len(events) if refused is None else refused)


@pytest.mark.parametrize("line", [
    "TRANSITION(OPEN, CLOSE, OPEN) /* decided already */",
    "TRANSITION(OPEN, BURN, SHUT) /* no such event */",
    "TRANSITION(SHUT, CLOSE, OPEN)",
    "TRANSITION(SHUT,CLOSE,OPEN) /* no spaces */",
    "TRANSITION(SHUT, CLOSE, OPEN) /* fine */ TRANSITION(SHUT, MAKE, OPEN) /* hidden */",
    "// TRANSITION(SHUT, CLOSE, OPEN)",
    "#if 0",
    "#define TRANSITION(from, event, to) { from, to }",
    'STATE(OPEN, "opened") /* twice */',
    'STATE(AJAR, "open") /* twice */',
    "TRANSITIONS(SHUT, CLOSE, OPEN) /* misspelt */",
])
def test_a_line_that_fits_no_form_is_refused(line):
    assert Table(SMALL).rows[("open", "closed")] == "shut"
    with pytest.raises(ValueError, match="line 7"):
        Table(SMALL + line + "\n")
