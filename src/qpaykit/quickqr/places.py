"""The provinces and districts that Quick QR has codes for."""

from __future__ import annotations

from qpaykit.models.ids import path_id
from qpaykit.operation import Operation
from qpaykit.quickqr.models import Place, PlaceList
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint
from qpaykit.resources._parsing import parser

_parse_list = parser(PlaceList)


class _PlaceEndpoints(Resource):
    @endpoint
    def cities(self) -> Operation[list[Place]]:
        """List the capital and the provinces; `CITIES` has them without a request.

        Returns:
            Each with its code and its Mongolian name.

        QPay: `GET /v2/aimaghot`.
        """
        return Operation(name="places.cities", method="GET", path="/aimaghot", parse=_places)

    @endpoint
    def districts(self, code: str) -> Operation[list[Place]]:
        """List the districts of the capital or of a province.

        Args:
            code: The code of the capital or of the province, such as "11000".

        Returns:
            Each with its code and its Mongolian name.

        Raises:
            pydantic.ValidationError: It is not a code; nothing was sent.

        QPay: `GET /v2/sumduureg/{code}`.
        """
        path = f"/sumduureg/{path_id(code, 'code')}"
        return Operation(name="places.districts", method="GET", path=path, parse=_places)


class Places(_PlaceEndpoints, SyncResource):
    """The places of a `QuickQRClient`."""


class AsyncPlaces(_PlaceEndpoints, AsyncResource):
    """The places of an `AsyncQuickQRClient`."""


def _places(body: bytes) -> list[Place]:
    return _parse_list(body).rows
