"""The lines of README's part on backup and restore: what the tests here run is what an operator types."""

import os
import re
import shlex
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field

from billing.bench.server import postgresql_programs
from tests.processes import ROOT, environment, finish, start


@dataclass(frozen=True, slots=True)
class Steps:
    backup: list[str]
    restore: list[str]


def steps_of(engine: str) -> Steps:
    """The two blocks of lines below an engine's name; a line that ends in a backslash goes on."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("\n## Backup and restore\n")[2].partition("\n## ")[0]
    part = section.partition(f"\n**{engine}.**")[2].partition("\n**")[0]
    backup, restore = re.findall(r"(?:^    .*\n)+", part, re.MULTILINE)
    return Steps(_lines(backup), _lines(restore))


def _lines(block: str) -> list[str]:
    return re.split(r"(?<!\\)\n", textwrap.dedent(block).strip())


@dataclass(slots=True)
class Operator:
    """Somebody who types the lines, with these words for `$BACKUP` and the like."""

    address: str
    words: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)

    def begins(self, line: str) -> "subprocess.Popen[str]":
        programs = str(postgresql_programs() or "")
        path = os.pathsep.join(filter(None, [programs, os.environ["PATH"]]))
        typed = line.replace(".venv/bin/python", shlex.quote(sys.executable))
        return start(["sh", "-euc", typed], environment(self.address, PATH=path, **self.words))

    def types(self, *lines: str) -> None:
        for line in lines:
            self.said[line] = finish(self.begins(line))

    def was_told(self, word: str) -> str:
        """What the line with this word in it printed."""
        [answer] = [said for line, said in self.said.items() if word in line]
        return answer
