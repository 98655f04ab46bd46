"""What counts as a secret, and what does not."""

from __future__ import annotations

import json
import time

import pytest
from pydantic import SecretStr

from qpaykit import PaymentCheck
from qpaykit._redaction import MAX_TEXT_CHARACTERS, Redactor


@pytest.mark.parametrize(
    "card",
    ["4111111111111111", "5500 0000 0000 0004", "3782-822463-10005", "6200000000000005"],
)
def test_a_card_number_is_masked_wherever_it_stands(card: str) -> None:
    assert Redactor().text(f"карт {card} хаагдсан") == "карт *** хаагдсан"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("card=%204111111111111111", "card=%20***"),
        ("100%204111111111111111", "100%20***"),
        ("%4111111111111111", "%***"),
        ("%2223000048400011", "%***"),
    ],
)
def test_a_card_number_is_masked_in_a_url(text: str, shown: str) -> None:
    assert Redactor().text(text) == shown


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111112",  # the check digit is wrong
        "0000000000000000",
        "411111111111",  # too short
        "41111111111111111111",  # too long
        "00f94137-66fd-4d90-b2b2-8225c1b4ed2d",
    ],
)
def test_a_number_that_is_no_card_stays(number: str) -> None:
    assert Redactor().text(f"id {number}.") == f"id {number}."


@pytest.mark.parametrize("value", ['"1"', "1", '["1", "2"]', '{"value": "1"}', '"x\\", \\"y"'])
@pytest.mark.parametrize("name", ["account_number", "Card_Number", "PASSWORD", "refresh_token"])
def test_the_whole_value_of_a_private_field_is_masked(name: str, value: str) -> None:
    shown = Redactor().body(f'{{"{name}": {value}, "id": 7}}'.encode())
    assert json.loads(shown) == {name: "***", "id": 7}


def test_a_private_field_is_found_in_json_inside_a_text() -> None:
    inner = json.dumps({"account_number": "5003217788"})
    assert "5003217788" not in Redactor().body(json.dumps({"message": inner}).encode())


def test_a_name_in_another_spelling_is_found() -> None:
    assert "hunter2" not in Redactor().body(b'{"p\\u0061ssword": "hunter2"}')


@pytest.mark.parametrize("tail", ['["12', '{"a": {"b": "12"}, "c": "12', '"12', "12"])
def test_a_body_that_was_cut_off_hides_a_private_field_to_its_end(tail: str) -> None:
    shown = Redactor().body(f'{{"id": 7, "account_number": {tail}'.encode())
    assert "12" not in shown
    assert '"id": 7' in shown


def test_what_was_learnt_is_masked_by_value() -> None:
    redactor = Redactor()
    redactor.learn(SecretStr('ab"c'), SecretStr("t0k3n"))
    assert redactor.body(b'<pre>t0k3n</pre> {"echo": "ab\\"c"}') == '<pre>***</pre> {"echo": "***"}'


@pytest.mark.parametrize(
    "echo",
    [
        'hunter2 "&/<ö>+%',
        '{"echo": "hunter2 \\"&/<\\u00f6>+%"}',
        '{"cut": "hunter2 \\"&/<ö>+%',
        '{"nested": "{\\"echo\\": \\"hunter2 \\\\\\"&/<ö>+%\\"}"}',
        "<pre>hunter2 &quot;&amp;/&lt;ö&gt;+%</pre>",
        "password=hunter2+%22%26%2F%3C%C3%B6%3E%2B%25",
        "password=hunter2%20%22%26/%3c%c3%b6%3e%2b%25",
    ],
)
def test_what_was_learnt_is_masked_in_every_spelling(echo: str) -> None:
    redactor = Redactor()
    redactor.learn(SecretStr('hunter2 "&/<ö>+%'), permanent=True)
    shown = redactor.text(echo)
    assert "***" in shown
    assert "hunter2" not in shown


def test_old_tokens_are_forgotten_and_the_password_is_not() -> None:
    redactor = Redactor()
    redactor.learn(SecretStr("hunter2"), permanent=True)
    redactor.learn(*(SecretStr(f"token-{number};") for number in range(17)))
    assert redactor.text("hunter2 token-0; token-1;") == "*** token-0; ***"


def test_a_secret_at_the_place_of_the_cut_does_not_show_its_first_half() -> None:
    redactor = Redactor()
    redactor.learn(SecretStr("hunter2"))
    shown = redactor.text("x" * (MAX_TEXT_CHARACTERS - 3) + "hunter2")
    assert shown == "x" * (MAX_TEXT_CHARACTERS - 3) + "***"


@pytest.mark.parametrize("piece", ["\\", '"', '\\"', "a", "1", "a.", " 1-", 'password="', "eyJ"])
def test_a_long_body_is_masked_in_a_time_that_grows_with_its_length(piece: str) -> None:
    body = (piece * (500_000 // len(piece))).encode()
    started = time.process_time()
    Redactor().body(body)
    # Where the time grew with the square of the length, it took minutes.
    assert time.process_time() - started < 5


def test_a_huge_body_is_not_shown() -> None:
    assert Redactor().body(b"x" * 2_000_000) == "(2000000 bytes)"


def test_a_body_without_secrets_stays_as_it_came() -> None:
    body = '{"amount": 1.10,  "note": "Цай"}'
    assert Redactor().body(body.encode()) == body


def test_an_answers_repr_shows_no_card_and_no_account() -> None:
    check = PaymentCheck.model_validate(
        {
            "account_number": "5003217788",
            "note": "карт 4111111111111111",
            "карт 4111111111111111": {"4111111111111111": 1},
            "rows": [
                {
                    "payment_id": "p-1",
                    "payer": {"Card_Number": "4111"},
                    "x": ["eyJhbGciOiJI", 4111111111111111, 4111],
                }
            ],
        }
    )
    assert "account_number='***', note='карт ***'" in repr(check)
    assert "карт ***={'***': 1}" in repr(check)
    assert "payer={'Card_Number': '***'}, x=['***', '***', 4111]" in repr(check)
    assert "payment_id='p-1'" in repr(check)
    assert (check.model_extra or {})["account_number"] == "5003217788"
