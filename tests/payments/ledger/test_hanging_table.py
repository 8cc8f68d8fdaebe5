"""A table that does not answer: the call ends within the reserve for the verdict, and a write happens once."""

import socket
from collections.abc import Iterator
from itertools import count
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from charge.app import VERDICT_SECONDS
from payments.ledger.payments import DynamoLedger
from payments.ledger.table import FIRST_WAIT, Table
from payments.model.status import Status
from payments.ports.ledger import LostRace, TableBusy
from payments.runtime.bootstrap import aws
from tests.fakes import samples
from tests.payments.ledger import tables
from tests.payments.ledger.failing_table import LosingClient
from tests.payments.ledger.payment_steps import FAR_FUTURE, due_payments, transitioned

pytestmark = pytest.mark.slow

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "Write")
BROKEN = ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "Write")
NO_ANSWER = [
    ReadTimeoutError(endpoint_url="https://dynamodb.example"),
    ConnectionClosedError(endpoint_url="https://dynamodb.example"),
    BROKEN,
]


class SilentHost:
    """A host that accepts connections and answers none."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.connections: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.connections.append(self._server.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._server.close()
        for connection in self.connections:
            connection.close()


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[SilentHost]:
    host = SilentHost()
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", host.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield host
    host.close()


def test_a_write_to_a_table_that_hangs_is_tried_twice_and_ends_within_the_reserve_for_the_verdict(
    silent: SilentHost,
) -> None:
    """The client's own limit ends each try. The clock is scripted, so another load on the machine changes nothing."""
    client = aws("dynamodb")
    a_try = client.meta.config.read_timeout + 0.01
    ticks = count(0.0, a_try)
    table = Table(client, "payments", lambda _: None, lambda: next(ticks))
    with pytest.raises(ReadTimeoutError):
        table.update("pay_1", {"status": "failed"}, condition="attribute_exists(pk)", values={})
    assert len(silent.connections) == 2
    assert 2 * a_try + FIRST_WAIT < VERDICT_SECONDS - 1


@pytest.fixture
def losing(client: Any) -> Iterator[tuple[LosingClient, DynamoLedger]]:
    with tables.made(client) as name:
        losing = LosingClient(client)
        yield losing, DynamoLedger(losing, name, lambda _: None)


Losing = tuple[LosingClient, DynamoLedger]


@pytest.mark.parametrize("error", NO_ANSWER, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("order_id", [None, samples.ORDER_ID])
def test_a_claim_with_a_lost_answer_is_the_same_claim(losing: Losing, error: Exception, order_id: str | None) -> None:
    client, ledger = losing
    client.losses = [error]
    payment = samples.payment(order_id=order_id)
    assert ledger.claim(payment, None) is None
    assert ledger.get(payment.id) == payment


@pytest.mark.parametrize("error", NO_ANSWER, ids=lambda error: type(error).__name__)
def test_a_verdict_with_a_lost_answer_is_recorded_once(losing: Losing, error: Exception) -> None:
    client, ledger = losing
    payment = samples.payment()
    ledger.claim(payment, None)
    client.losses = [error]
    recorded = transitioned(ledger, payment, Status.SUCCEEDED)
    assert recorded == ledger.get(payment.id)
    assert (recorded.status, recorded.version) == (Status.SUCCEEDED, 2)


def test_a_verdict_with_a_lost_answer_that_was_overtaken_has_lost_the_race(losing: Losing) -> None:
    client, ledger = losing
    payment = samples.payment()
    ledger.claim(payment, None)
    first = transitioned(ledger, payment, Status.REQUIRES_ACTION)
    client.losses = [NO_ANSWER[0]]
    with pytest.raises(LostRace) as lost:
        transitioned(ledger, payment, Status.SUCCEEDED)
    assert lost.value.current == first


@pytest.mark.parametrize("error", NO_ANSWER, ids=lambda error: type(error).__name__)
def test_a_lease_with_a_lost_answer_is_the_lease_of_its_run(losing: Losing, error: Exception) -> None:
    client, ledger = losing
    ledger.claim(samples.payment(), None)
    (due,) = due_payments(ledger, FAR_FUTURE)
    client.losses = [error]
    leased = ledger.lease(due, FAR_FUTURE)
    assert leased is not None
    assert leased.follow_up.due_at == FAR_FUTURE
    assert ledger.lease(due, FAR_FUTURE) is None, "another run with the same copy has it not"


class Tokens:
    """A client that keeps the token of each transaction, and loses the answer of the first."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def transact_write_items(self, **arguments: Any) -> dict[str, Any]:
        self.seen.append(arguments["ClientRequestToken"])
        if len(self.seen) == 1:
            raise NO_ANSWER[0]
        return {}


def test_the_second_try_of_a_transaction_is_the_same_transaction_to_dynamodb() -> None:
    """Without the same token, a release with a lost answer would look refused, and the payment would seem to stay."""
    client = Tokens()
    table = Table(client, "payments", lambda _: None)
    table.transact([])
    table.transact([])
    assert client.seen[0] == client.seen[1] != client.seen[2]


class Slow:
    """A client that fails after so many seconds, on its own clock."""

    def __init__(self, seconds: float, *errors: Exception) -> None:
        self.now, self._seconds, self._errors = 0.0, seconds, list(errors)
        self.calls = 0

    def put_item(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        self.now += self._seconds
        raise self._errors[min(self.calls, len(self._errors)) - 1]

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("seconds", "calls"), [(0.0, 6), (0.5, 5), (2.0, 2), (3.0, 1)], ids=["at once", "slow", "hangs", "cannot connect"]
)
def test_no_try_begins_after_two_and_a_half_seconds(seconds: float, calls: int) -> None:
    client = Slow(seconds, NO_ANSWER[0])
    with pytest.raises(ReadTimeoutError):
        Table(client, "payments", client.sleep, lambda: client.now).put({})
    assert client.calls == calls
    assert client.now <= 5.5


def test_a_try_without_an_answer_is_never_reported_as_nothing_written() -> None:
    client = Slow(0.0, NO_ANSWER[0], THROTTLED)
    with pytest.raises(ClientError, match="ThrottlingException"):
        Table(client, "payments", client.sleep, lambda: client.now).put({})
    throttled = Slow(0.0, THROTTLED)
    with pytest.raises(TableBusy):
        Table(throttled, "payments", throttled.sleep, lambda: throttled.now).put({})
