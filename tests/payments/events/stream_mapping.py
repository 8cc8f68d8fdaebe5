"""Lambda's side of the table's stream: batches in order, delivered again from the first record that failed.

As documented for ReportBatchItemFailures with BisectBatchOnFunctionError: what is before the reported record is done;
the rest is halved until the failing record is alone, tried again so many times, and then put aside.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from payments.events.relay import StreamRecord
from payments.model.payment import Payment
from tests.fakes.crashing_ledger import Crash

Deliver = Callable[[Sequence[StreamRecord]], str | None]
"""One invocation: a batch → the place of the first record to be delivered again."""


@dataclass
class StreamMapping:
    """One shard. `dead`: the keys of the records that were put aside. `calls`: the size of each delivered batch."""

    deliver: Deliver
    batch_size: int = 25
    retries: int = 10
    dead: list[str] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)

    def run(self, records: Sequence[StreamRecord]) -> None:
        """Delivers the records until each is done or put aside."""
        for start in range(0, len(records), self.batch_size):
            self._work_off(list(records[start : start + self.batch_size]))

    def _work_off(self, batch: list[StreamRecord]) -> None:
        tries = 0
        while batch:
            left = self._rest(batch)
            if len(left) > 1:
                middle = len(left) // 2
                self._work_off(left[:middle])
                self._work_off(left[middle:])
                return
            tries += 1
            if left and tries > self.retries:
                self.dead += [record.key for record in left]
                return
            batch = left

    def _rest(self, batch: list[StreamRecord]) -> list[StreamRecord]:
        """The records of a batch that are not done after one invocation; all of them after one that failed."""
        self.calls.append(len(batch))
        try:
            first_left = self.deliver(batch)
        except Crash:
            return batch
        places = [record.sequence_number for record in batch]
        return [] if first_left is None else batch[places.index(first_left) :]


def records_of(*payments: Payment | str) -> list[StreamRecord]:
    """One record for each, in this order; a text is the key of an item that is no payment."""
    keys = [payment if isinstance(payment, str) else payment.id for payment in payments]
    return [StreamRecord(str(100 + nth), key) for nth, key in enumerate(keys)]
