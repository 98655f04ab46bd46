"""The storm: runs a shop of several processes under faults, and then balances its books.

    python tests/storm.py --orders 2000 --seeds 10

Callbacks are dropped, doubled, delayed, reordered, forged and replayed on other orders. QPay's
answers are reset, late, 5xx and HTML. Its rows lack ids or are listed twice, and its invoices lack
their callback URL. Tokens are revoked, handlers raise, and workers are killed during a delivery and
started again. The store fails for a second at a time and loses records of invoices. One worker
verifies no signatures. Some orders are opened, polled, repriced and closed in several processes at
once, while two processes sweep.

Afterwards each paid order must have been delivered exactly once, and none for less than its total.
Each payment too many must have been reported once. Processes that opened an order at the same time
must have got the same invoice.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from sqlalchemy import NullPool, create_engine, text

from helpers.postgres import RestartablePostgres
from helpers.redis import RestartableRedis
from qpaykit import OutcomeUnknownError, QPayClient, QPayError, SQLAlchemyStore
from qpaykit._invoice_record import record_key
from qpaykit.simulator import Simulator
from storm_worker import LEASE, Plan, make_dispatcher, sweep

WORKERS = 3
SECRET = "a secret of the shop"
# Odd answers: the rows of payment/check, and what GET /invoice repeats.
ODD_ROWS = ("no-payment-ids", "numeric-ids", "rows-twice", "rows-again")
ODD_INVOICES = (
    "no-callback-url",
    "null-callback-url",
    "empty-callback-url",
    "cut-callback-url",
    "escaped-callback-url",
    "zero-total",
)
REQUESTS_PER_TOKEN = 150
OUTAGE_SECONDS = 1.0
READ_FAULTS = ("500", "502", "503", "reset-before", "reset-after", "html", "slow", "malformed")
CREATE_FAULTS = ("500-after", "502-after", "reset-after", "reset-before", "cut-off", "500", "429")


@dataclass
class Books:
    """The results of one run."""

    kind: str
    seed: int
    orders: int = 0
    lives: int = 0
    unopened: int = 0
    reopened: int = 0
    closed: int = 0
    swept: int = 0
    unknown: int = 0
    refused: int = 0
    paid: int = 0
    underpaid: int = 0
    overpaid: int = 0
    outages: int = 0
    callbacks: int = 0
    kills: int = 0
    recovered: int = 0
    delivered: int = 0
    again_after_crash: int = 0
    refunds: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Shop:
    """The worker processes; one that dies is started again."""

    def __init__(self, plans: list[Plan]) -> None:
        self._plans = plans
        self._generations = Counter[str]()
        self.dead: set[str] = set()
        self._stopping = threading.Event()
        self._processes = [self._start(plan) for plan in plans]
        self._watch = threading.Thread(target=self._restart_the_dead)
        self._watch.start()

    def _start(self, plan: Plan) -> tuple[Plan, subprocess.Popen[bytes]]:
        self._generations[plan["name"]] += 1
        generation = self._generations[plan["name"]]
        now = plan.copy()
        now["name"] = f"{plan['name']}.{generation}"
        now["seed"] = plan["seed"] * 1000 + generation
        script = Path(__file__).with_name("storm_worker.py")
        return now, subprocess.Popen([sys.executable, str(script), json.dumps(now)])  # noqa: S603

    def _restart_the_dead(self) -> None:
        while not self._stopping.wait(0.05):
            for index, (plan, process) in enumerate(self._processes):
                if process.poll() is not None:
                    self.dead.add(plan["name"])
                    self._processes[index] = self._start(self._plans[index])

    def stop(self) -> None:
        """End the workers."""
        self._stopping.set()
        self._watch.join()
        for _, process in self._processes:
            process.kill()
            process.wait()


@dataclass
class Order:
    """An order of the storm, and what the buyer did."""

    number: str
    amount: int
    invoice_id: str
    url: str
    payments: list[str] = field(default_factory=list)
    enough: bool = False
    twice: bool = False


@dataclass
class Life:
    """An order that the shop's processes open, poll and close, and what was paid on it."""

    number: str
    amount: int
    handed_out: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)


