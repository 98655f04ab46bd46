"""Sub-merchants: registered, changed, found, deleted."""

from __future__ import annotations

from contextlib import aclosing

from typing_extensions import Unpack

from qpaykit.errors import ConflictError, OutcomeUnknownError
from qpaykit.models.base import Extra, RequestModel
from qpaykit.models.ids import path_id
from qpaykit.operation import Operation, RequestOutcome
from qpaykit.quickqr.models import (
    CompanyFields,
    CompanyRequest,
    Merchant,
    MerchantListRequest,
    MerchantPage,
    PersonFields,
    PersonRequest,
)
from qpaykit.quickqr.models.strings import register_number
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint, paginated
from qpaykit.resources._paginator import Pages
from qpaykit.resources._parsing import created_parser, parser
from qpaykit.resources.invoices import delete_operation

_ALREADY_REGISTERED = "MERCHANT_ALREADY_REGISTERED"
_PAGE_LIMIT = 100

_parse_merchant = parser(Merchant)
_parse_created = created_parser(_parse_merchant, "id")
_parse_page = parser(MerchantPage)


class _MerchantEndpoints(Resource):
    @endpoint
    def create_company(
        self, *, extra: Extra | None = None, **fields: Unpack[CompanyFields]
    ) -> Operation[Merchant]:
        """Register a company as a sub-merchant. It is sent once; `ensure_company` also finds it.

        Args:
            extra: Further fields of the request, for what QPay adds.
            fields: `register_number` (7 digits), `company_name`, `name` (what payers are shown),
                `mcc_code` (4 digits), `city` and `district` (5 digits each), `address`, `phone`,
                `email`, and what else `CompanyRequest` has.

        Returns:
            The sub-merchant; keep its `id`.

        Raises:
            pydantic.ValidationError: A field is not what QPay accepts; nothing was sent.
            ConflictError: It is registered already (`MERCHANT_ALREADY_REGISTERED`).
            NotFoundError: QPay does not know the category (`MCC_NOTFOUND`).
            OutcomeUnknownError: The answer was lost; it may be registered.

        QPay: `POST /v2/merchant/company`.
        """
        return _registration("company", CompanyRequest.model_validate(fields), extra)

    @endpoint
    def create_person(
        self, *, extra: Extra | None = None, **fields: Unpack[PersonFields]
    ) -> Operation[Merchant]:
        """Register a person as a sub-merchant. It is sent once; `ensure_person` also finds it.

        Args:
            extra: Further fields of the request, for what QPay adds.
            fields: `register_number` (two Cyrillic letters and 8 digits), `first_name`,
                `last_name`, `business_name` (what payers are shown), `mcc_code` (4 digits), `city`
                and `district` (5 digits each), `address`, `phone`, `email`, and what else
                `PersonRequest` has.

        Returns:
            The sub-merchant; keep its `id`.

        Raises:
            pydantic.ValidationError: A field is not what QPay accepts; nothing was sent.
            ConflictError: The person is registered already (`MERCHANT_ALREADY_REGISTERED`).
            NotFoundError: QPay does not know the category (`MCC_NOTFOUND`).
            OutcomeUnknownError: The answer was lost; the person may be registered.

        QPay: `POST /v2/merchant/person`.
        """
        return _registration("person", PersonRequest.model_validate(fields), extra)

    @endpoint
    async def ensure_company(
        self, *, extra: Extra | None = None, **fields: Unpack[CompanyFields]
    ) -> Merchant:
        """Register a company, or return the sub-merchant that has its register number already.

        The one that is found is not changed: use `update_company` for that.

        Args:
            extra: See `create_company`.
            fields: See `create_company`.

        Returns:
            The sub-merchant.

        Raises:
            pydantic.ValidationError: A field is not what QPay accepts; nothing was sent.
            ConflictError: It is registered, and not among this login's sub-merchants.
            OutcomeUnknownError: The answer was lost, and it is not among them either.
            QPayError: The sub-merchants could not be listed.

        QPay: `POST /v2/merchant/company`, then `POST /v2/merchant/list`.
        """
        request = CompanyRequest.model_validate(fields)
        return await self._ensure("company", request, extra)

    @endpoint
    async def ensure_person(
        self, *, extra: Extra | None = None, **fields: Unpack[PersonFields]
    ) -> Merchant:
        """Register a person, or return the sub-merchant that has the register number already.

        The one that is found is not changed: use `update_person` for that.

        Args:
            extra: See `create_person`.
            fields: See `create_person`.

        Returns:
            The sub-merchant.

        Raises:
            pydantic.ValidationError: A field is not what QPay accepts; nothing was sent.
            ConflictError: The person is registered, and not among this login's sub-merchants.
            OutcomeUnknownError: The answer was lost, and the person is not among them either.
            QPayError: The sub-merchants could not be listed.

        QPay: `POST /v2/merchant/person`, then `POST /v2/merchant/list`.
        """
        request = PersonRequest.model_validate(fields)
        return await self._ensure("person", request, extra)

    async def _ensure(
        self, kind: str, request: CompanyRequest | PersonRequest, extra: Extra | None
    ) -> Merchant:
        try:
            return await self._session.call(_registration(kind, request, extra))
        except (ConflictError, OutcomeUnknownError) as error:
            if isinstance(error, ConflictError) and error.code != _ALREADY_REGISTERED:
                raise
            problem = error
        async with aclosing(_pages(_PAGE_LIMIT).rows(self._session)) as merchants:
            async for merchant in merchants:
                number = register_number(merchant.register_number)
                if merchant.id and number == request.register_number:
                    return merchant
        raise problem

    @endpoint
    def update_company(
        self, merchant_id: str, *, extra: Extra | None = None, **fields: Unpack[CompanyFields]
    ) -> Operation[Merchant]:
        """Replace all fields of a company.

        Args:
            merchant_id: The sub-merchant's id.
            extra: See `create_company`.
            fields: See `create_company`.

        Returns:
            The sub-merchant as it is now.

        Raises:
            pydantic.ValidationError: A field is not what QPay accepts; nothing was sent.
            NotFoundError: There is no such sub-merchant.

        QPay: `PUT /v2/merchant/company/{id}`.
        """
        return _update("company", merchant_id, CompanyRequest.model_validate(fields), extra)

    @endpoint
    def update_person(
        self, merchant_id: str, *, extra: Extra | None = None, **fields: Unpack[PersonFields]
    ) -> Operation[Merchant]:
        """Replace all fields of a person.

        Args:
            merchant_id: The sub-merchant's id.
            extra: See `create_person`.
            fields: See `create_person`.

        Returns:
            The sub-merchant as it is now.

        Raises:
            pydantic.ValidationError: A field is not what QPay accepts; nothing was sent.
            NotFoundError: There is no such sub-merchant.

        QPay: `PUT /v2/merchant/person/{id}`.
        """
        return _update("person", merchant_id, PersonRequest.model_validate(fields), extra)

    @endpoint
    def get(self, merchant_id: str) -> Operation[Merchant]:
        """Fetch a sub-merchant.

        Args:
            merchant_id: Its id.

        Returns:
            The sub-merchant as QPay has it.

        Raises:
            pydantic.ValidationError: It is not an id; nothing was sent.
            NotFoundError: There is no such sub-merchant.

        QPay: `GET /v2/merchant/{id}`.
        """
        return Operation(
            name="merchants.get", method="GET", path=_path(merchant_id), parse=_parse_merchant
        )

    @endpoint
    def delete(self, merchant_id: str) -> Operation[None]:
        """Delete a sub-merchant.

        When the answer is lost, it is fetched, and deleted once more only if it still exists.

        Args:
            merchant_id: Its id.

        Raises:
            pydantic.ValidationError: It is not an id; nothing was sent.
            NotFoundError: There is no such sub-merchant.
            OutcomeUnknownError: The answer was lost, and QPay does not show whether it was deleted.

        QPay: `DELETE /v2/merchant/{id}`.
        """
        return delete_operation(
            "merchants.delete",
            _path(merchant_id),
            _is_deleted,
            done_codes=frozenset({"MERCHANT_NOTFOUND"}),
            subject={"merchant_id": merchant_id},
        )

    @endpoint
    def list(
        self, *, page_number: int = 1, page_limit: int = _PAGE_LIMIT, extra: Extra | None = None
    ) -> Operation[MerchantPage]:
        """Fetch one page of the login's sub-merchants.

        Args:
            page_number: Which page, from 1.
            page_limit: Sub-merchants in a page, 1 to 1000.
            extra: Further fields of the request, for what QPay adds.

        Returns:
            The page's sub-merchants and the count of all.

        Raises:
            pydantic.ValidationError: A number is out of its range; nothing was sent.

        QPay: `POST /v2/merchant/list`.
        """
        return _list(page_number, page_limit, extra)

    @paginated
    def iterate(
        self, *, page_limit: int = _PAGE_LIMIT, extra: Extra | None = None
    ) -> Pages[Merchant]:
        """Iterate over all sub-merchants of the login, one page in memory.

        Args:
            page_limit: Sub-merchants in a page, 1 to 1000.
            extra: Further fields of each request, for what QPay adds.

        Returns:
            An iterator over the sub-merchants of all pages; it ends where a page brings nothing
            new.

        Raises:
            pydantic.ValidationError: See `list`; at the first step.
            QPayError: A page could not be fetched; the rows of earlier pages were returned.

        QPay: `POST /v2/merchant/list`, page by page.
        """
        return _pages(page_limit, extra)


