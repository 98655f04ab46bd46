"""`settings.QPAY` and the variables, what is made of them, and what the system checks say."""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, get_type_hints

import pytest
from django.core import checks
from django.test import override_settings
from django.test.utils import override_script_prefix
from pydantic import SecretStr

from integrations_django.project import SECRET, Shop
from qpaykit import ConfigurationError
from qpaykit.integrations.django import (
    aclient,
    client,
    dispatcher,
    order_paid,
    orders,
    services,
)
from qpaykit.integrations.django.store import AsyncDjangoStore, DjangoStore
from qpaykit.integrations.django.views import callback

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMPLETE = {
    "USERNAME": "shop",
    "PASSWORD": "the password of the shop",
    "INVOICE_CODE": "SHOP_INVOICE",
    "CALLBACK_URL": "https://shop.example/qpay/callback",
    "CALLBACK_SECRET": SECRET,
}


def receive(sender: object, event: object, **kwargs: object) -> None:
    """Receive an order that is paid."""


@pytest.fixture
def connected() -> Iterator[None]:
    order_paid.connect(receive)
    yield
    order_paid.disconnect(receive)


def found(changes: Mapping[str, object] | None = None, *, deploy: bool = False) -> dict[str, str]:
    """Return what the checks say of the complete settings with some changes, by id."""
    changed = {**COMPLETE, **(changes or {})}
    qpay = {name: value for name, value in changed.items() if value is not None}
    with override_settings(QPAY=qpay):
        messages = checks.run_checks(tags=["qpaykit"], include_deployment_checks=deploy)
    return {str(one.id).removeprefix("qpaykit."): f"{one.msg} {one.hint}" for one in messages}


def test_complete_settings_have_nothing_to_say(connected: None) -> None:
    assert found(deploy=True) == {}


def test_variables_do_for_what_the_settings_leave_out(
    connected: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(f"QPAY_{name}", value)
    assert found(dict.fromkeys(COMPLETE), deploy=True) == {}
    with override_settings(QPAY={"USERNAME": "other"}):
        settings = client().settings
    assert (settings.username, settings.invoice_code) == ("other", "SHOP_INVOICE")


def test_what_is_missing_is_named_and_stops_no_command(connected: None) -> None:
    with override_settings():
        [warning] = checks.run_checks(tags=["qpaykit"])
    assert not warning.is_serious()
    assert (
        "Not set: QPAY_USERNAME, QPAY_PASSWORD, QPAY_INVOICE_CODE, QPAY_CALLBACK_URL."
        in warning.msg
    )


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"USER_NAME": "x"}, "E001", "QPAY['USER_NAME'] is not a setting: write 'USERNAME'"),
        ({"COLOUR": "x"}, "E001", "known are USERNAME"),
        ({"CALLBACK_SECRET": "short"}, "E002", "at least 16 characters"),
        ({"CALLBACK_SECRET": 42}, "E002", "must be text, or several texts"),
        ({"PASSWORD": 42}, "E002", "QPAY['PASSWORD'] must be text"),
        ({"INVOICE_CODE": 42}, "E002", "QPAY['INVOICE_CODE'] must be text"),
        ({"USERNAME": "a:b"}, "E002", "no colon"),
        ({"USERNAME": " "}, "E002", "username is missing"),
        ({"CALLBACK_URL": "shop.example"}, "E002", "must be a whole URL"),
        ({"CALLBACK_URL": "https://127.0.0.1/qpay/callback"}, "E002", "reaches from outside"),
        ({"BASE_URL": "http://qpay.example"}, "E002", "must use https://"),
        ({"TIMEOUT": "soon"}, "E002", "QPAY['TIMEOUT'] must be a number"),
        ({"MAX_RETRIES": 1.5}, "E002", "QPAY['MAX_RETRIES'] must be a whole number"),
        ({"DATABASE": "nowhere"}, "E002", "DATABASES has no such alias"),
        ({"CALLBACK_URL": "https://shop.example/callback"}, "W003", "/callback, does not lead"),
        ({"CALLBACK_URL": "https://shop.example/orders/1"}, "W003", "does not lead"),
        ({"CALLBACK_URL": "https://pay.example/qpay/callback"}, "W004", "lacks pay.example"),
    ],
)
def test_what_is_wrong_is_found(
    connected: None, changes: dict[str, object], code: str, says: str
) -> None:
    messages = found(changes)
    assert list(messages) == [code]
    assert says in messages[code]


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"CALLBACK_SECRET": None}, "W006", "QPAY_CALLBACK_SECRET"),
        ({"CALLBACK_URL": "http://shop.example/qpay/callback"}, "W007", "https:// URLs only"),
        ({"BASE_URL": "https://merchant-sandbox.qpay.mn"}, "W008", "No real payments"),
    ],
)
def test_a_deployment_is_warned(
    connected: None, changes: dict[str, object], code: str, says: str
) -> None:
    assert found(changes) == {}
    messages = found(changes, deploy=True)
    assert list(messages) == [code]
    assert says in messages[code]


