"""The client: its settings, its login, its faces, and the invoice on the wire."""

from __future__ import annotations

import base64
import inspect
import json
import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import ValidationError

from helpers.invoices import make_invoice
from helpers.quickqr import ACCOUNT, QUICKQR_SETTINGS
from qpaykit import ConfigurationError, OutcomeUnknownError, SQLiteStore, WaitTimeoutError
from qpaykit._invoice_record import InvoiceRecord
from qpaykit.quickqr import (
    QUICKQR_PRODUCTION_URL,
    QUICKQR_SANDBOX_URL,
    AsyncQuickQRClient,
    BankAccount,
    QuickQRClient,
)
from qpaykit.signing import verify_signature

if TYPE_CHECKING:
    from pathlib import Path

    import respx

SECRET = "a secret of the shop that is long enough"
RESOURCES = ("merchants", "places", "invoices", "payments", "tokens")


@pytest.mark.parametrize("kind", [QuickQRClient, AsyncQuickQRClient])
class TestSettings:
    def test_come_from_variables_of_their_own(
        self, kind: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("QPAY_USERNAME", "another product's")
        for name, value in {**QUICKQR_SETTINGS, "callback_secret": SECRET}.items():
            monkeypatch.setenv(f"QPAY_QUICKQR_{name.upper()}", f" {value} ")
        settings = kind().settings
        assert settings.username == QUICKQR_SETTINGS["username"]
        assert settings.password.get_secret_value() == QUICKQR_SETTINGS["password"]
        assert settings.terminal_id == QUICKQR_SETTINGS["terminal_id"]
        assert settings.base_url == QUICKQR_SETTINGS["base_url"]
        assert settings.callback_url == QUICKQR_SETTINGS["callback_url"]
        assert [one.get_secret_value() for one in settings.callback_secrets] == [SECRET]

    @pytest.mark.parametrize("name", ["username", "password", "terminal_id"])
    def test_that_are_missing_are_named_with_their_variable(self, kind: Any, name: str) -> None:
        settings = {key: value for key, value in QUICKQR_SETTINGS.items() if key != name}
        with pytest.raises(
            ConfigurationError, match=f"{name}=… or set QPAY_QUICKQR_{name.upper()}"
        ):
            kind(**settings)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("username", "a:b"), ("base_url", "http://quickqr.qpay.mn"), ("callback_url", "cb")],
    )
    def test_that_cannot_be_right_are_named_with_their_variable(
        self, kind: Any, name: str, value: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=f"QPAY_QUICKQR_{name.upper()}"):
            kind(**{**QUICKQR_SETTINGS, name: value})

    def test_default_to_production_where_no_private_address_is_called_back(self, kind: Any) -> None:
        login = {"username": "u", "password": "p", "terminal_id": "t"}
        assert kind(**login).settings.base_url == QUICKQR_PRODUCTION_URL
        assert kind(**login, base_url=QUICKQR_SANDBOX_URL).settings.is_production is False
        with pytest.raises(ConfigurationError, match="reaches from outside"):
            kind(**login, callback_url="http://127.0.0.1/cb")

    def test_show_no_secret(self, kind: Any) -> None:
        client = kind(**QUICKQR_SETTINGS)
        shown = f"{client!r} {client.settings!r} {vars(client)!r}"
        assert QUICKQR_SETTINGS["password"] not in shown


def test_both_clients_have_the_same_methods_and_docstrings() -> None:
    with QuickQRClient(**QUICKQR_SETTINGS) as client:
        other = AsyncQuickQRClient(**QUICKQR_SETTINGS)
        for group in RESOURCES:
            sync, awaited = getattr(client, group), getattr(other, group)
            names = {name for name in dir(sync) if not name.startswith("_")}
            assert names == {name for name in dir(awaited) if not name.startswith("_")}
            for name in names:
                one, two = getattr(sync, name), getattr(awaited, name)
                assert inspect.getdoc(one) == inspect.getdoc(two)
                assert inspect.signature(one).parameters == inspect.signature(two).parameters
                for parameter in inspect.signature(one).parameters:
                    assert f"{parameter}:" in (inspect.getdoc(one) or ""), name


def test_a_login_names_the_terminal(quickqr: QuickQRClient, qpay: respx.MockRouter) -> None:
    quickqr.tokens.get()
    request = qpay["token"].calls.last.request
    assert json.loads(request.content) == {"terminal_id": "95000059"}
    assert request.headers["content-type"] == "application/json"
    pair = base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
    assert pair.decode() == f"{QUICKQR_SETTINGS['username']}:{QUICKQR_SETTINGS['password']}"


def test_two_clients_of_one_login_that_share_a_store_log_in_once(
    qpay: respx.MockRouter, tmp_path: Path
) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    for _ in range(2):
        with QuickQRClient(**QUICKQR_SETTINGS, store=store) as client:
            client.tokens.get()
    assert qpay["token"].call_count == 1


