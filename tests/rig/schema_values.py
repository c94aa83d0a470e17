"""Values that a schema describes, and values that no schema of ours does."""

import re._parser as parser

TEXTS = [
    "", " ", "\t", "a\nb", "\x7f", "\u0000", "a\u0000b", "\u202eabc", "\ufeffAino", "\ud800",
    "\udfff\ud800", "A" + "\u0300" * 20, "\u200d", "a\u200bb", "\U000e0041", "\u3164", "www.example.org",
    "https://example.org/", "\uff48\uff54\uff54\uff50\uff1a\uff0f\uff0fx", "<script>alert(1)</script>",
    "' or 1=1 --", "{{given_name}}", "%00", "%n%s", "../../etc/passwd", "=", ",", "ou=", "ou", "cn=\\",
    "ou=a+ou=b", "ou=x,dc=elsewhere", "*)(uid=*", "\\2a", "#04024869", "+49 (0) 30 123456",
    "0049301234567", "+0", "+1234567890123456", "root", "-1", "0x10", "\u0661\u0662\u0663", "\u212a",
    "stra\u00dfe@stra\u00dfe.example", "a@b", "a@-b.example", "a b@c.example", "\"a\"@c.example",
    "a@[127.0.0.1]", "x" * 64 + "@a.example", "x" * 65 + "@a.example", "a@xn--a.example", "1990-02-30",
    "1899-12-31", "2999-01-01", "1990-2-8", "0000-00-00", "en-", "i-klingon", "de-1996-1996", "null",
    "true", "{}", "\U0001f701" * 40,
]
LENGTHS = (
    31, 32, 33, 35, 36, 63, 64, 65, 127, 128, 129, 254, 255, 256, 1023, 1024, 1025, 2047, 2048, 2049,
    9000,
)
NUMBERS = (
    0, -0.0, 1, -1, 59, 60, 61, 0.5, 60.0, 7776000, 7776001, 2**31 - 1, 2**31, 2**32, 2**53 + 1,
    2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**64, 10**30, 1e308, -1e-308,
)


class Values:
    """`facts`: {schema name: function() -> value} for what only the world knows, such as DNs that exist."""

    def __init__(self, document, chance, facts):
        self.document, self.chance, self.facts = document, chance, facts
        self._patterns = {}

    # ---- good ones ----

    def good(self, schema, eager=0.3):
        """A value that the schema allows; optional members with the probability `eager`."""
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if name in self.facts:
            return self.facts[name]()
        schema = self.document.resolve(schema)
        for part in schema.get("allOf", ()):
            schema = {**self.document.resolve(part), **schema}
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        if "oneOf" in schema:
            return self.good(self.chance.choice(schema["oneOf"]), eager)
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return getattr(self, "_good_" + self.chance.choice(kinds))(schema, eager)

    @staticmethod
    def _good_null(*_):
        return None

    def _good_boolean(self, *_):
        return self.chance.random() < 0.5

    def _good_object(self, schema, eager):
        wanted = set(schema.get("required", ()))
        if "anyOf" in schema:
            wanted.update(self.chance.choice(schema["anyOf"])["required"])
        return {name: self.good(inner, eager) for name, inner in schema.get("properties", {}).items()
                if name in wanted or self.chance.random() < eager}

    def _good_array(self, schema, eager):
        count = self.chance.randint(schema.get("minItems", 0), 3)
        return [self.good(schema["items"], eager) for _ in range(count)]

    def _good_integer(self, schema, _):
        return self.chance.randint(schema["minimum"], schema["maximum"])

    def _good_string(self, schema, _):
        if "pattern" in schema:
            return self.of_pattern(schema["pattern"])
        length = self.chance.randint(schema.get("minLength", 0), min(schema.get("maxLength", 20), 20))
        letters = self.chance.choice(
            ("abcdefghij", "\u00e4\u00f6\u00fc\u00df\u00e9", "\u05d0\u05d1\u05d2", "\u4e00\u4e8c"))
        return "".join(self.chance.choice(letters) for _ in range(length))

    def of_pattern(self, pattern):
        if pattern not in self._patterns:
            self._patterns[pattern] = parser.parse(pattern)
        return self._spell(self._patterns[pattern])

    def _spell(self, tree):
        return "".join(self._spell_one(str(op), argument) for op, argument in tree)

    def _spell_one(self, op, argument):
        if op == "LITERAL":
            return chr(argument)
        if op == "IN":
            return self._spell_set(argument)
        if op == "MAX_REPEAT":
            low, high, inner = argument
            return "".join(self._spell(inner) for _ in range(self.chance.randint(low, min(high, low + 6))))
        if op == "SUBPATTERN":
            return self._spell(argument[-1])
        if op == "BRANCH":
            return self._spell(self.chance.choice(argument[1]))
        assert op == "AT", f"a pattern with {op}"
        return ""

    def _spell_set(self, items):
        """One character of [...], or of [^...] among plain ones."""
        inside = set()
        for op, argument in items:
            if str(op) == "LITERAL":
                inside.add(chr(argument))
            elif str(op) == "RANGE":
                inside.update(map(chr, range(argument[0], argument[1] + 1)))
        if str(items[0][0]) == "NEGATE":
            inside = set("abcdefghijklmnopqrstuvwxyz0123456789-_=") - inside
        return self.chance.choice(sorted(inside))

    # ---- broken ones ----

    def text(self):
        """A text that some rule may not like."""
        if self.chance.random() < 0.2:
            return self.chance.choice(("x", "\u00e9", "\U0001d518", "a ")) * self.chance.choice(LENGTHS)
        return self.chance.choice(TEXTS)

    def bad(self):
        """Anything JSON has."""
        kind = self.chance.random()
        if kind < 0.5:
            return self.text()
        if kind < 0.75:
            return self.chance.choice(NUMBERS)
        return self.chance.choice((
            None, True, False, [], {}, [[]], [None], [1, "a"], {"a": "b"}, {"": ""}, ["x"] * 33, ["x"] * 65,
            {str(n): "free" for n in range(65)}, {"a" * 200: "fixed"}, [self.text(), self.text()]))
