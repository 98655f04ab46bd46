"""Install a distribution into a clean environment and run what was installed.

python tools/dist_smoke.py dist/qpaykit-….whl
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PLAIN = """
import sys
from importlib.metadata import distributions, version

import qpaykit

assert qpaykit.__version__ == version("qpaykit"), qpaykit.__version__
installed = {found.metadata["Name"].lower().replace("_", "-") for found in distributions()}
needed = {"anyio", "httpcore", "httpx", "pydantic", "tenacity", "typing-extensions"}
assert needed < installed, installed
more = installed & {"redis", "rich", "segno", "sqlalchemy", "starlette", "typer"}
assert not more, more
client = qpaykit.QPayClient(
    username="u", password="p", invoice_code="I", callback_url="https://shop.test/callback"
)
client.close()
qpaykit.SQLiteStore("qpay.db").close()


def missing(extra, use):
    try:
        use()
    except ImportError as error:
        assert f'pip install "qpaykit[{extra}]"' in str(error), error
    else:
        sys.exit(f"nothing said that the extra {extra} is missing")


def simulator():
    import qpaykit.simulator


missing("redis", lambda: qpaykit.RedisStore("redis://127.0.0.1:1/0"))
missing("simulator", simulator)
missing("sqlalchemy", lambda: qpaykit.SQLAlchemyStore(None))
missing("qr", qpaykit.Invoice.model_validate({"invoice_id": "i", "qr_text": "q"}).qr_png)
"""

SHOP = """
def test_a_shop_uses_the_fixtures(qpay_simulator, qpay_client):
    invoice = qpay_client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    )
    qpay_simulator.pay(invoice.invoice_id)
    assert qpay_client.payments.check(invoice.invoice_id).is_paid(1500)
"""


class CleanEnvironment:
    """A virtual environment of its own, outside of the repository and deaf to its settings."""

    def __init__(self, folder: Path) -> None:
        """Make it, with pip and nothing else."""
        self.folder = folder
        self.bin = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        self.environ = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
        }
        self.run(sys.executable, "-m", "venv", str(folder / "env"))

    def run(self, *command: str, status: int = 0) -> str:
        """Run it in an empty folder; end with its output if it does not end with that status."""
        ran = subprocess.run(  # noqa: S603
            command,
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ran.returncode != status:
            sys.exit(f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stdout}")
        return ran.stdout

    def install(self, *requirements: str) -> None:
        """Install by the pip that came with the interpreter."""
        self.run(str(self.bin / "python"), "-m", "pip", "install", "--quiet", *requirements)


def smoke(artefact: Path) -> None:
    """Try it without extras, then with `cli`, then from the tests of a shop."""
    with tempfile.TemporaryDirectory() as folder:
        clean = CleanEnvironment(Path(folder))
        python = str(clean.bin / "python")
        clean.install(str(artefact))
        (Path(folder) / "plain.py").write_text(PLAIN)
        clean.run(python, "-I", "-W", "error", "plain.py")
        said = clean.run(str(clean.bin / "qpaykit"), "demo", status=1)
        if 'pip install "qpaykit[cli]"' not in said:
            sys.exit(f"without its extra the command says: {said}")

        clean.install(f"{artefact}[cli]")
        clean.run(str(clean.bin / "qpaykit"), "demo")

        clean.install("pytest")
        (Path(folder) / "test_shop.py").write_text(SHOP)
        clean.run(python, "-m", "pytest", "-q", "-W", "error", "test_shop.py")


def main() -> None:
    """Smoke-test every file that is named."""
    for name in sys.argv[1:]:
        smoke(Path(name).resolve())
        print(f"installed, imported, demonstrated: {Path(name).name}")


if __name__ == "__main__":
    main()
