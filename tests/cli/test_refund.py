"""`qpaykit refund`: looks, asks, and gives the money back once."""

from __future__ import annotations

import io

import pytest

from cli.shop import Run, Shop


class Keyboard(io.StringIO):
    """A person at the terminal."""

    def isatty(self) -> bool:
        return True


class Interrupted(Keyboard):
    """A person who presses Ctrl-C."""

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        raise KeyboardInterrupt


@pytest.fixture
def payment(shop: Shop) -> str:
    return shop.sell("42", 1500, method="CARD")[1]


def type_in(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard(line))


@pytest.mark.parametrize("answer", ["y\n", "Тийм\n"])
def test_the_answer_yes_refunds_the_payment(
    run: Run, shop: Shop, payment: str, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    type_in(monkeypatch, answer)
    done = run("refund", payment, "--note", "the tea was cold", "--store", shop.store)
    assert done.code == 0
    assert "Give 1,500.00 MNT back to the card" in done.err
    assert "order 42 was delivered" in done.out
    assert "The payment is now: refunded." in done.out
    [sent] = shop.simulator.requests.to("DELETE", f"/payment/refund/{payment}")
    assert sent.json() == {"note": "the tea was cold"}


@pytest.mark.parametrize("answer", ["\n", "maybe\n"])
def test_anything_else_does_not(
    run: Run, shop: Shop, payment: str, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    type_in(monkeypatch, answer)
    done = run("refund", payment, "--note", "cold")
    assert done.code == 1
    assert "Nothing was refunded." in done.err
    assert shop.simulator.payment(payment).status == "PAID"


def test_a_script_says_yes_or_nothing_happens(run: Run, shop: Shop, payment: str) -> None:
    for options in ([], ["--json"]):
        assert run("refund", payment, "--note", "cold", *options).code == 2
    assert shop.simulator.payment(payment).status == "PAID"
    content = run("refund", payment, "--note", "cold", "--yes", "--json").json()
    assert isinstance(content, dict)
    assert content["payment_status"] == "REFUNDED"


def test_a_bank_transfer_is_refused_at_once(run: Run, shop: Shop) -> None:
    _, transfer = shop.sell("42", 1500)
    done = run("refund", transfer, "--note", "cold", "--yes")
    assert done.code == 3
    assert "send the buyer 1,500.00 MNT from your bank" in done.err
    assert not shop.simulator.requests.to("DELETE", f"/payment/refund/{transfer}")


def test_a_refunded_payment_is_refused(run: Run, shop: Shop, payment: str) -> None:
    assert run("refund", payment, "--note", "cold", "--yes").code == 0
    done = run("refund", payment, "--note", "cold", "--yes")
    assert done.code == 3
    assert "refunded already" in done.err
    assert not shop.simulator.refunds_refused


def test_a_failed_payment_is_refused(run: Run, shop: Shop) -> None:
    invoice = shop.client.invoices.create(
        amount=1500, sender_invoice_no="43", invoice_description="Tea"
    )
    declined = shop.simulator.fail(invoice.invoice_id, callbacks=0)
    done = run("refund", declined, "--note", "cold", "--yes")
    assert done.code == 3
    assert "FAILED" in done.err


def test_a_note_that_is_too_long_is_refused_before_qpay_is_asked(
    run: Run, shop: Shop, payment: str
) -> None:
    shop.simulator.requests.clear()
    done = run("refund", payment, "--note", "x" * 256, "--yes")
    assert done.code == 2
    assert "255" in done.err
    assert not shop.simulator.requests


def test_a_lost_answer_leads_to_a_status_check(run: Run, shop: Shop, payment: str) -> None:
    shop.simulator.faults.add("DELETE", "*", "reset-after")
    assert run("refund", payment, "--note", "cold", "--yes").code == 0
    assert shop.simulator.payment(payment).status == "REFUNDED"


def test_a_refund_of_unknown_outcome_has_its_own_exit_code(
    run: Run, shop: Shop, payment: str
) -> None:
    shop.simulator.faults.add("DELETE", "*", "reset-after")
    # The look before the question succeeds, those after the lost answer fail.
    shop.simulator.faults.add("GET", f"/payment/{payment}", "slow", delay=0)
    shop.simulator.faults.add("GET", f"/payment/{payment}", "502", times=None)
    done = run("refund", payment, "--note", "cold", "--yes")
    assert done.code == 5
    assert "may or may not have been carried out" in done.err


def test_ctrl_c_at_the_question_refunds_nothing_and_says_so(
    run: Run, shop: Shop, payment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Interrupted())
    done = run("refund", payment, "--note", "cold")
    assert done.code == 130
    assert done.err.endswith("[y/N] \nNothing was refunded.\n")
    assert shop.simulator.payment(payment).status == "PAID"


def test_ctrl_c_while_qpay_is_asked_leaves_the_outcome_unknown(
    run: Run, shop: Shop, payment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("qpaykit.resources.payments.Payments.refund", stop)
    done = run("refund", payment, "--note", "cold", "--yes")
    assert done.code == 5
    assert "may or may not have been made" in " ".join(done.err.split())


def test_a_refund_is_reported_though_qpay_does_not_answer_afterwards(
    run: Run, shop: Shop, payment: str
) -> None:
    # The look before the refund succeeds, the one after it fails.
    shop.simulator.faults.add("GET", f"/payment/{payment}", "slow", delay=0)
    shop.simulator.faults.add("GET", f"/payment/{payment}", "502", times=None)
    done = run("refund", payment, "--note", "cold", "--yes")
    assert done.code == 0
    assert "The payment is now: refunded." in done.out
