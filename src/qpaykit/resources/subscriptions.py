"""The endpoints of subscriptions, invoices that are charged by card after each interval."""

from __future__ import annotations

from qpaykit.models import Subscription
from qpaykit.models.ids import path_id
from qpaykit.operation import Operation, RequestOutcome, StatusCheck
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint
from qpaykit.resources._parsing import no_content, parser

_read = parser(Subscription)


class _SubscriptionEndpoints(Resource):
    @endpoint
    def get(self, subscription_id: str) -> Operation[Subscription]:
        """Fetch a subscription with its invoices and payments.

        Args:
            subscription_id: The id in `Invoice.subscription` of an invoice that was made
                with `allow_subscribe`.

        Returns:
            The subscription.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            NotFoundError: QPay has no such subscription.

        QPay: `GET /v2/subscription/{id}`.
        """
        return Operation(
            name="subscriptions.get", method="GET", path=_path(subscription_id), parse=_read
        )

    @endpoint
    def cancel(self, subscription_id: str) -> Operation[None]:
        """End a subscription: no further payment is taken.

        When the answer is lost, the subscription is fetched, and ended once more only if
        it is still active.

        Args:
            subscription_id: Its id.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            NotFoundError: QPay has no such subscription.
            OutcomeUnknownError: The answer was lost, and its state at QPay did not tell.

        QPay: `DELETE /v2/subscription/{id}`.
        """
        path = _path(subscription_id)
        return Operation(
            name="subscriptions.cancel",
            method="DELETE",
            path=path,
            parse=no_content,
            retryable=False,
            status_check=StatusCheck(
                operation=Operation(
                    name="subscriptions.get", method="GET", path=path, parse=_ended
                ),
                result=None,
            ),
            subject={"subscription_id": subscription_id},
        )


class Subscriptions(_SubscriptionEndpoints, SyncResource):
    """The subscriptions of a `QPayClient`."""


class AsyncSubscriptions(_SubscriptionEndpoints, AsyncResource):
    """The subscriptions of an `AsyncQPayClient`."""


def _path(subscription_id: str) -> str:
    return f"/subscription/{path_id(subscription_id, 'subscription_id')}"


def _ended(body: bytes) -> RequestOutcome:
    active = _read(body).is_active
    if active is None:
        return RequestOutcome.UNCLEAR
    return RequestOutcome.NOT_DONE if active else RequestOutcome.DONE