def test_a_client_with_other_limits_shares_the_token(
    quickqr: QuickQRClient, qpay: respx.MockRouter
) -> None:
    qpay.post("/payment/check").respond(json={"payments": []})
    for client in (quickqr, quickqr.with_options(max_retries=0)):
        client.payments.check("i-1")
    assert qpay["token"].call_count == 1


def test_any_request_may_be_made(quickqr: QuickQRClient, qpay: respx.MockRouter) -> None:
    qpay.get("/bank/list").respond(json=[{"code": "050000"}])
    assert quickqr.request("GET", "/bank/list") == [{"code": "050000"}]


class TestAnInvoice:
    def test_is_sent_as_most_clients_do(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter
    ) -> None:
        route = qpay.post("/invoice").respond(json={"id": "i-1"})
        quickqr.invoices.create(
            merchant_id="m-1",
            amount="100.50",
            order=42,
            description="Tea",
            bank_accounts=[ACCOUNT],
            mcc_code="",
            extra={"note": "x"},
        )
        assert json.loads(route.calls.last.request.content) == {
            "merchant_id": "m-1",
            "amount": 100.5,
            "currency": "MNT",
            "bank_accounts": [
                {
                    "account_bank_code": "050000",
                    "account_number": "5000000000",
                    "account_name": "ЖИШЭЭ",
                    "is_default": True,
                }
            ],
            "callback_url": QUICKQR_SETTINGS["callback_url"],
            "description": "Tea",
            "mcc_code": "",
            "note": "x",
        }

    def test_is_signed_for_one_invoice_of_the_order(self, qpay: respx.MockRouter) -> None:
        route = qpay.post("/invoice").respond(json={"id": "i-1"})
        with QuickQRClient(**QUICKQR_SETTINGS, callback_secret=SECRET) as client:
            urls = [make_invoice(client).callback_url for _ in range(2)]
        sent = [json.loads(call.request.content)["callback_url"] for call in route.calls]
        assert sent == urls
        records = [InvoiceRecord("", "", None, callback_url=url) for url in urls]
        signed = [verify_signature(one.signature, one.params, secret=SECRET) for one in records]
        numbers = {one.sender_invoice_no for one in signed}
        assert len(numbers) == 2
        assert {number.rpartition("~")[0] for number in numbers} == {"42~m-1"}
        assert {one.amount for one in signed} == {Decimal("100.00")}

    def test_of_a_long_url_is_signed_without_its_sub_merchant(self, qpay: respx.MockRouter) -> None:
        qpay.post("/invoice").respond(json={"id": "i-1"})
        url = f"https://shop.test/callback?order={'x' * 160}"
        settings: Any = {**QUICKQR_SETTINGS, "callback_url": url}
        with QuickQRClient(**settings, callback_secret=SECRET) as client:
            made = make_invoice(client, merchant_id="00000000-0000-4000-8000-000000000001")
        record = InvoiceRecord("", "", None, callback_url=made.callback_url)
        signed = verify_signature(record.signature, record.params, secret=SECRET)
        assert signed.sender_invoice_no.startswith("42~~")

    def test_whose_url_is_too_long_in_any_case_is_not_sent(self, qpay: respx.MockRouter) -> None:
        settings: Any = {**QUICKQR_SETTINGS, "callback_url": f"https://shop.test/{'x' * 200}"}
        with (
            QuickQRClient(**settings, callback_secret=SECRET) as client,
            pytest.raises(ValidationError, match="its signature included; QPay takes 255"),
        ):
            make_invoice(client)
        assert qpay.calls.call_count == 0

    def test_without_a_callback_url_is_not_sent(self, qpay: respx.MockRouter) -> None:
        settings: Any = {**QUICKQR_SETTINGS, "callback_url": None}
        with (
            QuickQRClient(**settings) as client,
            pytest.raises(ConfigurationError, match="QPAY_QUICKQR_CALLBACK_URL"),
        ):
            make_invoice(client)
        assert qpay.calls.call_count == 0

    def test_whose_answer_was_lost_is_in_doubt_by_its_order(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter
    ) -> None:
        qpay.post("/invoice").mock(side_effect=httpx.ReadError("reset"))
        with pytest.raises(OutcomeUnknownError, match="Make another invoice") as caught:
            make_invoice(quickqr)
        assert caught.value.order == "42"

    @pytest.mark.parametrize(
        ("accounts", "says"),
        [
            ([], "at least one account"),
            ([ACCOUNT, ACCOUNT], "exactly one account with is_default=True, and 0 have it"),
            ([ACCOUNT.model_copy(update={"is_default": True})] * 2, "and 2 have it"),
        ],
        ids=["none", "no default", "two defaults"],
    )
    def test_has_accounts_of_which_one_is_the_default(
        self,
        quickqr: QuickQRClient,
        qpay: respx.MockRouter,
        accounts: list[BankAccount],
        says: str,
    ) -> None:
        with pytest.raises(ValidationError, match=says):
            quickqr.invoices.create(
                merchant_id="m", amount=1, order="1", description="x", bank_accounts=accounts
            )
        assert qpay.calls.call_count == 0

    @pytest.mark.parametrize(
        "wrong",
        [
            {"amount": 0},
            {"amount": "1.005"},
            {"order": ""},
            {"description": "x" * 256},
            {"merchant_id": "../x"},
            {"callback_url": "cb"},
            {"note": "x"},
        ],
        ids=str,
    )
    def test_that_cannot_be_right_is_not_sent(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter, wrong: dict[str, object]
    ) -> None:
        fields: Any = {
            "merchant_id": "m",
            "amount": 1,
            "order": "1",
            "description": "x",
            "bank_accounts": [ACCOUNT],
            **wrong,
        }
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            quickqr.invoices.create(**fields)
        assert qpay.calls.call_count == 0


