"""Breakages of what the promise rests on in code: reads, randomness, caches, bounds. test_guards.py has the rest."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import CIPHER, PAGINATION, READS, RECONCILIATION_RESUMES, SECRET_CACHE, WIPED

GUARDS: Final = (
    Mutant(
        "a payment is read as it may have been a second ago",
        "ledger/table.py",
        "self._client.get_item(**self.key(pk), ConsistentRead=True)",
        "self._client.get_item(**self.key(pk))",
        (READS,),
    ),
    Mutant(
        "a page of payments is read as it may have been a second ago",
        "ledger/table.py",
        '"ConsistentRead": consistent',
        '"ConsistentRead": False',
        (READS,),
    ),
    Mutant(
        "a seeded generator in memory supplies the IVs, the same ones in each restored snapshot",
        "gateway/cipher.py",
        "random: Callable[[int], bytes] = os.urandom",
        'random: Callable[[int], bytes] = __import__("random").randbytes',
        (CIPHER,),
    ),
    Mutant(
        "a secret is cached for days",
        "runtime/secret_cache.py",
        "FRESH_FOR: Final = timedelta(minutes=5)",
        "FRESH_FOR: Final = timedelta(days=5)",
        (SECRET_CACHE,),
    ),
    Mutant(
        "a list of the gateway without an end is read for ever",
        "reconciliation/pagination.py",
        "MAX_ROWS: Final = 100_000_000",
        'MAX_ROWS: Final = float("inf")',
        (PAGINATION,),
    ),
    Mutant(
        "a reconciliation is begun with a second left",
        "../reconciliation/invocation.py",
        "RESERVED_SECONDS: Final = 60.0",
        "RESERVED_SECONDS: Final = 1.0",
        (RECONCILIATION_RESUMES,),
    ),
    Mutant(
        "the plaintext of a charge stays in memory",
        "gateway/client.py",
        "            payloads.wipe(plaintext)",
        "            pass",
        (WIPED,),
    ),
)
