"""The pages of reference name everything that the code has, with its defaults."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum
from types import ModuleType
from typing import get_args

import pytest

import qpaykit
from docs.blocks import ROOT
from qpaykit._callback_url import MAX_URL_CHARACTERS
from qpaykit._http.body import MAX_BODY_BYTES
from qpaykit._http.pools import POOL_CONNECTIONS
from qpaykit._http.retry import (
    FIRST_DELAY_SECONDS,
    MAX_DELAY_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
)
from qpaykit.callbacks.events import Outcome, Subject, reply_for
from qpaykit.models import enums
from qpaykit.orders import OrderStatus
from qpaykit.stores.best_effort import STORE_COOLDOWN_SECONDS
from qpaykit.stores.sqlite import BUSY_TIMEOUT_SECONDS

SETTINGS = ("docs/settings.md", "docs/mn/settings.md")
STATUSES = ("docs/statuses.md", "docs/mn/statuses.md")
MONITORING = tuple(
    f"docs/{folder}{name}.md"
    for folder in ("", "mn/")
    for name in ("going-live", "troubleshooting")
)
TABLES = ("docs/ebarimt-tables.md", "docs/mn/ebarimt-tables.md")

# What an integrator sets up; a protocol is set up by nobody.
SET_UP = [
    name
    for name in qpaykit.__all__
    if name.endswith(("Client", "Dispatcher", "Orders", "Store"))
    and name not in {"Store", "AsyncStore"}
]
# These are written on the pages of the e-barimt's tables and of money.
NO_STATUSES = {"TaxType", "TaxCode", "Currency"}
ENUMS = [
    found
    for found in vars(enums).values()
    if isinstance(found, type) and issubclass(found, Enum) and list(found)
    if found.__name__ not in NO_STATUSES
]


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def sections(page: str) -> Iterator[tuple[str, str]]:
    """Return what a settings page says of each callable: its dotted name, and its section."""
    for part in re.split(r"^## ", text(page), flags=re.MULTILINE):
        for name in re.findall(r"<!-- settings: (\S+) -->", part):
            yield name, part


def rows(section: str) -> dict[str, list[str]]:
    """Return the rows of the tables in a section by each name in their first cell."""
    found: dict[str, list[str]] = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        for name in re.findall(r"`(\w+)`", cells[0]) if line.startswith("| `") else ():
            found[name] = cells
    return found


def named(dotted: str) -> Callable[..., object]:
    """Find what a dotted name is the name of."""
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found: ModuleType | Callable[..., object] = importlib.import_module(
                ".".join(parts[:cut])
            )
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        assert callable(found)
        return found
    raise LookupError(dotted)


@pytest.mark.parametrize("page", SETTINGS)
def test_the_settings_list_every_argument_with_its_default(page: str) -> None:
    told = list(sections(page))
    assert len(told) > 8
    for dotted, section in told:
        parameters = {
            name: parameter
            for name, parameter in inspect.signature(named(dotted)).parameters.items()
            if name != "self"
        }
        listed = rows(section)
        assert set(listed) == set(parameters), dotted
        for name, parameter in parameters.items():
            if parameter.default in {None, inspect.Parameter.empty}:
                continue
            default = repr(parameter.default).replace("'", '"')
            default = getattr(parameter.default, "value", None) or default
            assert default.strip('"') in listed[name][1], f"{dotted}: {name} is {default}"


@pytest.mark.parametrize("page", SETTINGS)
@pytest.mark.parametrize("name", SET_UP)
def test_everything_that_is_set_up_has_a_section_of_its_settings(page: str, name: str) -> None:
    heads = re.findall(r"^## (.+)$", text(page), re.MULTILINE)
    assert any(name in head.split(", ") for head in heads)


@pytest.mark.parametrize("page", SETTINGS)
def test_the_settings_list_every_variable_that_the_code_reads(page: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]
    # A prefix, such as that of Quick QR, is no variable.
    variables = {
        name for source in sources for name in re.findall(r"\bQPAY_[A-Z_]*[A-Z]\b(?!_)", source)
    }
    assert {"QPAY_USERNAME", "QPAY_CALLBACK_SECRET"} <= variables
    assert not [name for name in sorted(variables) if f"`{name}`" not in text(page)]


@pytest.mark.parametrize("page", SETTINGS)
@pytest.mark.parametrize(
    "value",
    [
        MAX_RETRY_AFTER_SECONDS,
        FIRST_DELAY_SECONDS,
        MAX_DELAY_SECONDS,
        POOL_CONNECTIONS,
        MAX_BODY_BYTES / 2**20,
        MAX_URL_CHARACTERS,
        BUSY_TIMEOUT_SECONDS,
        STORE_COOLDOWN_SECONDS,
    ],
)
def test_the_fixed_limits_are_those_of_the_code(page: str, value: float) -> None:
    limits = text(page).rpartition("\n## ")[2]
    assert re.search(rf"(?<![\d.]){value:g}(?![\d.]*\d)", limits)


@pytest.mark.parametrize("page", MONITORING)
def test_the_log_messages_that_are_quoted_are_those_of_the_code(page: str) -> None:
    written = [
        node.value
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    quoted = set(
        re.findall(r"(?:`([A-Z][^`]+)`[^|`]*WARNING|(?:WARNING|ERROR) `([^`]+)`)", text(page))
    )
    messages = [one or other for one, other in quoted]
    assert messages
    for message in messages:
        parts = message.split("…")
        assert any(all(part.strip() in one for part in parts) for one in written), message


@pytest.mark.parametrize("page", STATUSES)
@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_every_word_of_qpay_has_its_row(page: str, kind: type[Enum]) -> None:
    assert not [member for member in kind if f"\n| `{member.value}` | " not in text(page)]


@pytest.mark.parametrize("page", STATUSES)
def test_every_outcome_has_its_row_with_its_status_code(page: str) -> None:
    outcomes: tuple[Outcome, ...] = get_args(Outcome)
    assert len(outcomes) > 10
    for outcome in outcomes:
        code = reply_for(outcome, Subject()).status_code
        assert f"\n| `{outcome}` | {code} | " in text(page)


@pytest.mark.parametrize("page", STATUSES)
def test_every_status_of_an_order_has_its_row(page: str) -> None:
    statuses = get_args(OrderStatus)
    assert len(statuses) == 5
    assert not [status for status in statuses if f"\n| `{status}` | " not in text(page)]


@pytest.mark.parametrize("page", TABLES)
def test_every_type_and_code_of_taxes_has_its_row(page: str) -> None:
    for one in enums.TaxType:
        assert f'\n| `"{one.value}"` | `TaxType.{one.name}` | ' in text(page)
    for code in enums.TaxCode:
        assert f"\n| `{code.value}` | " in text(page)


@pytest.mark.parametrize("page", TABLES)
def test_the_districts_are_506_in_30_branches(page: str) -> None:
    branches = re.findall(r"^\| (\d\d) \| [^|]+ \| (.+) \|$", text(page), re.MULTILINE)
    assert len({code for code, _ in branches}) == 30
    count = 0
    for code, listed in branches:
        if spans := re.search(rf"`{code}01`\D+`{code}(\d\d)`", listed):
            count += int(spans[1])
        else:
            subs = re.findall(r"(?:^|, )(\d\d) ", listed)
            assert len(set(subs)) == len(subs)
            count += len(subs)
    assert count == 506
