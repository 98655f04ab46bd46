"""The simulator's page, as a browser without scripts sees it."""

from __future__ import annotations

import ast
import html
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qpaykit import QPayClient, simulator
from qpaykit.simulator import CALLBACK_FAULTS, FAULT_KINDS, Simulator
from qpaykit.simulator.panel.translations import MONGOLIAN_ERRORS


@pytest.fixture
def browser(qpay_simulator: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=qpay_simulator.page_root, follow_redirects=True) as browser:
        yield browser


@pytest.fixture
def invoice_id(qpay_client: QPayClient) -> str:
    return qpay_client.invoices.create(
        amount=1500, sender_invoice_no="<42>", invoice_description="Tea & cake"
    ).invoice_id


def test_the_invoices_are_listed_with_their_states(browser: httpx.Client, invoice_id: str) -> None:
    text = browser.get("/").text
    assert f"/invoices/{invoice_id}" in text
    assert "&lt;42&gt;" in text
    assert "<42>" not in text


def test_it_speaks_both_languages(browser: httpx.Client, invoice_id: str) -> None:
    assert "Pay in full" in browser.get(f"/invoices/{invoice_id}").text
    assert "Бүтэн төлөх" in browser.get(f"/invoices/{invoice_id}?lang=mn").text
    accepting = browser.get("/", headers={"accept-language": "mn-MN,en;q=0.5"})
    assert "Нэхэмжлэх" in accepting.text


def test_the_short_url_opens_the_invoices_page(
    browser: httpx.Client, qpay_client: QPayClient
) -> None:
    invoice = qpay_client.invoices.create(
        amount=17, sender_invoice_no="7", invoice_description="Tea"
    )
    assert "17.00 MNT" in browser.get(str(invoice.qpay_short_url)).text


def test_a_click_pays_and_shows_what_the_shop_answered(
    browser: httpx.Client, qpay_client: QPayClient, invoice_id: str
) -> None:
    shown = browser.post(f"/invoices/{invoice_id}/pay")
    assert shown.url.path == f"/invoices/{invoice_id}"
    assert 'class="PAID"' in shown.text
    assert "no answer" in shown.text or "ConnectError" in shown.text
    assert qpay_client.payments.check(invoice_id).is_paid(1500)


def test_a_part_a_card_a_refund_and_a_failure(
    browser: httpx.Client, qpay_client: QPayClient, invoice_id: str
) -> None:
    browser.post(f"/invoices/{invoice_id}/pay", data={"amount": "500.50"})
    browser.post(f"/invoices/{invoice_id}/fail")
    browser.post(f"/invoices/{invoice_id}/pay", data={"method": "CARD"})
    rows = qpay_client.payments.check(invoice_id).rows
    assert [f"{row.payment_status} {row.payment_amount}" for row in rows] == [
        "PAID 500.50",
        "FAILED 999.50",
        "PAID 999.50",
    ]
    assert browser.post(f"/payments/{rows[2].payment_id}/refund").url.path.endswith(invoice_id)
    assert browser.post(f"/payments/{rows[2].payment_id}/callback").status_code == 200
    assert "refunded" in browser.get(f"/invoices/{invoice_id}").text


def test_an_impossible_action_is_explained(browser: httpx.Client, invoice_id: str) -> None:
    browser.post(f"/invoices/{invoice_id}/pay")
    again = browser.post(f"/invoices/{invoice_id}/pay")
    assert again.status_code == 400
    assert "nothing to pay" in again.text
    assert browser.post(f"/invoices/{invoice_id}/pay", data={"amount": "x"}).status_code == 400
    assert browser.get("/invoices/none").status_code == 404
    assert browser.get("/none").status_code == 404


@pytest.mark.parametrize(
    ("path", "fields", "english", "mongolian"),
    [
        ("/invoices/{id}/pay", {"amount": "x"}, "written in digits", "цифрээр"),
        ("/invoices/{id}/pay", {"amount": "1e15"}, "at most", "ихгүй"),
        ("/invoices/{id}/pay", {"method": "CASH"}, "P2P or CARD", "P2P эсвэл CARD"),
        ("/invoices/none/pay", {}, "no such invoice", "Ийм нэхэмжлэх"),
        ("/faults", {"kind": "explode"}, "no fault explode", "explode гэсэн гэмтэл алга"),
        ("/faults", {"kind": "500", "times": "often"}, "not a number", "тоо биш"),
        ("/faults", {"kind": "500", "times": "0"}, "1 or more", "1 ба түүнээс их"),
        ("/nothing", {}, "no such action", "ийм үйлдэл алга"),
    ],
)
def test_an_impossible_action_is_explained_in_both_languages(
    browser: httpx.Client,
    invoice_id: str,
    path: str,
    fields: dict[str, str],
    english: str,
    mongolian: str,
) -> None:
    for language, said in (("en", english), ("mn", mongolian)):
        url = f"{path.format(id=invoice_id)}?lang={language}"
        answer = browser.post(url, data=fields)
        assert answer.status_code == 400
        assert said in html.unescape(answer.text)