class Storm:
    """One run, with one seed, on one kind of store."""

    def __init__(
        self,
        kind: str,
        where: str,
        folder: Path,
        *,
        seed: int,
        orders: int,
        server: RestartableRedis | RestartablePostgres | None,
    ) -> None:
        self.rng = random.Random(seed)
        self.books = Books(kind, seed)
        self._wanted = orders
        self._ledger = str(folder / "ledger.db")
        if kind == "postgres":
            # There the books are in the database of the deliveries, and commit with them.
            self._books = create_engine(where, poolclass=NullPool)
        else:
            self._books = create_engine(f"sqlite:///{self._ledger}", poolclass=NullPool)
        with self._books.begin() as ledger:
            ledger.execute(
                text(
                    "CREATE TABLE runs (worker TEXT, kind TEXT, number TEXT, invoice_id TEXT,"
                    " payment_id TEXT, amount FLOAT, at FLOAT)"
                )
            )
        self.simulator = Simulator(seed=seed)
        self._kind, self._where = kind, where
        self._server = server
        self._requests = 0
        self.orders: list[Order] = []
        self.lives: list[Life] = []
        self._refused: list[str] = []
        self._http = httpx.Client(timeout=20, limits=httpx.Limits(max_keepalive_connections=0))

    def _plan(
        self, name: str, port: int, *, steady: bool = False, secret: str | None = SECRET
    ) -> Plan:
        return {
            "name": name,
            "port": port,
            "seed": self.books.seed * 100 + port % 100,
            "kind": self._kind,
            "where": self._where,
            "ledger": self._ledger,
            "secret": secret,
            "credentials": self.simulator.credentials,
            "raises": 0.0 if steady else 0.08,
            "dies": 0.0 if steady else min(0.05, 8 / self._wanted),
        }

    def run(self) -> Books:
        """Run the shop under faults, then balance the books."""
        started = time.monotonic()
        with self.simulator:
            self._run_shop()
            self._recover()
            self._refund()
            self._balance()
        self._http.close()
        self.books.seconds = time.monotonic() - started
        return self.books

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Make requests fail at random, revoke tokens, and stop the store."""
        for kind in READ_FAULTS:
            self.simulator.faults.add("GET", "*", kind, None, share=0.01, delay=0.2)
            self.simulator.faults.add("POST", "/payment/*", kind, None, share=0.01, delay=0.2)
        for kind in CREATE_FAULTS:
            self.simulator.faults.add("POST", "/invoice", kind, None, share=0.01, delay=0)
        for kind in ODD_ROWS:
            self.simulator.faults.add("POST", "/payment/check", kind, None, share=0.02)
        for kind in ODD_INVOICES:
            self.simulator.faults.add("GET", "/invoice/*", kind, None, share=0.05)
        self.simulator.watch(self._revoke_by_requests)
        over = threading.Event()
        outages = threading.Thread(target=self._stop_the_store, args=(over,))
        outages.start()
        try:
            yield
        finally:
            over.set()
            outages.join()
            self.simulator.faults.clear()

    def _revoke_by_requests(self, _event: object) -> None:
        self._requests += 1
        if self._requests % REQUESTS_PER_TOKEN == 0:
            self.simulator.revoke_tokens()

    def _stop_the_store(self, over: threading.Event) -> None:
        """Let the store fail for a second, every two seconds."""
        while not over.wait(2.0):
            self.books.outages += 1
            if self._server is not None:
                self._server.stop()
                time.sleep(OUTAGE_SECONDS)
                self._server.start()
            else:
                with closing(sqlite3.connect(self._where, isolation_level=None)) as store:
                    store.execute("PRAGMA busy_timeout = 10000")
                    store.execute("BEGIN EXCLUSIVE")
                    time.sleep(OUTAGE_SECONDS)
                    store.execute("ROLLBACK")

    def _run_shop(self) -> None:
        ports = [_free_port() for _ in range(WORKERS)]
        secrets = [SECRET] * (WORKERS - 1) + [None]
        plans = [
            self._plan(f"w{n}", port, secret=secret)
            for n, (port, secret) in enumerate(zip(ports, secrets, strict=True))
        ]
        shop = Shop(plans)
        client, store, _ = make_dispatcher(self._plan("maker", 0, steady=True))
        try:
            for port in ports:
                _wait_for(port)
            with self._faults(), ThreadPoolExecutor(8) as pool:
                seeds = [self.rng.random() for _ in range(self._wanted)]
                list(pool.map(lambda n: self._buy(client, str(n), seeds[n]), range(self._wanted)))
                calls = self._callbacks()
                self.books.callbacks = len(calls)
                sweeps = [pool.submit(self._sweep, port) for port in ports[:2]]
                list(pool.map(lambda call: self._call(ports, *call), calls))
                lives = max(15, self._wanted // 8)
                list(pool.map(lambda n: self._live(client, ports, n, seeds[n]), range(lives)))
                sweeps += [pool.submit(self._sweep, port) for port in ports[:2]]
                self.books.swept = sum(one.result() for one in sweeps)
        finally:
            client.close()
            store.close()
            shop.stop()
        self.books.kills = len(shop.dead)
        # Elsewhere a worker that died after its own commit may have left its claim open.
        self._dead = set() if self._kind == "postgres" else shop.dead

    def _buy(self, client: QPayClient, number: str, seed: float) -> None:
        rng = random.Random(seed)
        amount = rng.randrange(100, 100_000)
        try:
            invoice = client.invoices.create(
                amount=amount,
                sender_invoice_no=number,
                invoice_description="Tea",
                callback_url=f"http://127.0.0.1/callback?order={number}",
                allow_partial=True,
            )
        except OutcomeUnknownError:
            self.books.unknown += 1
            return
        except QPayError:
            # Any other error says that there is no invoice; the books will tell.
            self._refused.append(number)
            return
        sent = self.simulator.invoice(invoice.invoice_id)
        order = Order(number, amount, invoice.invoice_id, sent.callback_url)
        self.orders.append(order)
        draw = rng.random()
        pay = self.simulator.pay
        if draw < 0.1:
            return
        method = "CARD" if rng.random() < 0.3 else "P2P"
        if draw < 0.2:
            order.payments.append(pay(order.invoice_id, amount=1, method=method, callbacks=0))
            return
        if draw < 0.3:
            order.payments.append(pay(order.invoice_id, amount=amount // 2, callbacks=0))
        order.payments.append(pay(order.invoice_id, method=method, callbacks=0))
        order.enough = True
        if draw > 0.95:
            order.twice = True
            order.payments.append(pay(order.invoice_id, again=True, callbacks=0))
        if rng.random() < 0.3:
            self._forget(client, order)

    def _forget(self, client: QPayClient, order: Order) -> None:
        """Delete the record of an invoice, as a shop whose store is new."""
        with suppress(Exception):  # the store may be down
            client.store.delete(record_key(client.settings.account, order.invoice_id))

    def _ask(self, port: int, action: str, **values: object) -> dict[str, str] | None:
        """Ask a worker as a page of the shop does; None where it cannot or dies meanwhile."""
        url = f"http://127.0.0.1:{port}/{action}"
        query = {name: str(value) for name, value in values.items()}
        # One that has died is being started again.
        _wait_for(port)
        try:
            answer = self._http.post(url, params=query, timeout=60)
        except httpx.HTTPError:
            return None
        return answer.json() if answer.status_code == 200 else None

    def _sweep(self, port: int) -> bool:
        """Let a worker sweep, again while it dies of it or QPay cannot be asked."""
        return any(self._ask(port, "sweep") is not None for _ in range(20))

    def _open(self, ports: list[int], life: Life, amount: int) -> str:
        """Open an order in all processes at once; return its invoice, "" where none could."""
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            with ThreadPoolExecutor(len(ports)) as clicks:
                answers = list(
                    clicks.map(
                        lambda port: self._ask(port, "open", no=life.number, amount=amount), ports
                    )
                )
            invoices = {answer["invoice_id"] for answer in answers if answer}
            if len(invoices) > 1:
                self.books.wrong.append(f"order {life.number}: {len(invoices)} invoices at once")
            if invoices:
                invoice_id = invoices.pop()
                if invoice_id not in life.handed_out:
                    life.handed_out.append(invoice_id)
                return invoice_id
            time.sleep(0.3)
        return ""

    def _live(self, client: QPayClient, ports: list[int], n: int, seed: float) -> None:
        """Open an order; perhaps reprice, pay, poll and close it."""
        rng = random.Random(f"{seed} life")
        life = Life(f"life-{n}", rng.randrange(100, 100_000))
        self.lives.append(life)
        invoice_id = self._open(ports, life, life.amount)
        if not invoice_id:
            self.books.unopened += 1
            return
        draw = rng.random()
        if draw < 0.1:
            self._pay_life(ports, life, invoice_id, rng)
        if draw < 0.4:
            repriced = self._open(ports, life, life.amount + 1)
            self.books.reopened += repriced != invoice_id
            if 0.1 <= draw < 0.2 and repriced:
                self._pay_life(ports, life, invoice_id, rng)  # by the QR code that was kept
            invoice_id = repriced or invoice_id
        if rng.random() < 0.3:
            with suppress(Exception):  # the store may be down
                client.store.delete(record_key(client.settings.account, invoice_id))
        if 0.1 <= draw < 0.85:
            self._pay_life(ports, life, invoice_id, rng)
        self._poll(ports, life, rng, closes=draw > 0.6)

    def _poll(self, ports: list[int], life: Life, rng: random.Random, *, closes: bool) -> None:
        """Poll an order, and perhaps close it."""
        for port in rng.sample(ports, 2):
            answer = self._ask(port, "status", no=life.number)
            if answer and answer["status"] == "paid" and not life.payments:
                self.books.wrong.append(f"order {life.number}: said to be paid, and is not")
        if closes:
            answer = self._ask(rng.choice(ports), "close", no=life.number)
            self.books.closed += bool(answer)
            if answer and life.payments and answer["status"] in {"cancelled", "expired"}:
                self.books.wrong.append(f"order {life.number}: paid, and closed as unpaid")

    def _pay_life(self, ports: list[int], life: Life, invoice_id: str, rng: random.Random) -> None:
        again = rng.random() < 0.05
        for turn in range(2 if again else 1):
            payment = self.simulator.pay(invoice_id, again=bool(turn), late=True, callbacks=0)
            life.payments.append(payment)
            url = self.simulator.invoice(invoice_id).callback_url
            for _ in range(rng.choices((0, 1, 2), (30, 50, 20))[0]):
                self._call(ports, url, payment, 0.0)

    def _callbacks(self) -> list[tuple[str, str, float]]:
        """Every call to be made: the order's URL, the payment, the delay."""
        calls = []
        rng = self.rng
        victims = [order for order in self.orders if not order.enough]
        for order in self.orders:
            for payment in order.payments:
                times = rng.choices((0, 1, 2, 5), (15, 55, 20, 10))[0]
                calls += [(order.url, payment, rng.random() * 0.05) for _ in range(times)]
                if victims and rng.random() < 0.2:
                    victim = rng.choice(victims)
                    calls.append((victim.url, payment, 0.0))
                    unsigned = f"http://127.0.0.1/callback?order={victim.number}"
                    calls.append((unsigned, payment, 0.0))
                    calls.append((order.url.replace(".", ".9", 2), payment, 0.0))
                    calls.append((victim.url, f"{rng.randrange(10**15):015d}", 0.0))
        rng.shuffle(calls)
        return calls

    def _call(self, ports: list[int], url: str, payment: str, delay: float) -> None:
        time.sleep(delay)
        parts = urlsplit(url)
        for name in (payment, url):
            port = ports[zlib.crc32(name.encode()) % WORKERS]
            target = f"http://127.0.0.1:{port}/?{parts.query}&qpay_payment_id={payment}"
            try:
                if self._http.get(target).status_code == 200:
                    return
            except httpx.HTTPError:
                pass

    def _finished(self, where: str = "worker NOT LIKE '% %'") -> list[tuple[str, str, float]]:
        query = f"SELECT worker, invoice_id, amount FROM runs WHERE {where} ORDER BY at"  # noqa: S608
        with self._books.connect() as ledger:
            return [(row[0], row[1], row[2]) for row in ledger.execute(text(query))]

    def _recover(self) -> None:
        """Sweep, and check every order, when the leases of killed workers have ended."""
        time.sleep(LEASE + 0.1)
        before = len(self._finished())
        client, store, dispatcher = make_dispatcher(self._plan("checker", 0, steady=True))
        other, other_store, beside = make_dispatcher(self._plan("sweeper", 0, steady=True))
        with (
            client,
            other,
            closing(store),
            closing(other_store),
            ThreadPoolExecutor(4) as pool,
        ):
            list(pool.map(sweep, (dispatcher, beside)))
            left = set(sweep(dispatcher)) - {"duplicate", "underpaid"}
            if left:
                self.books.wrong.append(f"a sweep after two others gave {left}")
            checked = list(pool.map(lambda order: dispatcher.check(order.invoice_id), self.orders))
        for order, replies in zip(self.orders, checked, strict=True):
            outcomes = {reply.outcome for reply in replies}
            if not outcomes <= {"delivered", "duplicate", "underpaid", "overpaid"}:
                self.books.wrong.append(f"order {order.number}: check gave {outcomes}")
        self.books.recovered = len(self._finished()) - before

    def _refund(self) -> None:
        """Refund card payments while answers are lost; none may be refunded twice."""
        cards = [
            payment
            for order in self.orders
            for payment in order.payments
            if self.simulator.payment(payment).method == "CARD"
        ][:200]
        self.simulator.requests.clear()
        for kind in ("reset-after", "500-after", "502-after", "cut-off", "reset-before", "500"):
            self.simulator.faults.add("DELETE", "/payment/refund/*", kind, None, share=0.1)
        client, store, _ = make_dispatcher(self._plan("cashier", 0, steady=True))
        with client, closing(store), ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda payment: self._refund_one(client, payment), cards))
        self.simulator.faults.clear()
        self.books.refunds = len(cards)

    def _refund_one(self, client: QPayClient, payment: str) -> None:
        try:
            client.payments.refund(payment, note="storm")
        except OutcomeUnknownError:
            pass
        except QPayError as error:
            self.books.wrong.append(f"refund of {payment}: {error}")
        else:
            if self.simulator.payment(payment).status != "REFUNDED":
                self.books.wrong.append(f"refund of {payment}: said to be done, and is not")
        requests = self.simulator.requests.to("DELETE", f"/payment/refund/{payment}")
        # One that came with a revoked token was not carried out, and is sent again.
        sent = [one for one in requests if one.status_code != 401]
        if len(sent) > 2:
            self.books.wrong.append(f"refund of {payment}: sent {len(sent)} times")
        if self.simulator.refunds_refused[payment]:
            self.books.wrong.append(f"refund of {payment}: sent again after it was done")

    def _alive(self, workers: list[str]) -> list[str]:
        return [worker for worker in workers if worker not in self._dead]

    def _balance(self) -> None:
        books, wrong = self.books, self.books.wrong
        books.orders = len(self.orders)
        books.paid = sum(order.enough for order in self.orders)
        books.underpaid = sum(bool(o.payments) and not o.enough for o in self.orders)
        made = Counter(
            str(invoice.request["sender_invoice_no"]) for invoice in self.simulator.invoices()
        )
        wrong += [f"order {number}: {n} invoices" for number, n in made.items() if n > 1]
        books.refused = len(self._refused)
        wrong += [f"order {n}: refused and made" for n in self._refused if made[n]]
        books.overpaid = sum(order.twice for order in self.orders)
        runs: dict[str, list[str]] = {}
        amounts: dict[str, float] = {}
        for worker, invoice_id, amount in self._finished():
            runs.setdefault(invoice_id, []).append(worker)
            amounts[invoice_id] = amount
        self._balance_lives(runs)
        books.delivered = len(runs)
        reported: dict[str, list[str]] = {}
        for worker, invoice_id, _ in self._finished("worker LIKE '% overpaid'"):
            reported.setdefault(invoice_id, []).append(worker.partition(" ")[0])
        for order in self.orders:
            workers = runs.pop(order.invoice_id, [])
            if not order.enough and workers:
                wrong.append(f"order {order.number}: delivered and not paid")
            if order.enough and not workers:
                wrong.append(f"order {order.number}: paid and not delivered")
            if workers and amounts[order.invoice_id] < order.amount:
                wrong.append(f"order {order.number}: delivered for less than its total")
            # A worker that died after the handler may have left this claim open, too.
            reporters = reported.get(order.invoice_id, [])
            if bool(reporters) != order.twice or self._alive(reporters[:-1]):
                wrong.append(
                    f"order {order.number}: {len(reporters)} payments reported as too many"
                )
            # A worker that died after its own commit may have left its claim open.
            again = self._alive(workers[:-1])
            books.again_after_crash += len(workers[:-1]) - len(again)
            if again:
                wrong.append(f"order {order.number}: delivered {len(workers)} times")
        wrong += [f"invoice {invoice_id}: delivered and unknown" for invoice_id in runs]
        if self._kind == "postgres":
            self._compare(wrong)

    def _compare(self, wrong: list[str]) -> None:
        """Compare the deliveries that the store recorded with the rows that committed with them."""
        recorded = Counter(
            (one.invoice_id, one.status)
            for one in SQLAlchemyStore(self._books).deliveries()
            if one.outcome == "delivered"
        )
        written = Counter((invoice_id, "PAID") for _, invoice_id, _ in self._finished())
        wrong += [f"recorded and not written: {one}" for one in recorded - written]
        wrong += [f"written and not recorded: {one}" for one in written - recorded]

    def _balance_lives(self, runs: dict[str, list[str]]) -> None:
        """Balance the orders that were opened by `Orders`, and remove them from the deliveries."""
        books, wrong = self.books, self.books.wrong
        books.lives = len(self.lives)
        with self._books.connect() as ledger:
            rows = ledger.execute(
                text(
                    "SELECT worker, number, invoice_id, payment_id FROM runs"
                    " WHERE number LIKE 'life-%' ORDER BY at"
                )
            ).all()
        delivered: dict[str, list[str]] = {}
        reported: dict[str, list[str]] = {}
        for worker, number, invoice_id, payment_id in rows:
            runs.pop(invoice_id, None)
            name, _, kind = worker.partition(" ")
            if kind == "overpaid":
                reported.setdefault(f"{number} {payment_id}", []).append(name)
            elif not kind:
                delivered.setdefault(number, []).append(name)
        for life in self.lives:
            workers = delivered.pop(life.number, [])
            if bool(workers) != bool(life.payments):
                wrong.append(
                    f"order {life.number}: {len(life.payments)} payments, "
                    f"delivered {len(workers)} times"
                )
            if self._alive(workers[:-1]):
                wrong.append(f"order {life.number}: delivered {len(workers)} times")
            extra = [reported.pop(f"{life.number} {payment}", []) for payment in life.payments]
            if sum(map(bool, extra)) != max(len(life.payments) - 1, 0):
                wrong.append(f"order {life.number}: payments too many were not all reported")
            if any(self._alive(names[:-1]) for names in extra):
                wrong.append(f"order {life.number}: a payment too many was reported again")
            states = [self.simulator.invoice(one).status for one in life.handed_out[:-1]]
            if "OPEN" in states:
                wrong.append(f"order {life.number}: an earlier invoice is still open")
        wrong += [f"order {number}: delivered and unknown" for number in delivered]
        wrong += [f"payment {name}: reported and unknown" for name in reported]


