"""Breakages of the follow-up's threads: what they share, and what neither lane may take from the other."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import GATEWAY_THREADS, LANES, PARALLEL, RUNTIME_THREADS

PARALLEL_RUNS: Final = (
    Mutant(
        "a silent gateway is asked once more by each thread",
        "follow_up/questions.py",
        "self._under_way + self._unanswered < self._limit",
        "self._unanswered < self._limit",
        (LANES,),
    ),
    Mutant(
        "a payment that cannot be asked about counts as silence",
        "follow_up/run.py",
        "        return result.answered if result.was_asked else None\n",
        "        return result.answered\n",
        (LANES,),
    ),
    Mutant(
        "a run without keys tries every payment",
        "follow_up/run.py",
        "        if not result.has_keys:\n",
        "        if False:\n",
        (LANES,),
    ),
    Mutant(
        "a bus that hangs holds up the questions",
        "follow_up/run.py",
        "            self.lanes.submit(Lane.PUBLISHING, partial(self._publish_news, result.payment))\n",
        "            self._publish_news(result.payment)\n",
        (PARALLEL,),
    ),
    Mutant(
        "a backlog hides the newest payments",
        "follow_up/due_payments.py",
        "            yield from islice(newest, 1)\n",
        "            pass\n",
        (LANES,),
    ),
    Mutant(
        "payments that stay due hide those behind them",
        "follow_up/due_payments.py",
        "        last = page[-1]\n",
        "        return\n",
        (LANES,),
    ),
    Mutant(
        "an interrupt in a thread is lost",
        "follow_up/lanes.py",
        "                self._error, self._stopped = self._error or error, True\n",
        "                self._stopped = True\n",
        (PARALLEL,),
    ),
    Mutant(
        "two threads are the probe of one circuit",
        "gateway/circuit_breaker.py",
        "        self._lock = threading.RLock()\n",
        "        self._lock = __import__('contextlib').nullcontext()\n",
        (GATEWAY_THREADS,),
    ),
    Mutant(
        "a thread with an old key does not use the keys that another one has reloaded",
        "gateway/client.py",
        "            self.keyring.refresh()  # or another thread has reloaded the keys since this request was sent\n"
        "            fresh = self.keyring.current()\n",
        "            fresh = self.keyring.current() if self.keyring.refresh() else keys\n",
        (GATEWAY_THREADS,),
    ),
    Mutant(
        "a connection that idled is used because another one was not idle",
        "gateway/send_tracking.py",
        "            connection.used_at = current.get().clock()\n",
        "            type(connection).used_at = current.get().clock()\n",
        (GATEWAY_THREADS,),
    ),
    Mutant(
        "a log line names the payment of another thread",
        "runtime/telemetry.py",
        "self.logger.thread_safe_append_keys(payment_id",
        "self.logger.append_keys(payment_id",
        (RUNTIME_THREADS,),
    ),
    Mutant(
        "each thread repeats a read of the secret that has just failed",
        "runtime/secret_cache.py",
        "            if self._failed != failed:\n",
        "            if False:\n",
        (RUNTIME_THREADS,),
    ),
)
