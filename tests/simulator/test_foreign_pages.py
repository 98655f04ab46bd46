"""A web page of somebody else, open in the same browser, cannot drive the simulator."""

from __future__ import annotations

import httpx
import pytest

from qpaykit import QPayClient
from qpaykit.simulator import Simulator
from qpaykit.simulator.hosts import host_check


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:8899",
        "127.0.0.1.evil.test",
        "evil.test@127.0.0.1",
        "192.168.1.5",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/requests", "/v2/auth/token"])
def test_a_host_that_is_not_this_machine_is_refused(
    qpay_simulator: Simulator, host: str, path: str
) -> None:
    answer = httpx.get(qpay_simulator.page_root + path, headers={"host": host})
    assert answer.status_code == 421
    assert "--public-url" in answer.text


def test_a_rebound_name_cannot_pay_an_invoice(
    qpay_simulator: Simulator, qpay_client: QPayClient
) -> None:
    invoice_id = qpay_client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    ).invoice_id
    rebound = {"host": "evil.test:8899", "origin": "http://evil.test:8899"}
    url = f"{qpay_simulator.page_root}/invoices/{invoice_id}/pay"
    assert httpx.post(url, headers=rebound).status_code == 421
    assert not qpay_client.payments.check(invoice_id).is_paid()


@pytest.mark.parametrize("origin", ["https://evil.test", "http://localhost:1", "null"])
def test_a_post_from_a_foreign_origin_is_refused(qpay_simulator: Simulator, origin: str) -> None:
    fault = {"method": "POST", "path": "/invoice", "kind": "500"}
    answer = httpx.post(
        f"{qpay_simulator.page_root}/faults", json=fault, headers={"origin": origin}
    )
    assert answer.status_code == 403
    assert "Origin" in answer.text
    assert list(qpay_simulator.faults) == []


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8899", "127.9.9.9", "[::1]:8"]
)
def test_the_names_of_this_machine_are_answered(qpay_simulator: Simulator, host: str) -> None:
    answer = httpx.get(qpay_simulator.page_root, headers={"host": host})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("listens_on", "public_url", "host", "accepted"),
    [
        ("0.0.0.0", None, "192.168.1.5:8899", True),
        ("0.0.0.0", None, "evil.test:8899", False),
        ("0.0.0.0", "http://qpay:8899", "qpay:8899", True),
        ("::", None, "[fe80::1]:8899", True),
        ("192.168.1.5", None, "192.168.1.5:8899", True),
        ("192.168.1.5", None, "192.168.1.6:8899", False),
        ("127.0.0.1", "https://tunnel.test", "tunnel.test", True),
    ],
)
def test_an_exposed_simulator_answers_to_its_own_names(
    listens_on: str, public_url: str | None, host: str, accepted: bool
) -> None:
    assert host_check(listens_on, exposed=True, public_url=public_url)(host) is accepted


def test_a_public_url_alone_exposes_nothing() -> None:
    accepts = host_check("127.0.0.1", exposed=False, public_url="https://tunnel.test")
    assert not accepts("tunnel.test")
