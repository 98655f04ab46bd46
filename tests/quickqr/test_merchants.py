"""Sub-merchants on the wire: registered once, found where they are registered already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import ValidationError

from helpers.quickqr import COMPANY, PERSON, changed
from qpaykit import ConflictError, NotFoundError, OutcomeUnknownError
from qpaykit.quickqr import CITIES, DISTRICTS, QuickQRClient
from qpaykit.simulator.quickqr import places

if TYPE_CHECKING:
    from typing import Any

    import respx

REGISTERED = httpx.Response(409, json={"error": "MERCHANT_ALREADY_REGISTERED"})


def page(*rows: dict[str, str], count: int | None = None) -> httpx.Response:
    return httpx.Response(200, json={"count": count or len(rows), "rows": rows})


def row(number: str, identifier: str) -> dict[str, str]:
    return {"id": identifier, "register_number": number}


def test_a_company_is_registered_with_its_fields_alone(
    quickqr: QuickQRClient, qpay: respx.MockRouter
) -> None:
    route = qpay.post("/merchant/company").respond(json={"id": "m-1"})
    fields = changed(COMPANY, name_eng="EXAMPLE")
    made = quickqr.merchants.create_company(**fields, extra={"type": "X"})
    assert made.id == "m-1"
    sent = json.loads(route.calls.last.request.content)
    assert sent == {**COMPANY, "name_eng": "EXAMPLE", "type": "X"}


def test_a_person_is_registered_with_the_persons_fields(
    quickqr: QuickQRClient, qpay: respx.MockRouter
) -> None:
    route = qpay.post("/merchant/person").respond(json={"id": "m-1"})
    quickqr.merchants.create_person(**PERSON)
    assert json.loads(route.calls.last.request.content) == PERSON


@pytest.mark.parametrize("kind", ["company", "person"])
def test_a_change_gives_all_fields_anew_and_may_be_sent_twice(
    quickqr: QuickQRClient, qpay: respx.MockRouter, kind: str
) -> None:
    done = httpx.Response(200, json={"id": "m-1"})
    route = qpay.put(f"/merchant/{kind}/m-1").mock(side_effect=[httpx.ReadError("reset"), done])
    if kind == "company":
        quickqr.merchants.update_company("m-1", **COMPANY)
    else:
        quickqr.merchants.update_person("m-1", **PERSON)
    assert route.call_count == 2
    sent = json.loads(route.calls.last.request.content)
    assert sent == (COMPANY if kind == "company" else PERSON)


def test_a_list_is_asked_for_as_most_clients_do(
    quickqr: QuickQRClient, qpay: respx.MockRouter
) -> None:
    route = qpay.post("/merchant/list").mock(return_value=page(row("1234567", "m-1")))
    assert quickqr.merchants.list(page_number=2, page_limit=50).count == 1
    sent = json.loads(route.calls.last.request.content)
    assert sent == {"offset": {"page_number": 2, "page_limit": 50}}


def test_iterate_goes_through_all_pages(quickqr: QuickQRClient, qpay: respx.MockRouter) -> None:
    pages = [page(row("1", "m-1"), count=2), page(row("2", "m-2"), count=2), page()]
    route = qpay.post("/merchant/list").mock(side_effect=pages)
    found = [one.id for one in quickqr.merchants.iterate(page_limit=1)]
    assert (found, route.call_count) == (["m-1", "m-2"], 3)


def test_a_registration_whose_answer_names_no_id_is_in_doubt(
    quickqr: QuickQRClient, qpay: respx.MockRouter
) -> None:
    route = qpay.post("/merchant/company").respond(json={})
    with pytest.raises(OutcomeUnknownError):
        quickqr.merchants.create_company(**COMPANY)
    assert route.call_count == 1


class TestEnsure:
    def test_registers_what_is_not_registered(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter
    ) -> None:
        qpay.post("/merchant/company").respond(json={"id": "m-9"})
        assert quickqr.merchants.ensure_company(**COMPANY).id == "m-9"

    def test_finds_the_one_with_this_register_number_on_any_page(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter
    ) -> None:
        qpay.post("/merchant/company").mock(return_value=REGISTERED)
        pages = [
            page(*(row(f"70000{n:02}", f"m-{n}") for n in range(100)), count=101),
            page(row("1234567", "the one"), count=101),
        ]
        qpay.post("/merchant/list").mock(side_effect=pages)
        assert quickqr.merchants.ensure_company(**COMPANY).id == "the one"

    def test_finds_a_person_however_the_number_is_written(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter
    ) -> None:
        qpay.post("/merchant/person").mock(return_value=REGISTERED)
        qpay.post("/merchant/list").mock(return_value=page(row("уб 00112233", "m-1")))
        assert quickqr.merchants.ensure_person(**PERSON).id == "m-1"

    def test_finds_what_a_lost_answer_registered(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter
    ) -> None:
        route = qpay.post("/merchant/company").mock(side_effect=[httpx.ReadError("reset")] * 9)
        qpay.post("/merchant/list").mock(return_value=page(row("1234567", "m-1")))
        assert quickqr.merchants.ensure_company(**COMPANY).id == "m-1"
        assert route.call_count == 1

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [(REGISTERED, ConflictError), (httpx.ReadError("reset"), OutcomeUnknownError)],
        ids=["registered", "lost"],
    )
    def test_says_what_happened_where_this_login_has_none(
        self,
        quickqr: QuickQRClient,
        qpay: respx.MockRouter,
        answer: httpx.Response | Exception,
        kind: type[Exception],
    ) -> None:
        qpay.post("/merchant/company").mock(side_effect=[answer])
        qpay.post("/merchant/list").mock(return_value=page(row("7654321", "m-1")))
        with pytest.raises(kind):
            quickqr.merchants.ensure_company(**COMPANY)

    def test_does_not_look_after_any_other_refusal(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter
    ) -> None:
        qpay.post("/merchant/company").respond(404, json={"error": "MCC_NOTFOUND"})
        look = qpay.post("/merchant/list")
        with pytest.raises(NotFoundError, match="Check the MCC"):
            quickqr.merchants.ensure_company(**COMPANY)
        assert look.call_count == 0


class TestRefusedBeforeItIsSent:
    @pytest.fixture(autouse=True)
    def nothing_is_sent(self, qpay: respx.MockRouter) -> Any:
        yield
        assert qpay.calls.call_count == 0

    @pytest.mark.parametrize(
        ("number", "says"),
        [
            ("123456", "7 digits"),
            ("12345678", "7 digits"),
            ("УБ00112233", "create_person"),
            ("", "7 digits"),
        ],
    )
    def test_a_companys_register_number(
        self, quickqr: QuickQRClient, number: str, says: str
    ) -> None:
        with pytest.raises(ValidationError, match=says):
            quickqr.merchants.create_company(**changed(COMPANY, register_number=number))

    @pytest.mark.parametrize(
        ("number", "says"),
        [
            ("AB00112233", "A for А, B for В"),
            ("УB00112233", "B for В"),
            ("yб00112233", "Y for У"),
            ("1234567", "create_company"),
            ("УБ0011223", "8 digits"),
            ("ЯЯЯ0112233", "two Cyrillic letters"),
        ],
    )
    def test_a_persons_register_number_and_its_latin_look_alikes(
        self, quickqr: QuickQRClient, number: str, says: str
    ) -> None:
        with pytest.raises(ValidationError, match=says) as caught:
            quickqr.merchants.create_person(**changed(PERSON, register_number=number))
        assert number not in str(caught.value)

    @pytest.mark.parametrize("phone", ["9900000", "+97699000", "9900-00-0a", "+1 99000000"])
    def test_a_phone_number(self, quickqr: QuickQRClient, phone: str) -> None:
        with pytest.raises(ValidationError, match="8 digits"):
            quickqr.merchants.create_company(**changed(COMPANY, phone=phone))

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("city", "0101", "five-digit"),
            ("district", "Сүхбаатар", "five-digit"),
            ("mcc_code", "541", "mcc_code"),
            ("email", "nobody", "email"),
            ("name", "", "name"),
            ("shop", "x", "shop"),
        ],
    )
    def test_a_field(self, quickqr: QuickQRClient, field: str, value: str, says: str) -> None:
        with pytest.raises(ValidationError, match=says):
            quickqr.merchants.create_company(**changed(COMPANY, **{field: value}))

    def test_a_field_that_is_missing(self, quickqr: QuickQRClient) -> None:
        fields: Any = {name: value for name, value in COMPANY.items() if name != "email"}
        with pytest.raises(ValidationError, match="email"):
            quickqr.merchants.ensure_company(**fields)

    @pytest.mark.parametrize("identifier", ["", "../invoice", "a b", 7])
    def test_an_id(self, quickqr: QuickQRClient, identifier: Any) -> None:
        with pytest.raises(ValidationError, match="merchant_id"):
            quickqr.merchants.get(identifier)


@pytest.mark.parametrize(
    "phone", ["99000000", "+976 9900 0000", "+97699000000", "00976-9900-0000", 99000000]
)
def test_a_phone_number_is_sent_as_its_eight_digits(
    quickqr: QuickQRClient, qpay: respx.MockRouter, phone: str | int
) -> None:
    route = qpay.post("/merchant/company").respond(json={"id": "m-1"})
    quickqr.merchants.create_company(**changed(COMPANY, phone=phone))
    assert json.loads(route.calls.last.request.content)["phone"] == "99000000"


@pytest.mark.parametrize(
    ("city", "district", "warns"),
    [
        ("11000", "14000", None),
        ("11000", "99000", "DISTRICTS"),
        ("99000", "14000", "CITIES"),
        ("21000", "21100", None),
    ],
)
def test_a_code_that_the_tables_do_not_have_is_a_warning(
    quickqr: QuickQRClient,
    qpay: respx.MockRouter,
    caplog: pytest.LogCaptureFixture,
    city: str,
    district: str,
    warns: str | None,
) -> None:
    qpay.post("/merchant/company").respond(json={"id": "m-1"})
    quickqr.merchants.create_company(**changed(COMPANY, city=city, district=district))
    assert (warns in caplog.text) if warns else not caplog.text


def test_the_tables_agree_with_those_of_the_simulator() -> None:
    assert {code: name.mongolian for code, name in CITIES.items()} == places.CITIES
    assert {code: name.mongolian for code, name in DISTRICTS.items()} == places.DISTRICTS
