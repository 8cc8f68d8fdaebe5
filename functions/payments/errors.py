"""The base of every error of this service, and the errors that charging and refunding share.

Each package draws its own errors at the top of the module that defines them: `model/status.py`, `ports/gateway.py`,
`ports/ledger.py`, `reconciliation/errors.py`. An error has attributes for programs and a sentence for people, and
contains no secret.

PaymentsError
├── NothingSent                  a charge or a refund ended before anything was sent
│   ├── IdempotencyKeyReused     the key belongs to another request
│   ├── GatewayUnreachable       nothing was sent, and nothing is left of it: the same key may try again
│   ├── OrderTaken               (charging/claim.py) the order is paid, or a payment for it is in flight
│   └── NotRefundable            (refunding/eligibility.py) there is nothing to refund, or a refund is in flight
└── SecretUnusable               a secret is missing, empty, malformed, or for the other mode (test or live)
"""


class PaymentsError(Exception):
    """Base of every error of this service."""


class NothingSent(PaymentsError):
    """Base of the errors that end a charge or a refund before anything is sent."""


class IdempotencyKeyReused(NothingSent):
    """The key was used for another request."""


class GatewayUnreachable(NothingSent):
    """Nothing was sent, and nothing is left of it: the same key may try again."""


class SecretUnusable(PaymentsError):
    """A secret cannot be used as it is. The sentence gives the reason and never the secret."""