@pytest.mark.parametrize("setting", ["SECURE_SSL_REDIRECT", "PREPEND_WWW"])
def test_what_would_redirect_qpay_is_found(connected: None, setting: str) -> None:
    with override_settings(**{setting: True}):
        assert list(found({"CALLBACK_URL": "http://shop.example/qpay/callback"})) == ["W005"]


def test_settings_that_are_no_dict_are_found(connected: None) -> None:
    with override_settings(QPAY="shop"):
        [error] = checks.run_checks(tags=["qpaykit"])
    assert "must be a dict" in error.msg


def test_a_shop_without_a_receiver_is_warned() -> None:
    assert "No receiver is connected to order_paid" in found()["W001"]
    assert "in models.py, beside the views" in found()["W001"]


def test_a_project_below_a_path_finds_its_view(connected: None) -> None:
    below = {"CALLBACK_URL": "https://shop.example/shop/qpay/callback"}
    assert list(found(below)) == ["W003"]
    with override_script_prefix("/shop/"):
        assert found(below) == {}


def test_no_check_repeats_a_secret(connected: None) -> None:
    messages = found({"CALLBACK_SECRET": "too-short-one", "PASSWORD": SecretStr("secret-word")})
    assert messages
    assert "too-short-one" not in str(messages)
    assert "secret-word" not in str(messages)


def test_a_missing_setting_is_named_when_the_client_is_first_used() -> None:
    with pytest.raises(ConfigurationError, match="QPAY_PASSWORD"):
        client()
    with pytest.raises(ConfigurationError, match="QPAY_PASSWORD"):
        dispatcher()


def test_several_secrets_are_taken_while_one_is_rotated_out() -> None:
    with override_settings(QPAY={**COMPLETE, "CALLBACK_SECRET": [SECRET, "an-older-secret-of-it"]}):
        assert len(client().settings.callback_secrets) == 2


def test_client_and_dispatcher_are_made_once_and_anew_for_other_settings() -> None:
    with override_settings(QPAY=COMPLETE):
        first = client(), aclient(), dispatcher(), orders()
        assert first == (client(), aclient(), dispatcher(), orders())
    with override_settings(QPAY={**COMPLETE, "TIMEOUT": 5, "MAX_RETRIES": 0}):
        second = client(), aclient(), dispatcher(), orders()
        assert client()._session.options.timeout == 5
    assert not set(map(id, first)) & set(map(id, second))


def test_threads_that_come_at_once_share_one_client() -> None:
    gate, made = threading.Barrier(8), []

    def ask() -> None:
        gate.wait(10)
        made.append(dispatcher())

    with override_settings(QPAY=COMPLETE):
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert len(made) == 8
    assert len(set(map(id, made))) == 1


def test_a_frame_of_ours_holds_no_password() -> None:
    with (
        override_settings(QPAY={**COMPLETE, "INVOICE_CODE": 42}),
        pytest.raises(ConfigurationError) as caught,
    ):
        services.client()
    traceback = caught.value.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if "qpaykit" in frame.f_globals["__name__"]:
            assert COMPLETE["PASSWORD"] not in repr(frame.f_locals)
        traceback = traceback.tb_next


@pytest.mark.parametrize("alias", ["file"], indirect=True)
def test_the_tables_stand_in_the_database_that_the_settings_name(shop: Shop) -> None:
    assert repr(client().store) == "DjangoStore(using='file')"


@pytest.mark.parametrize("store", [DjangoStore, AsyncDjangoStore])
def test_the_types_of_what_is_public_can_be_asked_for(store: type) -> None:
    public = [value for name, value in vars(store).items() if not name.startswith("_")]
    faces = (client, aclient, dispatcher, orders, callback)
    for found in (*faces, *filter(inspect.isfunction, public)):
        get_type_hints(found)