def test_every_error_of_an_action_is_there_in_mongolian() -> None:
    package = Path(simulator.__file__).parent
    texts = {
        node.args[0].value
        for source in package.rglob("*.py")
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "ActionError"
        and isinstance(node.args[0], ast.Constant)
    }
    assert texts == set(MONGOLIAN_ERRORS)


def test_a_callback_names_its_payment_and_whether_it_is_new_to_the_shop(
    browser: httpx.Client, qpay_simulator: Simulator, invoice_id: str
) -> None:
    payment = qpay_simulator.pay(invoice_id, callbacks=0)
    qpay_simulator.send_callback(payment)
    callbacks = browser.get(f"/invoices/{invoice_id}").text.partition("Callbacks and")[2]
    assert payment in callbacks
    assert "new to the shop" in callbacks
    assert 'class="PAID">paid' in callbacks


def test_faults_are_set_from_the_page_and_over_http(
    browser: httpx.Client, qpay_simulator: Simulator
) -> None:
    fault = {"method": "POST", "path": "/invoice", "kind": "500", "times": "2"}
    assert "500" in browser.post("/faults", data=fault).text
    assert browser.post("/faults", json={**fault, "times": "all"}).json() == {"done": True}
    assert [one.times for one in qpay_simulator.faults] == [2, None]
    assert browser.post("/faults", json={"kind": "explode"}).status_code == 400
    browser.post("/faults/clear")
    assert list(qpay_simulator.faults) == []


def test_the_log_shows_what_was_sent_and_no_secret(
    browser: httpx.Client, qpay_simulator: Simulator, invoice_id: str
) -> None:
    text = browser.get("/requests").text
    assert "Tea &amp; cake" in text
    assert invoice_id not in text
    assert qpay_simulator.credentials["password"] not in text


def test_another_sites_page_cannot_press_the_buttons(
    browser: httpx.Client, qpay_client: QPayClient, invoice_id: str
) -> None:
    origin = {"origin": "https://evil.test"}
    assert browser.post(f"/invoices/{invoice_id}/pay", headers=origin).status_code == 403
    assert not qpay_client.payments.check(invoice_id).is_paid()


def button(page: str, action: str) -> str:
    """Return the tag of a button."""
    return page.partition(f'data-action="{action}"')[2].partition(">")[0]


def test_a_refunded_invoice_is_not_shown_as_paid(
    browser: httpx.Client, qpay_simulator: Simulator, invoice_id: str
) -> None:
    payment_id = qpay_simulator.pay(invoice_id, callbacks=0)
    assert 'class="CLOSED">paid' in browser.get(f"/invoices/{invoice_id}").text
    qpay_simulator.refund(payment_id, callbacks=0)
    for path in ("/", f"/invoices/{invoice_id}"):
        page = browser.get(path).text
        assert 'class="REFUNDED">refunded' in page
        assert 'class="CLOSED"' not in page


def test_an_invoice_of_which_a_part_is_paid_says_so(
    browser: httpx.Client, qpay_simulator: Simulator, invoice_id: str
) -> None:
    qpay_simulator.pay(invoice_id, amount=500, callbacks=0)
    assert "partly paid" in browser.get("/?lang=en").text
    assert "хэсэгчлэн төлсөн" in browser.get("/?lang=mn").text


@pytest.mark.parametrize("action", ["pay", "pay_card", "pay_part", "decline"])
def test_buttons_that_would_do_nothing_cannot_be_pressed(
    browser: httpx.Client, qpay_simulator: Simulator, invoice_id: str, action: str
) -> None:
    assert "disabled" not in button(browser.get(f"/invoices/{invoice_id}").text, action)
    qpay_simulator.pay(invoice_id, callbacks=0)
    assert "disabled" in button(browser.get(f"/invoices/{invoice_id}").text, action)


def test_faults_are_cleared_only_where_there_are_some(
    browser: httpx.Client, qpay_simulator: Simulator
) -> None:
    assert "disabled" in button(browser.get("/faults").text, "clear_faults")
    qpay_simulator.faults.add("POST", "/invoice", "500")
    assert "disabled" not in button(browser.get("/faults").text, "clear_faults")


@pytest.mark.parametrize("language", ["en", "mn"])
def test_every_fault_is_explained_in_words(browser: httpx.Client, language: str) -> None:
    page = browser.get(f"/faults?lang={language}").text
    answers, _, callbacks = page.partition('value="CALLBACK"')
    for kinds, part in ((FAULT_KINDS, answers), (CALLBACK_FAULTS, callbacks)):
        for kind in kinds:
            _, found, explained = part.partition(f"<dt><code>{kind}</code></dt><dd>")
            assert found, kind
            sentence = explained.partition("</dd>")[0]
            assert len(sentence) > 10
            assert any("а" <= letter <= "я" for letter in sentence) is (language == "mn")


def test_a_body_that_is_no_object_is_refused_with_a_sentence(browser: httpx.Client) -> None:
    answer = browser.post("/faults", json=["500"])
    assert (answer.status_code, answer.json()) == (400, {"error": "the body must be a JSON object"})
