"""The digests that histories by number end in, on the engine that DATABASE_URL names.

    python -m tests.histories.digests [--first 0] [--count 20] [--keep]

prints them as JSON. With `--keep` they are what the tests hold both engines against from now on: for when
the product, the digest or the walk has changed on purpose.
"""

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

import django
from django.test.utils import setup_databases, teardown_databases

KEPT = Path(__file__).with_name("digests.json")
COUNT = 28


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.histories.digests", allow_abbrev=False)
    parser.add_argument("--first", type=int, default=0, help="the number of the first history")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--keep", action="store_true", help="write them to digests.json")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    # Models can be imported only now.
    scripts = importlib.import_module("tests.histories.scripts")
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        numbers = range(options.first, options.first + options.count)
        text = json.dumps({str(number): scripts.script_digest(number) for number in numbers}, indent=1) + "\n"
    finally:
        teardown_databases(databases, verbosity=0)
    if options.keep:
        KEPT.write_text(text, encoding="ascii")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
