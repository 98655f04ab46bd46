"""The simulator is true to QPay's wire, and misbehaves on command."""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.qr import read_qr
from qpaykit.simulator import FAULT_KINDS, Simulator
from qpaykit.simulator.odd_answers import ODD_ANSWERS

SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.fixture
def http(qpay_simulator: Simulator) -> Iterator[httpx.Client]:
    """A plain client with a token: what is tested here is the wire, not the SDK."""
    login = (qpay_simulator.credentials["username"], qpay_simulator.credentials["password"])
    with httpx.Client(base_url=qpay_simulator.base_url) as client:
        token = client.post("/auth/token", auth=login).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


def invoice(http: httpx.Client, **changes: object) -> dict[str, Any]:
    body = {
        "invoice_code": "TEST_INVOICE",
        "sender_invoice_no": "42",
        "invoice_receiver_code": "terminal",
        "invoice_description": "Цай",
        "amount": 1500,
        "callback_url": "http://127.0.0.1:9/callback?order=42",
        **changes,
    }
    answer: dict[str, Any] = http.post("/invoice", json=body).json()
    return answer


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__ if value is not None else None


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def test_answers_have_the_shapes_of_the_recorded_bodies(
    qpay_simulator: Simulator, http: httpx.Client
) -> None:
    made = invoice(http)
    login = (qpay_simulator.credentials["username"], qpay_simulator.credentials["password"])
    assert shape(made) == shape(sample("invoice-create-1"))
    check = {"object_type": "INVOICE", "object_id": made["invoice_id"]}
    assert http.post("/payment/check", json=check).json() == sample("payment-check-unpaid-1")
    for method in ("P2P", "CARD"):
        made = invoice(http)
        payment_id = qpay_simulator.pay(made["invoice_id"], method=method, callbacks=0)
        check["object_id"] = made["invoice_id"]
        one = http.get(f"/payment/{payment_id}").json()
        assert shape(one) == shape(sample(f"payment-get-{method.lower()}-1"))
        found = http.post("/payment/check", json=check).json()
        assert shape(found) == shape(sample(f"payment-check-{method.lower()}-1"))
    detail = http.get(f"/invoice/{made['invoice_id']}").json()
    assert detail.keys() == sample("invoice-get-1").keys()
    assert isinstance(detail["total_amount"], str)
    assert http.delete(f"/invoice/{invoice(http)['invoice_id']}").text == "{}"
    token = http.post("/auth/token", auth=login).json()
    assert shape(token) == shape(sample("auth-2"))


def test_the_qr_text_has_a_right_check_sum_and_the_image_shows_it(http: httpx.Client) -> None:
    made = invoice(http)
    text = made["qr_text"]
    assert text.startswith("000201")
    assert text[-4:] == f"{binascii.crc_hqx(text[:-4].encode(), 0xFFFF):04X}"
    assert read_qr(base64.b64decode(made["qr_image"])) == text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"invoice_code": "OTHER"}, "INVOICE_CODE_INVALID"),
        ({"amount": 0}, "INVALID_AMOUNT"),
        ({"amount": "1500,00"}, "INVALID_AMOUNT"),
        ({"amount": 9.99}, "MIN_AMOUNT_ERR"),
        ({"invoice_code": "TEST_EB_INVOICE"}, "INVOICE_LINE_REQUIRED"),
    ],
)
def test_a_wrong_invoice_is_refused(
    http: httpx.Client, changes: dict[str, object], error: str
) -> None:
    assert invoice(http, **changes)["error"] == error


def test_a_text_that_is_too_long_is_refused_by_its_field(http: httpx.Client) -> None:
    error = invoice(http, invoice_description="x" * 256)["error"]
    assert error["invoice_description"]["type"] == "MAX_LENGTH"


@pytest.mark.parametrize(
    ("price", "tax", "accepted"),
    [
        ("11000.00", "1000.0000", True),
        ("11000.00", "999.9999", False),
        ("1000.00", "90.9090", True),
        ("1000.00", "90.91", True),
        ("1000.00", "90.9091", False),
    ],
)
def test_a_lines_vat_is_checked(http: httpx.Client, price: str, tax: str, accepted: bool) -> None:
    line = {
        "line_description": "x",
        "line_quantity": "1.00",
        "line_unit_price": price,
        "classification_code": "0111100",
        "taxes": [{"tax_code": "VAT", "description": "НӨАТ", "amount": tax}],
    }
    made = invoice(http, invoice_code="TEST_EB_INVOICE", amount=None, lines=[line])
    assert made.get("error") == (None if accepted else "VAT_AMOUNT_INVALID")


