"""Sub-merchants: companies and persons, as they are registered and as QPay has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator
from typing_extensions import Required, Self, TypedDict

from qpaykit.models.base import RequestModel, ResponseModel
from qpaykit.models.payment_list import ListOffset
from qpaykit.models.response_types import ResponseBool, ResponseList, ResponseText, ResponseZero
from qpaykit.models.strings import RequiredStr255, Str45, Str255
from qpaykit.models.times import ResponseTime
from qpaykit.quickqr.models.places import PlaceCode, warn_of_unknown_place
from qpaykit.quickqr.models.strings import CompanyNumber, Email, MccCode, PersonNumber, Phone


class _CommonFields(TypedDict, total=False):
    register_number: Required[str]
    mcc_code: Required[str]
    city: Required[str]
    district: Required[str]
    address: Required[str]
    phone: Required[str | int]
    email: Required[str]
    max_qr_account_count: int | None


class CompanyFields(_CommonFields, total=False):
    """The fields of `CompanyRequest`, for type checkers."""

    company_name: Required[str]
    name: Required[str]
    name_eng: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    owner_register_no: str | None
    location_lat: str | None
    location_lng: str | None


class PersonFields(_CommonFields, total=False):
    """The fields of `PersonRequest`, for type checkers."""

    first_name: Required[str]
    last_name: Required[str]
    business_name: Required[str]
    business_name_eng: str | None


class _CommonRequest(RequestModel):
    mcc_code: MccCode
    city: PlaceCode
    district: PlaceCode
    address: RequiredStr255
    phone: Phone
    email: Email
    max_qr_account_count: Annotated[int, Field(strict=True, ge=1)] | None = None

    @model_validator(mode="after")
    def _warn_of_unknown_place(self) -> Self:
        warn_of_unknown_place(self.city, self.district)
        return self


class CompanyRequest(_CommonRequest):
    """A company to be registered or changed; texts have at most 255 characters.

    Attributes:
        register_number: 7 digits.
        company_name: Its name, as it is registered.
        name: The name that payers are shown.
        name_eng: That name in English.
        owner_first_name: The owner's name.
        owner_last_name: The owner's family name.
        owner_register_no: Two Cyrillic letters and 8 digits.
        mcc_code: What it sells, four digits of ISO 18245.
        city: The code of a province, such as "11000" for the capital: see `CITIES`.
        district: The code of a district, such as "14000": see `DISTRICTS`.
        address: Where it is.
        phone: 8 digits; +976 and blanks are dropped.
        email: Its e-mail address.
        location_lat: The latitude, as text.
        location_lng: The longitude, as text.
        max_qr_account_count: How many accounts a QR may have.
    """

    register_number: CompanyNumber
    company_name: RequiredStr255
    name: RequiredStr255
    name_eng: Str255 | None = None
    owner_first_name: Str255 | None = None
    owner_last_name: Str255 | None = None
    owner_register_no: PersonNumber | None = Field(default=None, repr=False)
    location_lat: Str45 | None = None
    location_lng: Str45 | None = None


class PersonRequest(_CommonRequest):
    """A person to be registered or changed; texts have at most 255 characters.

    Attributes:
        register_number: Two Cyrillic letters and 8 digits.
        first_name: The person's name.
        last_name: The person's family name.
        business_name: The name that payers are shown.
        business_name_eng: That name in English.
        mcc_code: What the person sells, four digits of ISO 18245.
        city: The code of a province, such as "11000" for the capital: see `CITIES`.
        district: The code of a district, such as "14000": see `DISTRICTS`.
        address: Where it is.
        phone: 8 digits; +976 and blanks are dropped.
        email: The e-mail address.
        max_qr_account_count: How many accounts a QR may have.
    """

    register_number: PersonNumber = Field(repr=False)
    first_name: RequiredStr255
    last_name: RequiredStr255
    business_name: RequiredStr255
    business_name_eng: Str255 | None = None


class MerchantListRequest(RequestModel):
    """What `POST /merchant/list` takes."""

    offset: ListOffset


class Merchant(ResponseModel):
    """A sub-merchant, as QPay has it.

    Attributes:
        id: QPay's id: keep it, invoices name it as `merchant_id`.
        type: "COMPANY" or "PERSON".
        register_number: 7 digits, or two Cyrillic letters and 8 digits; not shown in a `repr`.
        name: The name that payers are shown, of a company.
        business_name: The same of a person.
        created_date: When it was registered, in Ulaanbaatar's zone.

    Texts are "" where QPay sent none.
    """

    id: ResponseText = ""
    vendor_id: ResponseText = ""
    type: ResponseText = ""
    register_number: ResponseText = Field(default="", repr=False)
    name: ResponseText = ""
    name_eng: ResponseText = ""
    first_name: ResponseText = ""
    last_name: ResponseText = ""
    business_name: ResponseText = ""
    business_name_eng: ResponseText = ""
    company_name: ResponseText = ""
    owner_first_name: ResponseText = ""
    owner_last_name: ResponseText = ""
    owner_register_no: ResponseText = Field(default="", repr=False)
    g_business_direction_id: ResponseText = ""
    mcc_code: ResponseText = ""
    city: ResponseText = ""
    district: ResponseText = ""
    address: ResponseText = ""
    phone: ResponseText = ""
    email: ResponseText = ""
    location_lat: ResponseText = ""
    location_lng: ResponseText = ""
    created_date: ResponseTime = None
    wechat_registered: ResponseBool = None
    wechat_terminal_id: ResponseText = ""
    p2p_terminal_id: ResponseText = ""
    card_terminal_id: ResponseText = ""

    def __repr_args__(self) -> Iterable[tuple[str | None, object]]:
        """Leave out what QPay sent nothing for: a person has none of a company's fields."""
        return [(name, value) for name, value in super().__repr_args__() if value not in ("", None)]


class MerchantPage(ResponseModel):
    """One page of the sub-merchants of a login.

    Attributes:
        count: How many there are on all pages.
        rows: Those of this page.
    """

    count: Annotated[int, ResponseZero] = 0
    rows: ResponseList[Merchant] = []
