"""src/console/make.mjs: what it makes of a small console, and what it says of one that is wrong."""

import gzip
import hashlib
import json
import shutil
import subprocess

import pytest

from usherd import BUILD, TOP

MAKE = TOP / "src" / "console" / "make.mjs"
MODULES = BUILD / "console" / "npm" / "node_modules"
NODE = shutil.which("node") or shutil.which("nodejs")

SOUND = {
    "index.html": """<!DOCTYPE html>
<html lang="{{language}}">
<head>
<link rel="stylesheet" href="{{assets}}/console.css">
<!-- first: words/{{language}}.js users/list.js -->
<!-- preload -->
<script type="module" src="{{assets}}/main.js"></script>
</head>
</html>
""",
    "main.js": """// What a reader is told.
import { html } from "./lib/html.js";
import { t } from "./lib/words.js";

const { default: words } = await import(`./words/${document.documentElement.lang}.js`);
export const show = async () => (await import("./users/list.js")).list(words, t("nav.people"), html`<p>  ${1}  </p>`);
""",
    "lib/html.js": """import htm from "../vendor/htm.js";
import { h } from "../vendor/preact.js";
export const html = htm.bind(h);
""",
    "lib/words.js": """export const t = (key, values) => [key, values];
export { t as tn };
""",
    "users/list.js": """import { useState } from "../vendor/hooks.js";
import { t, tn } from "../lib/words.js";
const KINDS = ["users.kind.new", "users.kind.old"];
export function list(words, title) {
	const [state] = useState(KINDS[0]);
	return [words, title, t(`users.state_${state}`), tn("users.count", { count: 2, place: "here" }), import("./later.js")];
}
""",
    "users/later.js": """import { t } from "../lib/words.js";
export default t("users.later");
""",
    "style/40-later.css": "c { top: 0 }\n",
    "style/10-second.css": ".b::before { content: \"a /* b */  { c\"; }\n",
    "style/00-first.css": """/* first */
:root { --gap: calc( 1px  +  2px ) ; }
@media (min-width: 3em) and (max-width: 9em) {
	a :hover > b , a:hover { margin: 0 -1px !important; background: url( x.svg ) }
}
""",
    "words/users.json": """{
	"users.kind.new": ["New", "Neu", "M\u1edbi"],
	"users.kind.old": ["Old", "Alt", "C\u0169"],
	"users.later": ["Later", "Sp\u00e4ter", "Sau"],
	"users.state_active": ["Active", "Aktiv", "\u0110ang ho\u1ea1t \u0111\u1ed9ng"],
	"users.count": [
		{ "one": "One person in {place}", "other": "{count} people in {place}" },
		{ "one": "Eine Person in {place}", "other": "{count} Personen in {place}" },
		{ "other": "{place}: {count} ng\u01b0\u1eddi" }
	]
}
""",
    "words/nav.json": '{ "nav.people": ["People", "Menschen", "M\u1ecdi ng\u01b0\u1eddi"] }\n',
}


