"""The page's requests: what a person, or a script over HTTP, does with the control."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from anyio import to_thread
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from qpaykit.simulator import html
from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.words import word

if TYPE_CHECKING:
    from starlette.requests import Request

    from qpaykit.simulator.control import Control

_SHOWN = 200


class Desk:
    """Answers everything outside `/v2`."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def answer(self, request: Request) -> Response:
        """Show a page, or do what a button asks for."""
        language = _language(request)
        if request.method == "GET":
            return self._show(request.url.path, language)
        if request.method != "POST" or not _same_origin(request):
            return JSONResponse(
                {"error": "only the simulator's own page may send this: the Origin is another one"},
                403,
            )
        fields = _fields(await request.body(), request.headers.get("content-type", ""))
        parts = request.url.path.strip("/").split("/")
        back = "/" + "/".join(parts[:2]) if parts[0] == "invoices" else "/faults"
        try:
            back = await to_thread.run_sync(self._do, parts, fields, back)
        except ValueError as error:
            if _wants_json(request):
                return JSONResponse({"error": str(error)}, 400)
            content = html.trouble(str(error), language, back=back)
            title = word("cannot", language)
            return HTMLResponse(html.page(title, content, language, path=back), 400)
        if _wants_json(request):
            return JSONResponse({"done": True})
        return RedirectResponse(f"{back}?lang={language}", 303)

    def _show(self, path: str, language: str) -> Response:
        control = self._control
        parts = path.strip("/").split("/")
        title = word("title", language)
        match parts:
            case [""]:
                newest = control.invoices()[::-1][:_SHOWN]
                content = html.invoices(newest, language)
            case ["requests"]:
                title = word("requests", language)
                content = html.requests(list(control.requests)[::-1][:_SHOWN], language)
            case ["faults"]:
                title = word("faults", language)
                content = html.faults(control.faults, language)
            case ["invoices", identifier]:
                try:
                    invoice = control.invoice(identifier)
                except ErrorResponse:
                    return HTMLResponse(html.page("404", "", language, path="/"), 404)
                sent = [one for one in control.callbacks if one.invoice_id == identifier]
                title = f"{invoice.amount} MNT"
                content = html.invoice(
                    invoice, sent[::-1], language, page_url=f"{control.page_root}{path}"
                )
            case _:
                return HTMLResponse(html.page("404", "", language, path="/"), 404)
        return HTMLResponse(html.page(title, content, language, path=path))

    def _do(self, parts: list[str], fields: dict[str, str], back: str) -> str:
        """Do what was asked for; return where to go next: back, mostly.

        Raises:
            ValueError: It cannot be done.
            ErrorResponse: It names something that there is not.
        """
        control = self._control
        match parts:
            case ["invoices", identifier, "pay"]:
                amount = _amount(fields["amount"]) if fields.get("amount") else None
                method = fields.get("method") or "P2P"
                control.pay(identifier, amount=amount, method=method)
            case ["invoices", identifier, "fail"]:
                control.fail(identifier)
            case ["payments", identifier, "refund"]:
                control.refund(identifier)
                return f"/invoices/{control.payment(identifier).invoice.id}"
            case ["payments", identifier, "callback"]:
                control.send_callback(identifier)
                return f"/invoices/{control.payment(identifier).invoice.id}"
            case ["faults"]:
                times = fields.get("times") or "1"
                share, delay = fields.get("share"), fields.get("delay")
                control.faults.add(
                    fields.get("method") or "*",
                    fields.get("path") or "*",
                    fields.get("kind", ""),
                    None if times == "all" else int(times),
                    share=float(share) if share else None,
                    delay=float(delay) if delay else None,
                )
            case ["faults", "clear"]:
                control.faults.clear()
            case _:
                raise ValueError("there is no such button")
        return back


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("an amount is written in digits, with a point before decimals") from None


def _fields(body: bytes, content_type: str) -> dict[str, str]:
    if content_type.startswith("application/json"):
        content = json.loads(body or b"{}")
        return {str(name): str(value) for name, value in content.items() if value is not None}
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _language(request: Request) -> str:
    asked = request.query_params.get("lang")
    if asked in {"en", "mn"}:
        return asked
    return "mn" if request.headers.get("accept-language", "").startswith("mn") else "en"


def _same_origin(request: Request) -> bool:
    # Another site's page, open in the same browser, must not press these buttons.
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _wants_json(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/json")
