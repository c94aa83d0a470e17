"""The life of an invitation as data, read from the file that the daemon is compiled with: which event
leads from which state where, in the words of the timeline and of the audit trail."""

import pathlib
import re
from typing import NamedTuple

PATH = pathlib.Path(__file__).resolve().parent.parent.parent / "src" / "invite" / "transitions.def"

REASON = r" /\* (?P<reason>[^*]+) \*/"
FORMS = {
    "STATE": re.compile(r'STATE\((?P<name>[A-Z]+), "(?P<text>[a-z_]+)"\)' + REASON),
    "EVENT": re.compile(r'EVENT\((?P<name>[A-Z]+), "(?P<text>[a-z_]+)"\)' + REASON),
    "TRANSITION": re.compile(
        r"TRANSITION\((?P<from>[A-Z]+), (?P<event>[A-Z]+), (?P<to>[A-Z]+)\)" + REASON),
}
COMMENT = re.compile(r"/\*.*?\*/\n", re.DOTALL)
DIRECTIVE = re.compile(r"#(ifndef|undef) (STATE|EVENT|TRANSITION)|#endif"
                       r"|#define (STATE|EVENT|TRANSITION)\([a-z, ]+\)")


class Replay(NamedTuple):
    """Where a history leads. `refused` is the index of the first event that has no row, or None;
    `state` is then the state before it. `rows`: the rows taken, as (from, event)."""
    state: str
    refused: int | None
    rows: list


class Table:
    """`states` and `events`: the words, in the order of the file. `rows`: {(from, event): to}.
    `reasons`: why, by the same key. A line that it does not understand is a ValueError."""

    def __init__(self, text):
        self.states, self.events = {}, {}
        self.rows, self.reasons = {}, {}
        # A comment that stands by itself may span lines; it goes, its line ends stay.
        text = re.sub(r"(?m)^" + COMMENT.pattern, lambda found: "\n" * found[0].count("\n"), text,
                      flags=re.DOTALL)
        for number, line in enumerate(text.splitlines(), 1):
            if line and not DIRECTIVE.fullmatch(line):
                self._take(number, line)
        self.states = tuple(self.states.values())
        self.events = tuple(self.events.values())
        self.first = self.states[0]
        self.issue = self.events[0]

    def _take(self, number, line):
        form = FORMS.get(line.partition("(")[0])
        found = form.fullmatch(line) if form else None
        if not found:
            raise ValueError(f"line {number} is not understood: {line}")
        words = found.groupdict()
        if "text" in words:
            names = self.states if line.startswith("STATE") else self.events
            if words["name"] in names or words["text"] in names.values():
                raise ValueError(f"line {number} says again: {line}")
            names[words["name"]] = words["text"]
            return
        try:
            key = self.states[words["from"]], self.events[words["event"]]
            to = self.states[words["to"]]
        except KeyError as unknown:
            raise ValueError(f"line {number} names what was not declared, {unknown}") from None
        if key in self.rows:
            raise ValueError(f"line {number} decides once more what {key} leads to")
        self.rows[key], self.reasons[key] = to, words["reason"]

    @property
    def final(self):
        """The states that nothing leads out of."""
        return {state for state in self.states if all(start != state for start, _ in self.rows)}

    def replay(self, events):
        """Where these events (words, the whole history from "issued" on) lead."""
        state, rows = self.first, []
        for index, event in enumerate(events):
            key = state, event
            if key not in self.rows or (event == self.issue) != (index == 0):
                return Replay(state, index, rows)
            rows.append(key)
            state = self.rows[key]
        return Replay(state, None, rows)


TABLE = Table(PATH.read_text())


def replay(events):
    """Where the whole history of an invitation leads: a Replay."""
    return TABLE.replay(events)
