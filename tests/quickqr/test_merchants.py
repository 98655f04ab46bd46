"""Sub-merchants on the wire: registered once, found where they are registered already."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import ValidationError

from helpers.quickqr import COMPANY, PERSON, changed
from qpaykit import ConflictError, NotFoundError, OutcomeUnknownError, ServerError
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


@pytest.mark.parametrize(
    ("number", "sent"),
    [
        ("уб00112233", "УБ00112233"),
        (" УБ 00-112233\n", "УБ00112233"),
        (unicodedata.normalize("NFD", "йё00112233"), "ЙЁ00112233"),
    ],
)
def test_a_persons_register_number_is_sent_as_it_is_written_officially(
    quickqr: QuickQRClient, qpay: respx.MockRouter, number: str, sent: str
) -> None:
    route = qpay.post("/merchant/person").respond(json={"id": "m-1"})
    quickqr.merchants.create_person(**changed(PERSON, register_number=number))
    assert json.loads(route.calls.last.request.content)["register_number"] == sent


@pytest.mark.parametrize("number", ["1234567", " 123 4567", "123-4567\n"])
def test_a_companys_register_number_is_sent_as_its_seven_digits(
    quickqr: QuickQRClient, qpay: respx.MockRouter, number: str
) -> None:
    route = qpay.post("/merchant/company").respond(json={"id": "m-1"})
    quickqr.merchants.create_company(**changed(COMPANY, register_number=number))
    assert json.loads(route.calls.last.request.content)["register_number"] == "1234567"


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
    assert quickqr.merchants.list(page_number=2, page_limit=50, extra={"page": 2}).count == 1
    sent = json.loads(route.calls.last.request.content)
    assert sent == {"offset": {"page_number": 2, "page_limit": 50}, "page": 2}


def test_iterate_goes_through_all_pages(quickqr: QuickQRClient, qpay: respx.MockRouter) -> None:
    pages = [page(row("1", "m-1"), count=2), page(row("2", "m-2"), count=2), page()]
    route = qpay.post("/merchant/list").mock(side_effect=pages)
    found = [one.id for one in quickqr.merchants.iterate(page_limit=1, extra={"limit": 1})]
    assert (found, route.call_count) == (["m-1", "m-2"], 3)
    sent = [json.loads(call.request.content) for call in route.calls]
    assert sent == [
        {"offset": {"page_number": number, "page_limit": 1}, "limit": 1} for number in (1, 2, 3)
    ]


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
            *(
                page(*(row(f"7{number}{n:05}", f"m-{n}") for n in range(100)), count=201)
                for number in (1, 2)
            ),
            page(row("1234567", "the one"), count=201),
        ]
        route = qpay.post("/merchant/list").mock(side_effect=pages)
        assert quickqr.merchants.ensure_company(**COMPANY).id == "the one"
        assert route.call_count == 3

    def test_returns_the_first_where_the_list_has_it_twice(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter
    ) -> None:
        qpay.post("/merchant/company").mock(return_value=REGISTERED)
        rows = [row("7654321", "m-1"), row("1234567", ""), row("1234567", "m-2")]
        qpay.post("/merchant/list").mock(return_value=page(*rows, row("1234567", "m-3")))
        assert quickqr.merchants.ensure_company(**COMPANY).id == "m-2"

    def test_that_cannot_read_the_list_says_so(
        self, quickqr: QuickQRClient, qpay: respx.MockRouter
    ) -> None:
        qpay.post("/merchant/company").mock(return_value=REGISTERED)
        qpay.post("/merchant/list").respond(500)
        with pytest.raises(ServerError):
            quickqr.merchants.ensure_company(**COMPANY)

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

    def test_no_status_check_follows_any_other_refusal(
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
            ("١٢٣٤٥٦٧", "7 digits"),
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
            ("YO00112233", "Y for Ү or У, O for О or Ө"),
            ("УB00112233", "B for В"),
            ("yб00112233", "Y for Ү or У"),
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

    @pytest.mark.parametrize(
        "phone", ["9900000", "990000000", "+97699000", "9900-00-0a", "+1 99000000"]
    )
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
    "phone",
    [
        "99000000",
        "+976 9900 0000",
        "+976 9900-0000",
        "+97699000000",
        "00976-9900-0000",
        "976 99000000",
        99000000,
    ],
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
        ("21000", "14000", "14000 is in DISTRICTS, the capital's, and city is 21000"),
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
    warnings = [one.getMessage() for one in caplog.records]
    assert len(warnings) == (1 if warns else 0)
    assert all(warns in one for one in warnings if warns)


def test_the_tables_agree_with_those_of_the_simulator() -> None:
    assert {code: name.mongolian for code, name in CITIES.items()} == places.CITIES
    assert {code: name.mongolian for code, name in DISTRICTS.items()} == places.DISTRICTS
