"""An error of a task comes out of Celery's JSON results as what was raised, from a real worker."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from celery import Celery

from qpaykit import InvalidRequestError, OutcomeUnknownError

pytestmark = pytest.mark.slow

TASKS = """
from celery import Celery
from qpaykit import InvalidRequestError, OutcomeUnknownError

app = Celery("tasks")
app.config_from_object("settings")


@app.task(name="lose")
def lose():
    raise OutcomeUnknownError(
        "invoices.create", "POST", "/invoice", "no answer", {"sender_invoice_no": "42"}
    )


@app.task(name="refuse")
def refuse():
    raise InvalidRequestError(400, "POST", "/invoice", "INVOICE_CODE_INVALID", "Код буруу")
"""
SETTINGS = """
broker_url = "filesystem://"
broker_transport_options = {{
    "data_folder_in": {queue!r},
    "data_folder_out": {queue!r},
    "control_folder": {queue!r},
}}
result_backend = "file://{results}"
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Celery]:
    tmp_path = tmp_path_factory.mktemp("celery")
    queue, results = tmp_path / "queue", tmp_path / "results"
    queue.mkdir()
    results.mkdir()
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "settings.py").write_text(SETTINGS.format(queue=str(queue), results=results))
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool=solo"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as worker:  # noqa: S603
        app = Celery("shop", broker="filesystem://", backend=f"file://{results}")
        app.conf.broker_transport_options = {
            "data_folder_in": str(queue),
            "data_folder_out": str(queue),
        }
        yield app
        worker.send_signal(signal.SIGTERM)


def test_a_lost_answer_is_caught_by_its_class(app: Celery) -> None:
    with pytest.raises(OutcomeUnknownError, match="may or may not") as caught:
        app.send_task("lose").get(timeout=50)
    assert (caught.value.sender_invoice_no, caught.value.reason) == ("42", "no answer")


def test_a_refusal_keeps_its_code_and_message(app: Celery) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        app.send_task("refuse").get(timeout=50)
    assert (caught.value.code, caught.value.message) == ("INVOICE_CODE_INVALID", "Код буруу")