def test_the_official_example_is_taken(http: httpx.Client) -> None:
    body = sample("invoice-create-req-ebarimt-1")
    assert "invoice_id" in http.post("/invoice", json=body).json()


def test_an_offset_of_zero_is_refused_as_by_qpay(http: httpx.Client) -> None:
    body = {"object_type": "INVOICE", "object_id": "x", "offset": {"page_limit": 0}}
    answer = http.post("/payment/check", json=body)
    assert (answer.status_code, answer.json()) == (400, sample("error-8"))


def test_a_second_login_ends_the_first_ones_tokens(
    qpay_simulator: Simulator, http: httpx.Client
) -> None:
    login = (qpay_simulator.credentials["username"], qpay_simulator.credentials["password"])
    http.post("/auth/token", auth=login)
    assert http.get("/invoice/x").json() == sample("error-2")
    qpay_simulator.single_live_token = False


def test_a_wrong_password_is_answered_as_recorded(qpay_simulator: Simulator) -> None:
    answer = httpx.post(f"{qpay_simulator.base_url}/auth/token", auth=("x", "y"))
    assert (answer.status_code, answer.json()) == (401, sample("error-1"))


def test_another_merchants_invoice_is_not_found(
    qpay_simulator: Simulator, http: httpx.Client
) -> None:
    made = invoice(http)
    qpay_simulator.add_account("OTHER", "password")
    token = httpx.post(f"{qpay_simulator.base_url}/auth/token", auth=("OTHER", "password")).json()
    headers = {"authorization": f"Bearer {token['access_token']}"}
    answer = http.get(f"/invoice/{made['invoice_id']}", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (422, "INVOICE_NOTFOUND")


@pytest.fixture
def shop() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"SUCCESS")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


def test_the_shop_is_called_back_by_get_with_its_own_query(
    qpay_simulator: Simulator, http: httpx.Client, shop: tuple[str, list[str]]
) -> None:
    url, seen = shop
    made = invoice(http, callback_url=f"{url}/pay?order=4%2B2#top")
    payment_id = qpay_simulator.pay(made["invoice_id"], callbacks=2)
    assert seen == [f"/pay?order=4%2B2&qpay_payment_id={payment_id}"] * 2
    record = qpay_simulator.wait_for_callback(made["invoice_id"])
    assert (record.status_code, record.body) == (200, "SUCCESS")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("drop", ["b"]),
        ("double", ["a", "a", "b"]),
        ("delay", ["a", "b"]),
        ("reorder", ["b", "a"]),
        ("forge", ["?", "b"]),
        ("post", ["POST", "b"]),
    ],
)
def test_every_fault_of_callbacks_applies(
    qpay_simulator: Simulator,
    http: httpx.Client,
    shop: tuple[str, list[str]],
    kind: str,
    expected: list[str],
) -> None:
    url, seen = shop
    qpay_simulator.faults.add("CALLBACK", "*", kind, delay=0.1)
    names = {}
    for name in "ab":
        made = invoice(http, callback_url=f"{url}/pay")
        names[qpay_simulator.pay(made["invoice_id"])] = name
    told = [names.get(path.rpartition("=")[2], "?") for path in seen]
    posted = [one for one in qpay_simulator.callbacks if one.method == "POST"]
    assert (["POST"] if posted else []) + told == expected


def test_a_fault_may_be_written_in_a_line(qpay_simulator: Simulator) -> None:
    for line in ("POST /invoice 500 x3", "* * slow all", "GET /payment/* html 5%", "get /x 401"):
        qpay_simulator.faults.add_line(line)
    found = [(one.method, one.kind, one.times, one.share) for one in qpay_simulator.faults]
    assert found == [
        ("POST", "500", 3, None),
        ("*", "slow", None, None),
        ("GET", "html", None, 0.05),
        ("GET", "401", 1, None),
    ]