class Merchants(_MerchantEndpoints, SyncResource):
    """The sub-merchants of a `QuickQRClient`."""


class AsyncMerchants(_MerchantEndpoints, AsyncResource):
    """The sub-merchants of an `AsyncQuickQRClient`."""


def _path(merchant_id: str) -> str:
    return f"/merchant/{path_id(merchant_id, 'merchant_id')}"


def _registration(kind: str, request: RequestModel, extra: Extra | None) -> Operation[Merchant]:
    return Operation(
        name=f"merchants.create_{kind}",
        method="POST",
        path=f"/merchant/{kind}",
        body=request.to_json(extra),
        parse=_parse_created,
        retryable=False,
    )


def _update(
    kind: str, merchant_id: str, request: RequestModel, extra: Extra | None
) -> Operation[Merchant]:
    return Operation(
        name=f"merchants.update_{kind}",
        method="PUT",
        path=f"/merchant/{kind}/{path_id(merchant_id, 'merchant_id')}",
        body=request.to_json(extra),
        parse=_parse_merchant,
    )


def _list(page_number: int, page_limit: int, extra: Extra | None) -> Operation[MerchantPage]:
    request = MerchantListRequest.model_validate(
        {"offset": {"page_number": page_number, "page_limit": page_limit}}
    )
    return Operation(
        name="merchants.list",
        method="POST",
        path="/merchant/list",
        body=request.to_json(extra),
        parse=_parse_page,
    )


def _pages(page_limit: int, extra: Extra | None = None) -> Pages[Merchant]:
    return Pages(lambda number: _list(number, page_limit, extra), page_limit)


def _is_deleted(body: bytes) -> RequestOutcome:
    return RequestOutcome.NOT_DONE if _parse_merchant(body).id else RequestOutcome.UNCLEAR