class Console:
    def __init__(self, folder):
        self.folder, self.out = folder / "src" / "console", folder / "out"
        self.files = dict(SOUND)
        icons = folder / "src" / "web" / "pages"
        icons.mkdir(parents=True)
        shutil.copy(TOP / "src" / "web" / "pages" / "icon.svg", icons)

    def make(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in self.files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.run([NODE, MAKE, self.folder, MODULES, self.out], capture_output=True, text=True,
                              timeout=60, check=False)

    def made(self):
        said = self.make()
        assert (said.returncode, said.stderr) == (0, ""), said.stderr
        return {str(path.relative_to(self.out)): path.read_bytes() for path in self.out.rglob("*") if path.is_file()}

    def refused(self):
        said = self.make()
        assert said.returncode == 1, said
        assert not self.out.exists()
        return said.stderr.splitlines()

    def replace(self, name, old, new):
        assert old in self.files[name]
        self.files[name] = self.files[name].replace(old, new)
        return self


@pytest.fixture
def console(tmp_path):
    return Console(tmp_path)


def test_everything_is_there_and_packed_beside(console):
    made = console.made()
    plain = {name for name in made if not name.endswith(".gz")}
    assert plain == {"index.html", "version", "main.js", "lib/html.js", "lib/words.js", "users/list.js",
                     "users/later.js", "console.css", "more.css", "icon.svg", "licences.txt", "vendor/preact.js",
                     "vendor/hooks.js", "vendor/htm.js", "vendor/qr.js",
                     *(f"words/{language}{part}.js" for language in ("en", "de", "vi") for part in ("", "-more"))}
    for name in plain - {"index.html", "version"}:
        packed = made[name + ".gz"]
        assert gzip.decompress(packed) == made[name]
        assert packed[4:8] == b"\0\0\0\0" and packed[9] == 255, "of no time and no system"
    assert set(made) - plain == {name + ".gz" for name in plain - {"index.html", "version"}}


def test_the_same_sources_are_the_same_bytes_and_the_version_names_them(console):
    first, second = console.made(), console.made()
    assert first == second
    digest = hashlib.sha256()
    for name in sorted(set(first) - {"version"}):
        if not name.endswith(".gz"):
            digest.update(f"{name}\0{len(first[name])}\0".encode() + first[name])
    assert first["version"].decode() == digest.hexdigest()[:16]
    console.replace("style/10-second.css", "content", "quotes")
    assert console.made()["version"] != first["version"]


def test_modules_are_small_and_import_what_they_did(console):
    made = console.made()
    assert b"reader" not in made["main.js"] and b"\n\t" not in made["users/list.js"]
    assert b'"./lib/html.js"' in made["main.js"] and b'import("./users/list.js")' in made["main.js"]
    assert b'from"./preact.js"' in made["vendor/hooks.js"]
    for name, code in made.items():
        assert name.endswith(".gz") or b"sourceMappingURL" not in code, name


def test_licences_are_those_of_the_packages(console):
    licences = console.made()["licences.txt"].decode()
    for name in ("preact", "htm", "lean-qr"):
        said = json.loads((MODULES / name / "package.json").read_text())
        assert f"{name} {said['version']} ({said['license']})\n" in licences
        assert (MODULES / name / "LICENSE").read_text().strip() in licences


def test_style_sheets_are_one_in_order_and_mean_the_same(console):
    made = console.made()
    assert made["more.css"] == b"c{top:0}\n", "from 40- on"
    assert made["console.css"].decode() == (
        ":root{--gap:calc(1px + 2px)}"
        "@media (min-width:3em) and (max-width:9em){a :hover>b,a:hover{margin:0 -1px!important;"
        "background:url( x.svg )}}"
        '.b::before{content:"a /* b */  { c"}\n')


def test_words_are_two_modules_for_each_language(console):
    """What the first screen says, and the rest."""
    made = console.made()

    def words(name):
        return json.loads(made[f"words/{name}.js"].decode().removeprefix("export default ").removesuffix(";\n"))

    for language, people, later in (("en", "People", "Later"), ("de", "Menschen", "Sp\u00e4ter"),
                                    ("vi", "M\u1ecdi ng\u01b0\u1eddi", "Sau")):
        first = words(language)
        assert first["nav.people"] == people and isinstance(first["users.count"], dict)
        assert set(first) == {"nav.people", "users.kind.new", "users.kind.old", "users.state_active", "users.count"}
        assert words(f"{language}-more") == {"users.later": later}


def test_the_page_names_what_the_first_screen_needs(console):
    page = console.made()["index.html"].decode()
    assert "<!--" not in page
    named = [line.split('"')[3] for line in page.splitlines() if 'rel="modulepreload"' in line]
    assert len(named) == len(set(named))
    assert set(named) == {"{{assets}}/" + name for name in (
        "words/{{language}}.js", "users/list.js", "lib/html.js", "lib/words.js", "vendor/htm.js", "vendor/hooks.js",
        "vendor/preact.js")}


def test_make_is_told_what_was_read(console):
    console.made()
    rule = console.out.with_name("out.d").read_text()
    target, _, sources = rule.splitlines()[0].partition(": ")
    assert target == f"{console.out}/version"
    sources = set(sources.split(" "))
    assert {str(console.folder / name) for name in SOUND} <= sources
    for folder in ("", "lib", "users", "style", "words"):
        assert str(console.folder / folder) in sources, "a new file changes its folder"
    assert {str(MAKE), *(str(path) for path in MAKE.with_name("make").iterdir())} <= sources


MISTAKES = {
    "a bare import": ("main.js", 'import "preact";\n', 'main.js: imports "preact"'),
    "a bare import at run time": ("main.js", 'import("preact");\n', 'main.js: imports "preact"'),
    "an import of nothing": ("users/list.js", 'import "./row.js";\n', 'users/list.js: imports "./row.js", which is not'),
    "an import out of the tree": ("main.js", 'import "../main.js";\n', 'main.js: imports "../main.js", which is not'),
    "an export of nothing": ("main.js", 'export * from "./lib/no.js";\n', 'main.js: imports "./lib/no.js", which is'),
    "a name that is not exported": ("main.js", 'import { missing } from "./lib/html.js";\n',
                                    'main.js: imports missing of "./lib/html.js"'),
    "an import of any of none": ("main.js", "import(`./screens/${1}.js`);\n", "main.js: imports ^\\.\\/screens"),
    "an import that is computed": ("main.js", "import(document.title);\n", "main.js: an import that is neither"),
    "a syntax error": ("lib/html.js", "\nconst = 1;\n", "lib/html.js:5:"),
    "a key that is not there": ("main.js", 't("users.nobody");\n', "main.js: users.nobody is not among the words"),
    "a key of no area": ("main.js", 't("user.title");\n', "main.js: user.title is not among the words"),
    "a plural of no area": ("main.js", 'tn("user.title", 1);\n', "main.js: user.title is not among the words"),
    "a key in a list": ("main.js", 'const KEYS = ["nav.people", "nav.nothing"];\n', "main.js: nav.nothing is not"),
    "a key in a template": ("main.js", "t(`nav.nothing`);\n", "main.js: nav.nothing is not among the words"),
    "a prefix of nothing": ("main.js", "t(`users.of_${1}`);\n", "main.js: `users.of_${}`: none of the words"),
    "a key with an end": ("main.js", "t(`users.${1}.title`);\n", "main.js: `users.${}.title`: a key is built as"),
    "a text that does not end": ("style/00-first.css", 'a { content: "x\n}\n', "style/00-first.css: a text that does"),
    "a comment that does not end": ("style/00-first.css", "/* x\n", "style/00-first.css: a comment that does not end"),
    "a brace too many": ("style/00-first.css", "}\n", "style/00-first.css: braces that do not match"),
    "a reference to nothing": ("index.html", '<img src="{{assets}}/logo.png">', "index.html: logo.png is not there"),
    "a first module of nothing": ("index.html", "<!-- first: users/no.js -->", "index.html: users/no.js is not there"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_in_a_source_is_named(console, what):
    name, more, told = MISTAKES[what]
    console.files[name] += more
    [line] = console.refused()
    assert line.startswith(f"console: {told}"), line


WORDS = {
    "a language is missing": ('["New", "Neu"]', "users.kind.new: vi is missing"),
    "a language is empty": ('["New", " ", "M"]', "users.kind.new: de is empty"),
    "a language is null": ('["New", null, "M"]', "users.kind.new: de is missing"),
    "a language is no text": ('["New", 4, "M"]', "users.kind.new: de is no text"),
    "a language too many": ('["New", "Neu", "M", "N"]', "users.kind.new: more than en, de, vi"),
    "no list": ('"New"', "users.kind.new: not a list of en, de, vi"),
    "a placeholder in two": ('["{a} {b}", "{b} {a}", "{a}"]',
                             "users.kind.new: placeholders differ: en has {a} {b}, de has {a} {b}, vi has {a}"),
    "a brace that is none": ('["New", "Neu {", "M"]', "users.kind.new: de has a brace that belongs to no"),
    "plural in some": ('["New", "Neu", { "other": "M" }]', "users.kind.new: plural forms in some languages only"),
    "a form is missing": ('[{ "other": "N" }, { "one": "N", "other": "N" }, { "other": "N" }]',
                          "users.kind.new: en has the plural forms other instead of one, other"),
    "a form too many": ('[{ "one": "N", "other": "N" }, { "one": "N", "other": "N" }, { "one": "N", "other": "N" }]',
                        "users.kind.new: vi has the plural forms one, other instead of other"),
    "a form of nothing": ('[{ "one": "N", "other": "N", "zero": "N" }, { "one": "N", "other": "N" }, { "other": "N" }]',
                          "users.kind.new: en has the plural forms one, other, zero instead"),
    "forms that differ": ('[{ "one": "{a}", "other": "N" }, { "one": "N", "other": "N" }, { "other": "N" }]',
                          "users.kind.new: placeholders differ between the plural forms of en"),
    "plurals that differ": ('[{ "one": "{a}", "other": "{a}" }, { "one": "N", "other": "N" }, { "other": "N" }]',
                            "users.kind.new: placeholders differ: en has {a}, de has none, vi has none"),
    "twice": ('["New", "Neu", "M"], "users.kind.new": ["New", "Neu", "M"]', "users.kind.new: twice"),
    "used nowhere": ('["New", "Neu", "M"], "users.more": ["New", "Neu", "M"]', "users.more: used nowhere"),
}


@pytest.mark.parametrize("what", WORDS)
def test_a_mistake_in_the_words_is_named(console, what):
    new, told = WORDS[what]
    console.replace("words/users.json", '["New", "Neu", "M\u1edbi"]', new)
    [line] = console.refused()
    assert line.startswith(f"console: words/users.json: {told}"), line


def test_a_key_is_in_one_file_only(console):
    console.files["words/other.json"] = SOUND["words/nav.json"]
    assert console.refused() == ["console: words/other.json: nav.people: also in words/nav.json"]


def test_a_key_has_an_area(console):
    console.replace("words/nav.json", "nav.people", "people").replace("main.js", "nav.people", "people")
    assert console.refused() == ["console: words/nav.json: people: a key is area.name, of a-z, 0-9 and _"]


def test_words_that_are_no_json_are_named(console):
    console.files["words/nav.json"] = "{"
    assert console.refused()[0].startswith("console: words/nav.json: ")


def test_a_module_that_would_not_be_served_is_named(console):
    for name in ("users/part/row.js", "users/Row.js"):
        console.files[name] = "export const x = 1;\n"
    assert console.refused() == [f"console: {name}: modules are [a-z0-9_-]+.js, one folder deep"
                                 for name in ("users/Row.js", "users/part/row.js")]


def test_two_files_of_one_name_are_none(console):
    console.files["vendor/preact.js"] = "export const h = 1;\n"
    assert "console: vendor/preact.js: two files of this name" in console.refused()


def test_what_is_missing_is_named(console):
    del console.files["index.html"]
    [line] = console.refused()
    assert "index.html" in line and "no such file" in line


def test_a_page_without_its_place_is_named(console):
    console.replace("index.html", "<!-- preload -->\n", "")
    assert console.refused() == ["console: index.html: there is no <!-- preload -->"]


def test_all_mistakes_are_told_at_once(console):
    console.files["main.js"] += 'import "./no.js";\nt("nav.no");\n'
    console.files["words/nav.json"] = '{ "nav.people": ["People", "Menschen"] }'
    assert len(console.refused()) == 3
