"""What the console thinks without a page: its modules' own tests, run by Node."""

import shutil
import subprocess

import pytest

from usherd import TOP

NODE = shutil.which("node") or shutil.which("nodejs")
FILES = sorted((TOP / "tests" / "console").glob("*.test.mjs"))


def test_there_are_some():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_its_module_keeps_its_word(path):
    done = subprocess.run([NODE, "--test", path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
