"""The base of every error of the house, and what charging and refunding both raise.

Each room draws its own errors at the top of its module: `ports/gateway.py`, `ports/ledger.py`, `charging/charge.py`,
`refunding/eligibility.py`, `reconciliation/errors.py`, `model/status.py`. Attributes are for programs, the sentence is
for people.

PaymentsError
├── NothingSent                  a charge or a refund ended before anything was sent
│   ├── IdempotencyKeyReused     the key belongs to another request
│   ├── GatewayUnreachable       nothing was sent, nothing remains: the same key may try again
│   ├── OrderTaken               (charging) the order is paid, or a payment for it is in flight
│   └── NotRefundable            (refunding) there is nothing to send back, or a refund is in flight
└── SecretUnusable               a secret is missing, empty, malformed or of the other mode
"""


class PaymentsError(Exception):
    """Base of everything the house raises."""


class NothingSent(PaymentsError):
    """Base of what ends a charge or a refund before anything is sent."""


class IdempotencyKeyReused(NothingSent):
    """The key was used for another request."""


class GatewayUnreachable(NothingSent):
    """Nothing was sent and nothing remains: the same key may try again."""


class SecretUnusable(PaymentsError):
    """A secret cannot be used as it is; the sentence says why and never shows it."""
