"""The command `qpaykit`: the day's work with an account, and a QPay on your desk."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; without its extra, say how to get it."""
    try:
        from qpaykit.cli.app import run
    except ModuleNotFoundError as error:
        sys.exit(f'{error.name} is missing: pip install "qpaykit[cli]"')
    run(sys.argv[1:])
