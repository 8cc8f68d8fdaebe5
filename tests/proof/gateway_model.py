"""The gateway and the bank behind it: what it believes, when it lets it be seen, and how its answers get lost."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, Literal

from payments.model.gateway_transaction import GatewayTransaction
from payments.ports.gateway import (
    AlreadyChargedBack,
    AlreadyRefunded,
    CredentialsRefused,
    NoAnswer,
    NotSent,
    Refused,
    Submission,
    UnknownToGateway,
)
from tests.fakes import samples
from tests.proof.refund_steps import SHOWN, Moved, Post, Way, WayBack

NOTIFIED: Final = frozenset({"SUCCESS", "FAILED", "BLOCKED"})
NO_MONEY: Final = frozenset({"FAILED", "BLOCKED", "ABANDONED"})
FINAL: Final = NOTIFIED | NO_MONEY

How = Literal["answered", "lost", "late", "vanished", "not sent", "refused", "credentials refused"]
Down = Literal["unreachable", "silent"] | None


@dataclass(frozen=True)
class Fate:
    """What is to become of one POST. Times in seconds; together they stay well below the hour of the not-found rule."""

    word: str = "REDIRECT"
    how: How = "answered"
    late: float = 0  # it gets in so long after its answer was given up
    hidden: float = 0  # the status API does not find it for so long
    stale: float = 0  # the status API says what was true so long ago
    then: str | None = None  # what is decided if nobody decides before ...
    after: float = 0  # ... so long after it got in
    factor: int = 1  # the bank charges so many times the amount


@dataclass
class Charge:
    """One accepted POST: a charge, whoever knows of it."""

    transaction_id: str
    submission: Submission
    fate: Fate
    at: float
    words: list[tuple[float, str]] = field(default_factory=list)
    back: WayBack = field(default_factory=WayBack)

    @property
    def word(self) -> str:
        """The truth."""
        return self.words[-1][1]

    @property
    def amount(self) -> Decimal:
        """What the card is really charged."""
        return Decimal(self.submission.money.amount * self.fate.factor)

    @property
    def payment_id(self) -> str:
        """Whose webhook address it carries."""
        return self.submission.webhook_url.split("/")[-2]

    def shown(self, now: float) -> str | None:
        """What the status API says; None while it does not find it."""
        if now < self.at + self.fate.hidden:
            return None
        told = [word for since, word in self.words if since <= now - self.fate.stale]
        return (told or [self.words[0][1]])[-1]


class Bank:
    """Meets the Gateway port. It takes every POST for a charge: whoever sends twice, charges twice."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.book: list[Charge] = []
        self.under_way: list[tuple[float, Charge]] = []
        self.sent: list[Submission] = []
        self.post: list[tuple[str, GatewayTransaction]] = []
        self.down: Down = None
        self.forgets: Callable[[Charge], bool] = lambda charge: False
        self.fate = Fate()
        self.way = Way()

    # ------------------------------------------------------------- the port

    live = False

    def ensure_ready(self) -> None:
        """See `Gateway.ensure_ready`."""

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        """See `Gateway.charge`."""
        fate = self.fate
        if self.down == "unreachable" or fate.how == "not sent":
            raise NotSent("no route")
        self.sent.append(submission)
        if fate.how == "credentials refused":
            raise CredentialsRefused("bad key")
        if fate.how == "refused":
            raise Refused("no")
        if self.down == "silent" or fate.how == "vanished":
            raise NoAnswer("timed out")
        charge = Charge(f"PA{len(self.sent):016}", submission, fate, self.now())
        if fate.how == "late":
            self.under_way.append((self.now() + fate.late, charge))
            raise NoAnswer("timed out")
        self._enter(charge, self.now())
        if fate.how == "lost":
            raise NoAnswer("reset")
        return transaction_of(charge, charge.word)

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.refund`. Raises KeyError for a transaction that there is not, or that nobody has paid."""
        charge = {charge.transaction_id: charge for charge in self.paid}[transaction_id]
        way, back, now = self.way, charge.back, self.now()
        if self.down == "unreachable" or way.how == "not sent":
            raise NotSent("no route")
        lost_on_the_way = self.down == "silent" or way.how in ("vanished", "late")
        refused = not lost_on_the_way and (
            way.how in ("refused", "credentials refused", "declined") or back.behind_our_back
        )
        back.posts.append(Post(now, refused))
        if lost_on_the_way:
            if self.down != "silent" and way.how == "late":
                back.under_way.append((now + way.late, way))
            raise NoAnswer("timed out")
        if not refused:
            back.refunds.append(Moved(now, way, ours=True))
            back.clear = back.clear or way.how == "denied"
        return self._answer_of_refund(charge, way, refused=refused)

    def _answer_of_refund(self, charge: Charge, way: Way, *, refused: bool) -> GatewayTransaction:
        if way.how == "lost":
            raise NoAnswer("reset")
        if way.how == "credentials refused":
            raise CredentialsRefused("bad key")
        if way.how in ("refused", "denied"):
            raise Refused("words that nobody knows")
        if way.how == "declined":
            return transaction_of(charge, "FAILED")
        if refused and not charge.back.refunds:
            raise AlreadyChargedBack("Transaction has already been charged back.")
        if refused or way.how == "already":
            raise AlreadyRefunded("Transaction has already been refunded.")
        return transaction_of(charge, charge.word, **({} if way.how == "answered" else SHOWN[way.shown]))

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.status`."""
        if self.down is not None:
            raise NotSent("no route") if self.down == "unreachable" else NoAnswer("timed out")
        for charge in self.book:
            if charge.submission.order_id != order_id:
                continue
            word = charge.word if charge.back.clear else None if self.forgets(charge) else charge.shown(self.now())
            if word is not None:
                return transaction_of(charge, word, **charge.back.told(self.now()))
        raise UnknownToGateway("the gateway has no payment under this id")

    # ------------------------------------------------- what happens meanwhile

    def catch_up(self) -> None:
        """What was under way for long enough gets in; what was waited for for long enough is decided."""
        for arrives, charge in list(self.under_way):
            if arrives <= self.now():
                self.under_way.remove((arrives, charge))
                self._enter(charge, arrives)
        for charge in self.undecided:
            if charge.fate.then is not None and charge.at + charge.fate.after <= self.now():
                self.decide(charge, charge.fate.then, charge.at + charge.fate.after)
        for charge in self.book:
            charge.back.catch_up(self.now())

    def decide(self, charge: Charge, word: str, at: float) -> None:
        """The shopper, or his bank, has decided."""
        charge.words.append((at, word))
        self._notify(charge)

    def refund_at_the_dashboard(self, charge: Charge, way: Way) -> None:
        """The shop gives it back itself, without us."""
        charge.back.refunds.append(Moved(self.now(), replace(way, shown="plainly"), ours=False))
        self._notify(charge)

    def charge_back(self, charge: Charge, way: Way) -> None:
        """The cardholder's bank takes the money back."""
        charge.back.chargeback = Moved(self.now(), way, ours=False)
        self._notify(charge)

    def heal(self) -> None:
        """All is well from now on: it is up, everything has arrived, and the status API says what is true."""
        self.down, self.forgets = None, lambda charge: False
        for arrives, charge in self.under_way:
            self._enter(charge, arrives)
        self.under_way = []
        for charge in self.book:
            charge.fate = replace(charge.fate, hidden=0, stale=0)
            charge.back.heal(self.now())

    @property
    def undecided(self) -> list[Charge]:
        """The charges that may still go either way."""
        return [charge for charge in self.book if charge.word not in FINAL]

    @property
    def paid(self) -> list[Charge]:
        """The charges whose money has moved."""
        return [charge for charge in self.book if charge.word == "SUCCESS"]

    def _enter(self, charge: Charge, at: float) -> None:
        charge.at = at
        charge.words.append((at, charge.fate.word))
        self.book.append(charge)
        self._notify(charge)

    def _notify(self, charge: Charge) -> None:
        if charge.word in NOTIFIED:
            self.post.append((charge.payment_id, transaction_of(charge, charge.word)))


def transaction_of(charge: Charge, word: str, **changes: Any) -> GatewayTransaction:
    """An envelope about a charge; unless told otherwise, it says the truth."""
    told: dict[str, Any] = {
        "transaction_id": charge.transaction_id,
        "order_id": charge.submission.order_id,
        "amount": charge.amount,
        "currency": charge.submission.money.currency,
        **charge.back.truth(),
    }
    said = changes.pop("raw_status", word)
    return samples.transaction(said, **{**told, **changes})
