"""Turn what "make -n" would run (on standard input) into a clang compilation database.

compile_commands.py TREE TOP: prints the JSON; TREE is where make would run, TOP the source tree.
What is generated in TREE is left out.
"""

import json
import pathlib
import re
import shlex
import sys

# automake looks for a source in both trees by a shell expression: it is always in the source tree.
SOURCE = re.compile(r"`test -f '([^']+)' \|\| echo '[^']*'`\1")


def main(tree, top):
    commands = {}
    for line in sys.stdin.read().replace("\\\n", " ").splitlines():
        line = SOURCE.sub(lambda match: shlex.quote(f"{top}/{match[1]}"), line)
        found = re.search(r"(?:^|[;&] *)((?:clang|gcc)\s.*? -c -o \S+ (\S+\.c))(?:\s|;|$)", line)
        if found:
            source = (pathlib.Path(tree) / found[2].strip("'")).resolve()
            if pathlib.Path(tree).resolve() not in source.parents:
                commands[source] = {"directory": tree, "file": str(source), "command": found[1]}
    json.dump(list(commands.values()), sys.stdout, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
