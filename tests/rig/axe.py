"""axe-core, taken from npm into the build folder: what a machine can say about accessibility."""

import io
import json
import pathlib
import subprocess
import tarfile
import tempfile

from usherd import BUILD

VERSION = "4.10.3"
INTEGRITY = "sha512-Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg=="
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def source():
    """Its text; None when npm cannot be reached."""
    kept = pathlib.Path(BUILD).parent / "npm" / f"axe-core-{VERSION}.js"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["npm", "pack", "--json", f"axe-core@{VERSION}"], cwd=folder, timeout=120,
                                  capture_output=True, check=False)
            if done.returncode != 0:
                return None
            packed = json.loads(done.stdout)[0]
            assert packed["integrity"] == INTEGRITY, packed["integrity"]
            archive = (pathlib.Path(folder) / packed["filename"]).read_bytes()
        with tarfile.open(fileobj=io.BytesIO(archive)) as package:
            text = package.extractfile("package/axe.min.js").read()
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place: another test may look for it just now.
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as fresh:
            fresh.write(text)
        pathlib.Path(fresh.name).replace(kept)
    return kept.read_text()


def violations(browser, axe):
    """One line for each, once everything that moves or changes its colour by itself has come to its end."""
    found = browser.execute_async_script(axe + """;
        const done = arguments[arguments.length - 1], tags = arguments[0];
        const passing = () => document.getAnimations().filter((one) =>
            one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity);
        const still = async () => {
            for (let all; (all = passing()).length > 0;)
                await Promise.allSettled(all.map((one) => one.finished));
        };
        still().then(() => axe.run(document, { runOnly: { type: "tag", values: tags } }))
            .then((result) => done(result.violations), (error) => done([{ id: String(error), nodes: [] }]));
    """, TAGS)
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]} {one['nodes'][0]['failureSummary']}"
            if one["nodes"] else one["id"] for one in found]
