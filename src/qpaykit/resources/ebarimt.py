"""E-barimt: tax receipts of payments."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from qpaykit._http.session import Session
from qpaykit.config import Settings
from qpaykit.models import Ebarimt as EbarimtReceipt
from qpaykit.models import EbarimtCancelRequest, EbarimtRequest, ReceiverType
from qpaykit.models.callback_urls import public_callback_url
from qpaykit.models.ids import path_id
from qpaykit.operation import Operation
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint
from qpaykit.resources._parsing import no_content, parser

_read = parser(EbarimtReceipt)


class _EbarimtEndpoints(Resource):
    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__(session)
        self._settings = settings

    @endpoint
    def create(
        self,
        payment_id: str,
        *,
        receiver_type: ReceiverType | str = "CITIZEN",
        receiver: str | None = None,
        district_code: str | None = None,
        classification_code: str | None = None,
        callback_url: str | None = None,
        legacy: bool = False,
        extra: Mapping[str, JsonValue] | None = None,
    ) -> Operation[EbarimtReceipt]:
        """Make the tax receipt of a payment; QPay must have switched it on for the merchant.

        Args:
            payment_id: The paid payment's id.
            receiver_type: "CITIZEN" or "COMPANY".
            receiver: A citizen's phone (may be left out), or a company's register number.
            district_code: Four digits, such as "3505".
            classification_code: The product's class, seven digits.
            callback_url: What QPay calls when it is done; known of the older path.
            legacy: Use the paths from before e-barimt 3.0.
            extra: Further fields of the request, for what QPay adds.

        Returns:
            The receipt; QPay's sandbox has answered with none of its fields.

        Raises:
            InvalidRequestError: The payment is not paid (`PAYMENT_NOT_PAID`).
            OutcomeUnknownError: The answer was lost; the receipt may exist.

        QPay: `POST /v2/ebarimt_v3/create`, or `/v2/ebarimt/create`.
        """
        request = EbarimtRequest.model_validate(
            {
                "payment_id": payment_id,
                "ebarimt_receiver_type": receiver_type,
                "ebarimt_receiver": receiver,
                "district_code": district_code,
                "classification_code": classification_code,
                "callback_url": public_callback_url(
                    callback_url, public=self._settings.is_production
                ),
            }
        )
        return Operation(
            name="ebarimt.create",
            method="POST",
            path=f"{_root(legacy)}/create",
            body=request.to_json(extra),
            parse=_read,
            retryable=False,
            subject={"payment_id": payment_id},
        )

    @endpoint
    def get(self, ebarimt_id: str, *, legacy: bool = False) -> Operation[EbarimtReceipt]:
        """Fetch a tax receipt; only the older path is known to answer.

        Args:
            ebarimt_id: The receipt's own id.
            legacy: Use the path from before e-barimt 3.0.

        Returns:
            The receipt.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            NotFoundError: QPay has no such receipt (`BARIMT_NOT_FOUND`).

        QPay: `GET /v2/ebarimt_v3/{id}`, or `/v2/ebarimt/{id}`.
        """
        return Operation(
            name="ebarimt.get",
            method="GET",
            path=f"{_root(legacy)}/{path_id(ebarimt_id, 'ebarimt_id')}",
            parse=_read,
        )

    @endpoint
    def cancel(
        self,
        payment_id: str,
        *,
        note: str,
        legacy: bool = False,
        extra: Mapping[str, JsonValue] | None = None,
    ) -> Operation[None]:
        """Cancel the tax receipt of a payment.

        Args:
            payment_id: The payment's id (QPay's older examples show the receipt's).
            note: Why, at most 255 characters.
            legacy: Use the path from before e-barimt 3.0.
            extra: Further fields of the request, for what QPay adds.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            NotFoundError: QPay has no such receipt.
            OutcomeUnknownError: The answer was lost; it may be cancelled.

        QPay: `DELETE /v2/ebarimt_v3/{id}`, or `/v2/ebarimt/{id}`.
        """
        return Operation(
            name="ebarimt.cancel",
            method="DELETE",
            path=f"{_root(legacy)}/{path_id(payment_id, 'payment_id')}",
            body=EbarimtCancelRequest(note=note).to_json(extra),
            parse=no_content,
            retryable=False,
            subject={"payment_id": payment_id},
        )


class Ebarimt(_EbarimtEndpoints, SyncResource):
    """The tax receipts of a `QPayClient`."""


class AsyncEbarimt(_EbarimtEndpoints, AsyncResource):
    """The tax receipts of an `AsyncQPayClient`."""


def _root(legacy: bool) -> str:
    return "/ebarimt" if legacy else "/ebarimt_v3"