def test_a_bank_that_is_not_in_the_table_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    BankAccount(account_bank_code="340000", account_number="5", account_name="x")
    assert not caplog.text
    BankAccount(account_bank_code="345678", account_number="5", account_name="x")
    assert "account_bank_code 345678 is not in BANKS" in caplog.text


def test_an_account_shows_no_number() -> None:
    assert ACCOUNT.account_number not in f"{ACCOUNT!r} {ACCOUNT}"


class TestWhereCallbacksCannotBeMatched:
    """Making an invoice says so, once for a client."""

    def warnings(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]

    @pytest.fixture(autouse=True)
    def answers(self, qpay: respx.MockRouter) -> None:
        qpay.post("/invoice").respond(json={"id": "i-1"})

    def test_for_want_of_a_secret(self, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        with QuickQRClient(**QUICKQR_SETTINGS, store=store) as client:
            make_invoice(client)
            make_invoice(client)
        (warning,) = self.warnings(caplog)
        assert "Set callback_secret" in warning

    def test_for_want_of_a_store_that_lasts(self, caplog: pytest.LogCaptureFixture) -> None:
        with QuickQRClient(**QUICKQR_SETTINGS, callback_secret=SECRET) as client:
            make_invoice(client)
        (warning,) = self.warnings(caplog)
        assert "After a restart" in warning

    def test_says_nothing_where_they_can(
        self, caplog: pytest.LogCaptureFixture, tmp_path: Path
    ) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        with QuickQRClient(**QUICKQR_SETTINGS, callback_secret=SECRET, store=store) as client:
            make_invoice(client)
        assert self.warnings(caplog) == []

    def test_for_a_store_that_fails_the_invoice_is_made_all_the_same(
        self, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = SQLiteStore(tmp_path / "store.db")

        def fails(*given: object, **named: object) -> None:
            raise OSError("the disk is full")

        with QuickQRClient(**QUICKQR_SETTINGS, callback_secret=SECRET, store=store) as client:
            client.tokens.get()
            monkeypatch.setattr(store, "set", fails)
            assert make_invoice(client).invoice_id == "i-1"
        assert "Invoice i-1 of order 42 was made, but the store could not remember" in caplog.text
        assert "call the dispatcher's check(invoice_id)" in caplog.text


def payments(*rows: dict[str, str]) -> dict[str, object]:
    return {"id": "i-1", "payments": list(rows)}


def paid(amount: str, identifier: str = "p-1", status: str = "SUCCESS") -> dict[str, str]:
    return {"id": identifier, "amount": amount, "payment_status": status, "currency": "MNT"}


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ([], "0"),
        ([paid("100.00")], "100"),
        ([paid("100.00", status="PAID")], "100"),
        ([paid("60.00"), paid("40.00", "p-2", "PAID")], "100"),
        ([paid("60.00"), paid("60.00"), paid("60.00", status="PAID")], "60"),
        ([paid("100.00", status="FAILED")], "0"),
        ([{**paid("100.00"), "currency": "USD"}], "0"),
    ],
)
def test_success_and_paid_count_each_payment_once(
    quickqr: QuickQRClient, qpay: respx.MockRouter, rows: list[dict[str, str]], total: str
) -> None:
    route = qpay.post("/payment/check").respond(json=payments(*rows))
    check = quickqr.payments.check("i-1", extra={"note": "x"})
    assert check.paid_amount == Decimal(total)
    assert check.is_paid(100) is (Decimal(total) == 100)
    assert not check.is_paid("100.01")
    sent = json.loads(route.calls.last.request.content)
    assert sent == {"invoice_id": "i-1", "note": "x"}


def test_an_invoice_is_waited_for(quickqr: QuickQRClient, qpay: respx.MockRouter) -> None:
    answers = [payments(), payments(paid("40.00")), payments(paid("40.00"), paid("60.00", "p-2"))]
    qpay.post("/payment/check").mock(side_effect=[httpx.Response(200, json=one) for one in answers])
    assert quickqr.payments.wait("i-1", amount=100, timeout=5, interval=0.01).count == 2


def test_a_wait_that_ends_has_the_last_answer(
    quickqr: QuickQRClient, qpay: respx.MockRouter
) -> None:
    qpay.post("/payment/check").respond(json=payments(paid("40.00")))
    with pytest.raises(WaitTimeoutError) as caught:
        quickqr.payments.wait("i-1", amount=100, timeout=0.05, interval=0.01)
    assert caught.value.last is not None
    assert caught.value.last.paid_amount == 40