def _wait_for(port: int) -> None:
    """Wait until a worker listens: on a busy machine, one takes seconds to start."""
    ends = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:  # noqa: PERF203
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def run(kind: str, *, seed: int, orders: int) -> Books:
    """Run one storm on "sqlite", "redis" or "postgres" and return its books."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server: RestartableRedis | RestartablePostgres | None = None
        if kind == "redis":
            server = stack.enter_context(RestartableRedis())
        elif kind == "postgres":
            server = stack.enter_context(RestartablePostgres())
        where = server.url if server is not None else str(folder / "store.db")
        return Storm(kind, where, folder, seed=seed, orders=orders, server=server).run()


def main() -> int:
    """Run the storms and print the books."""
    from rich.console import Console
    from rich.table import Table

    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--orders", type=int, default=2000)
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--first-seed", type=int, default=1)
    options.add_argument("--stores", nargs="+", default=["sqlite", "redis", "postgres"])
    chosen = options.parse_args()
    logging.disable(logging.CRITICAL)
    columns = [name for name in Books.__dataclass_fields__ if name != "wrong"]
    table = Table(*columns, "balance")
    wrong = 0
    for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds):
        for kind in chosen.stores:
            books = run(kind, seed=seed, orders=chosen.orders)
            cells = [
                f"{getattr(books, name):.0f}" if name == "seconds" else str(getattr(books, name))
                for name in columns
            ]
            table.add_row(*cells, "yes" if not books.wrong else "NO")
            print(
                f"seed {seed} on {kind}: {len(books.wrong)} wrong",
                *books.wrong[:20],
                sep="\n  ",
            )
            wrong += len(books.wrong)
    Console(width=180).print(table)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
