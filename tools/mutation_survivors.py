"""The changes that no test notices, and why that is right.

Beside these, the wording of errors and of log records is not changed: see do_not_mutate_patterns in
pyproject.toml.
"""

from __future__ import annotations

from typing import NamedTuple


class Explained(NamedTuple):
    """Changes that survive for one reason.

    Attributes:
        why: The reason.
        changes: The functions, and in each the lines that were changed and what became of them.
    """

    why: str
    changes: dict[str, list[tuple[str, str]]]


EXPLAINED = [
    Explained(
        "A token is renewed by one attempt, whatever may be sent again.",
        {
            "_http.token_manager.refresh": [
                ("safe=False,", "safe=None,"),
                ("safe=False,", ""),
                ("safe=False,", "safe=True,"),
            ],
        },
    ),
    Explained(
        "None is as false as False.",
        {
            "callbacks.handlers.Handlers.__init__": [
                ("self._closed = False", "self._closed = None"),
            ],
            "callbacks.dispatchers.CallbackDispatcher.__init__": [
                (
                    'transactional=getattr(own, "transactional", False),',
                    'transactional=getattr(own, "transactional", None),',
                ),
            ],
            "callbacks.dispatchers.AsyncCallbackDispatcher.__init__": [
                (
                    'transactional=getattr(own, "transactional", False),',
                    'transactional=getattr(own, "transactional", None),',
                ),
            ],
        },
    ),
    Explained(
        "A text of just that length is read alike either way.",
        {
            "callbacks.parse._form": [
                ("if len(text) > _MAX_PAIRS:", "if len(text) >= _MAX_PAIRS:"),
            ],
            "callbacks.parse._payment": [
                (
                    "if isinstance(body, _TEXT) and len(body) <= _MAX_INPUT:",
                    "if isinstance(body, _TEXT) and len(body) < _MAX_INPUT:",
                ),
            ],
            "callbacks.parse._params": [
                (
                    'if isinstance(query, str) and len(query) <= _MAX_PAIRS and "?" not in query:',
                    'if isinstance(query, str) and len(query) < _MAX_PAIRS and "?" not in query:',
                ),
            ],
        },
    ),
    Explained(
        "An instant more or less does not matter.",
        {
            "_http.token_manager._Shared.__init__": [
                ("self.next_renewal = 0.0", "self.next_renewal = 1.0"),
            ],
            "_http.token_manager.TokenManager._share_failure": [
                (
                    "if failure is None or failure.at < asked:",
                    "if failure is None or failure.at <= asked:",
                ),
            ],
            "_http.token_manager.TokenManager._renew": [
                (
                    "if time.monotonic() < self._shared.next_renewal:",
                    "if time.monotonic() <= self._shared.next_renewal:",
                ),
            ],
            "_http.token_manager.TokenManager._pause": [
                ("if time.monotonic() >= ends:", "if time.monotonic() > ends:"),
            ],
        },
    ),
    Explained(
        "How often one looks again is promised to nobody; the jitter may be another.",
        {
            "_http.token_manager.TokenManager._pause": [
                (
                    "await self._exchange.transport.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311",
                    "await self._exchange.transport.sleep(_POLL / random.uniform(0.5, 1.5))  # noqa: S311",
                ),
                (
                    "await self._exchange.transport.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311",
                    "await self._exchange.transport.sleep(_POLL * random.uniform(1.5, 1.5))  # noqa: S311",
                ),
                (
                    "await self._exchange.transport.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311",
                    "await self._exchange.transport.sleep(_POLL * random.uniform(0.5, 2.5))  # noqa: S311",
                ),
            ],
            "callbacks.dispatch.Pipeline._claim": [
                (
                    "await self._port.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311",
                    "await self._port.sleep(_POLL / random.uniform(0.5, 1.5))  # noqa: S311",
                ),
                (
                    "await self._port.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311",
                    "await self._port.sleep(_POLL * random.uniform(1.5, 1.5))  # noqa: S311",
                ),
            ],
        },
    ),
    Explained(
        "Neither text has a query.",
        {
            "callbacks.dispatch.Pipeline.check": [
                (
                    'query = urlsplit(invoice.callback_url or "").query',
                    'query = urlsplit(invoice.callback_url or "XXXX").query',
                ),
            ],
            "callbacks.memory.Remembered.of": [
                (
                    'query = parse_qs(urlsplit(callback_url or "").query)',
                    'query = parse_qs(urlsplit(callback_url or "XXXX").query)',
                ),
            ],
        },
    ),
    Explained(
        "The codec has both names.",
        {
            "callbacks.parse._decoded": [
                (
                    'return text.decode("utf-8", "replace")',
                    'return text.decode("UTF-8", "replace")',
                ),
            ],
            "callbacks.parse._content": [
                (
                    'content: JsonValue = from_json(body.encode("utf-8", "replace"))',
                    'content: JsonValue = from_json(body.encode("UTF-8", "replace"))',
                ),
            ],
        },
    ),
    Explained(
        "tenacity has an outcome whenever it asks; the other branch is for the type checker.",
        {
            "_http.retry._error": [
                (
                    "return state.outcome.exception() if state.outcome else None",
                    "return state.outcome.exception() if (state.outcome) or True else None",
                ),
            ],
        },
    ),
    Explained(
        "What is signed holds no object, so the second separator is never written.",
        {
            "callbacks.signing._code": [
                ('separators=(",", ":"),', 'separators=(",", "XX:XX"),'),
            ],
        },
    ),
    Explained(
        "The last letter of 128 bits in base 64 is A, Q, g or w.",
        {
            "callbacks.signing._code": [
                (
                    'return base64.urlsafe_b64encode(digest).decode().rstrip("=")',
                    'return base64.urlsafe_b64encode(digest).decode().rstrip("XX=XX")',
                ),
            ],
        },
    ),
    Explained(
        "A letter is safe in any case.",
        {
            "callbacks.dispatch.Pipeline._key": [
                (
                    'status = "UNDERPAID" if underpaid else quote(str(event.status), safe="")[:_MAX_STATUS]',
                    'status = "UNDERPAID" if underpaid else quote(str(event.status), safe="XXXX")[:_MAX_STATUS]',
                ),
            ],
            "callbacks.signing.sign_callback_url": [
                (
                    'value = signature + quote(sender_invoice_no, safe="")',
                    'value = signature + quote(sender_invoice_no, safe="XXXX")',
                ),
            ],
        },
    ),
    Explained(
        "None is not JSON either, and so is read as nothing remembered.",
        {
            "callbacks.memory.Remembered.read": [
                (
                    "return None if text is None else cls(*_PAIR.validate_json(text))",
                    "return None if (text is None) and False else cls(*_PAIR.validate_json(text))",
                ),
            ],
        },
    ),
    Explained(
        "There is an id here; the other branch is for the type checker.",
        {
            "callbacks.dispatch.Pipeline._confirm": [
                (
                    'payment_id = callback.payment_id or ""',
                    'payment_id = callback.payment_id or "XXXX"',
                ),
            ],
            "callbacks.dispatch.Pipeline._add_up": [
                (
                    'invoice_id = _invoice_id(payment) or ""',
                    'invoice_id = _invoice_id(payment) or "XXXX"',
                ),
            ],
        },
    ),
    Explained(
        "JSON that begins with a brace is an object; the other branch is for the type checker.",
        {
            "callbacks.parse._content": [
                (
                    "return dict(content) if isinstance(content, dict) else {}",
                    "return dict(content) if (isinstance(content, dict)) or True else {}",
                ),
            ],
        },
    ),
    Explained(
        "The fields of a form without = are empty, and so dropped.",
        {
            "callbacks.parse._content": [
                (
                    'return dict(_form(body)) if "=" in body else {}',
                    'return dict(_form(body)) if ("=" in body) or True else {}',
                ),
            ],
        },
    ),
    Explained(
        "The quicker of two ways, which read the same.",
        {
            "callbacks.parse._payment": [
                (
                    "return read_json(CallbackPayment, body)",
                    "return read_json(CallbackPayment, None)",
                ),
            ],
        },
    ),
    Explained(
        "Who reads the payment takes an empty field as a missing one.",
        {
            "callbacks.parse._payment": [
                (
                    'known = {name: value for name, value in _content(body).items() if value not in (None, "")}',
                    'known = {name: value for name, value in _content(body).items() if value not in (None, "XXXX")}',
                ),
            ],
        },
    ),
    Explained(
        "Without an input pydantic puts None there; its type asks for one.",
        {
            "models.values._refused": [
                (
                    "name, [InitErrorDetails(type=problem, loc=(name,), input=None)], hide_input=True",
                    "name, [InitErrorDetails(type=problem, loc=(name,), )], hide_input=True",
                ),
            ],
        },
    ),
    Explained(
        "Whatever can be called has a __call__.",
        {
            "callbacks.ports.is_async": [
                (
                    'getattr(handler, "__call__", None)  # noqa: B004',
                    'getattr(handler, "__call__", )  # noqa: B004',
                ),
            ],
        },
    ),
    Explained(
        "Where no time zone has such a time, the machine's has none either.",
        {
            "models.values._time_to_send": [
                (
                    "value.astimezone(timezone.utc).astimezone(ULAANBAATAR)",
                    "value.astimezone(None).astimezone(ULAANBAATAR)",
                ),
            ],
        },
    ),
    Explained(
        "Neither is a date.",
        {
            "models.values._time_to_send": [
                ("value = None", 'value = ""'),
            ],
        },
    ),
    Explained(
        "Where no name is repeated, no two values differ.",
        {
            "callbacks.parse._params": [
                ("if len(params) < len(pairs) and any(", "if len(params) <= len(pairs) and any("),
            ],
        },
    ),
    Explained(
        "No expiry lies at the bound itself: it is in the year 2001, or in thirty years from now.",
        {
            "_http.token.token_from_response": [
                ("if stated >= _MILLISECONDS:", "if stated > _MILLISECONDS:"),
                (
                    "expires_at = stated if stated > _ABSOLUTE else now + (stated or _DEFAULT_LIFETIME)",
                    "expires_at = stated if stated >= _ABSOLUTE else now + (stated or _DEFAULT_LIFETIME)",
                ),
            ],
        },
    ),
    Explained(
        "An empty one is as little a token as none.",
        {
            "_http.token.token_from_response": [
                ("refresh = None", 'refresh = ""'),
            ],
        },
    ),
    Explained(
        "The store has the token too: this only spares asking it.",
        {
            "_http.token_manager.TokenManager._log_in": [
                ("token = self._shared.cached", "token = None"),
            ],
            "_http.token_manager.TokenManager._log_in_for_all_here": [
                ("token = await self._other(refused)", "token = None"),
            ],
        },
    ),
    Explained(
        "A login that was waited for, or made, is newer than the call, which is looked at too.",
        {
            "_http.token_manager.TokenManager._log_in": [
                ("return token, False", "return token, True"),
            ],
            "_http.token_manager.TokenManager._first_log_in": [
                ("return token, True", "return token, False"),
            ],
        },
    ),
    Explained(
        "A token that is known may be learnt once more: this only spares it.",
        {
            "_http.token_manager.TokenManager._use": [
                ("cached = self._shared.cached", "cached = None"),
            ],
        },
    ),
]