@pytest.mark.nightly
def test_invoices_are_made_paid_and_called_back_without_slowing_down(
    qpay_simulator: Simulator, http: httpx.Client, shop: tuple[str, list[str]]
) -> None:
    url, seen = shop
    seconds = []
    for _ in range(4):
        started = time.process_time()
        for _ in range(40):
            qpay_simulator.pay(invoice(http, callback_url=f"{url}/pay")["invoice_id"])
        seconds.append(time.process_time() - started)
    assert len(seen) == 160
    assert seconds[-1] < 2 * seconds[0]


def test_a_shop_elsewhere_is_not_called(qpay_simulator: Simulator, http: httpx.Client) -> None:
    made = invoice(http, callback_url="https://shop.test/callback")
    qpay_simulator.pay(made["invoice_id"])
    assert "loopback" in str(qpay_simulator.callbacks[-1].error)


def test_waiting_for_a_callback_that_does_not_come_ends(qpay_simulator: Simulator) -> None:
    with pytest.raises(TimeoutError):
        qpay_simulator.wait_for_callback("x", timeout=0.05)


def test_an_expired_or_cancelled_invoice_cannot_be_paid(
    qpay_simulator: Simulator, http: httpx.Client
) -> None:
    late = invoice(http, enable_expiry=True, expiry_date="2020-01-01")
    with pytest.raises(ValueError, match="expired"):
        qpay_simulator.pay(late["invoice_id"])
    gone = invoice(http)
    http.delete(f"/invoice/{gone['invoice_id']}")
    with pytest.raises(ValueError, match="cancelled"):
        qpay_simulator.pay(gone["invoice_id"])


def test_every_kind_of_fault_applies_once(qpay_simulator: Simulator, http: httpx.Client) -> None:
    for kind in FAULT_KINDS.keys() - {"hang"} - (ODD_ANSWERS.keys() - {"null"}):
        qpay_simulator.faults.add("POST", "/invoice", kind, delay=0)
        try:
            body = invoice(http)
            struck = "invoice_id" not in body or None in body.values()
        except (httpx.HTTPError, ValueError):
            struck = True
        if kind not in {"slow", "drip"}:
            assert struck, kind
        assert "invoice_id" in invoice(http)


def test_an_unknown_fault_names_the_known_ones(qpay_simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="reset-after"):
        qpay_simulator.faults.add("POST", "/invoice", "explode")


def test_a_share_of_faults_is_repeatable() -> None:
    strikes = []
    for _ in range(2):
        sim = Simulator(seed=7)
        sim.faults.add("*", "*", "500", times=None, share=0.5)
        strikes.append([sim.faults.take("GET", "/v2/x") is not None for _ in range(50)])
    assert strikes[0] == strikes[1]
    assert 10 < sum(strikes[0]) < 40


def test_it_listens_on_loopback_only_unless_told() -> None:
    with pytest.raises(ValueError, match="expose"):
        Simulator(host="0.0.0.0")


def test_requests_are_kept_without_showing_the_token(
    qpay_simulator: Simulator, http: httpx.Client
) -> None:
    invoice(http)
    request = qpay_simulator.requests.to("POST", "/invoice")[0]
    assert request.json()["sender_invoice_no"] == "42"  # type: ignore[call-overload, index]
    assert "access" not in repr(request)


def test_a_repeated_callback_is_told_from_the_first(
    qpay_simulator: Simulator, http: httpx.Client, shop: tuple[str, list[str]]
) -> None:
    url, _ = shop
    made = invoice(http, callback_url=f"{url}/pay")
    payment_id = qpay_simulator.pay(made["invoice_id"], callbacks=2)
    qpay_simulator.refund(payment_id)
    assert [one.repeated for one in qpay_simulator.callbacks] == [False, True, False]
    page = httpx.get(f"{qpay_simulator.page_root}/invoices/{made['invoice_id']}").text
    assert page.count("must not deliver again") == 1
    assert page.count("new to the shop") == 2


def test_an_unanswered_callback_is_no_repetition_when_it_is_sent_again(
    qpay_simulator: Simulator, http: httpx.Client
) -> None:
    made = invoice(http)
    qpay_simulator.pay(made["invoice_id"], callbacks=2)
    assert [one.repeated for one in qpay_simulator.callbacks] == [False, False]
