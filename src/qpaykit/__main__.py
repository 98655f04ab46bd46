"""`python -m qpaykit`: the command `qpaykit`."""

from __future__ import annotations

from qpaykit.cli import main

main()
