"""What a script learns of a command: its exit code, and a sentence on stderr."""

from __future__ import annotations

import pytest

from cli.shop import Run, Shop


def test_a_missing_setting_is_the_users_to_give(run: Run) -> None:
    done = run("payments")
    assert (done.code, done.out) == (2, "")
    assert "set QPAY_PASSWORD" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("payments", "--from", "soon"),
        # One form of a date on each Python, and no day that cannot be computed with.
        ("payments", "--from", "2026-W48-6"),
        ("payments", "--from", "2026-02-30"),
        ("payments", "--to", "9999-12-31"),
        ("sweep", "--from", "0001-01-01"),
        ("deliveries", "--to", "9999-12-31"),
        ("payments", "--from", "2026-01-02", "--to", "2026-01-01"),
        ("payments", "--nonsense"),
        ("nonsense",),
        ("payment", "a/b"),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_is_sent(
    run: Run, shop: Shop, arguments: tuple[str, ...]
) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err
    assert not shop.simulator.requests


def test_a_wrong_password_is_refused(run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QPAY_PASSWORD", "wr0ng")
    done = run("payments")
    assert (done.code, done.out) == (3, "")
    assert "AUTHENTICATION_FAILED" in done.err
    assert "wr0ng" not in done.err


def test_a_qpay_that_does_not_answer_is_told_from_one_that_refuses(
    run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QPAY_BASE_URL", "http://127.0.0.1:9")
    assert run("payment", "000000000000000").code == 4


def test_a_store_that_cannot_be_read_is_no_refusal(run: Run, shop: Shop) -> None:
    path = f"{shop.store}.txt"
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("this is no database, whatever its name says" * 100)
    done = run("deliveries", "--store", path)
    assert done.code == 2
    assert "cannot be used as a store" in done.err
