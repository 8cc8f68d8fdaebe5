"""The second state machine, of the way back: whoever wants money back, or takes it, at any moment of any process."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.proof import refund_promises
from tests.proof.gateway_model import Charge, Fate
from tests.proof.machine import MINUTE, Surroundings, fates, some, steps
from tests.proof.refund_steps import SHOWN, BackHow, Shown, Way
from tests.proof.world import Shop, Wish, World

AGAIN: dict[str, Callable[[Wish, int], Wish]] = {
    "the same": lambda like, nth: like,
    "under another key": lambda like, nth: replace(like, key=f"back-{nth}"),
    "for another reason under the same key": lambda like, nth: replace(like, reason="changed my mind"),
    "another caller's under the same key": lambda like, nth: replace(like, caller="other"),
}
BACK_HOWS: list[BackHow] = [
    *("answered", "answered", "lost", "lost", "vague", "late", "vanished", "not sent"),
    *("refused", "credentials refused", "already", "denied", "declined"),
]

SHOWN_LIKE: list[Shown] = ["plainly", "plainly", "plainly", *SHOWN]

ways = st.builds(
    Way,
    st.sampled_from(BACK_HOWS),
    late=st.sampled_from([1.0, 5 * MINUTE, 20 * MINUTE]),
    stale=st.sampled_from([0.0, 0.0, 10 * MINUTE, 35 * MINUTE, 35 * MINUTE]),
    shown=st.sampled_from(SHOWN_LIKE),
)
often = st.sampled_from([True, True, True, False])


class Refunds(Surroundings):
    """Payments, and whoever wants the money back, or takes it."""

    @initialize(confirm=st.booleans(), fates=st.lists(fates, min_size=1, max_size=2), known=often)
    def begin(self, confirm: bool, fates: list[Fate], known: bool) -> None:  # noqa: FBT001
        """There are payments, most often known to be paid. Of a lost answer, only the bank knows for a while."""
        self.world = World(confirm=confirm)
        for nth, fate in enumerate(fates):
            paid = replace(fate, word="SUCCESS", how="answered" if known else "lost", factor=1)
            self._charged(Shop("shop", f"key-{nth}", f"order-{nth}"), paid, None)

    # --------------------------------------------------------- who calls us

    @precondition(lambda self: self.world.answers)
    @rule(paid=often, nth=some, way=ways, unheard=st.booleans(), steps=steps)
    def a_shop_refunds(self, paid: bool, nth: int, way: Way, unheard: bool, steps: int | None) -> None:  # noqa: FBT001
        self.world.go_on(self.world.refund(self._wish(paid=paid, nth=nth), way, unheard=unheard), steps)

    @precondition(lambda self: self.world.wished)
    @rule(nth=some, kind=st.sampled_from(list(AGAIN)), way=ways, unheard=st.booleans(), steps=steps)
    def a_shop_refunds_again(self, nth: int, kind: str, way: Way, unheard: bool, steps: int | None) -> None:  # noqa: FBT001
        like = self.world.wished[-1 - nth % len(self.world.wished)]
        wish = AGAIN[kind](like, len(self.world.wished))
        self.world.go_on(self.world.refund(wish, way, unheard=unheard), steps)

    @precondition(lambda self: self.world.answers)
    @rule(nth=some, kind=st.sampled_from(list(AGAIN)), way=ways, other=ways, pause=st.integers(1, 8), steps=steps)
    def two_refund_at_once(self, nth: int, kind: str, way: Way, other: Way, pause: int, steps: int | None) -> None:
        """The one has got so far when the other comes; then it goes on."""
        wish = self._wish(paid=True, nth=nth)
        one = self.world.refund(wish, way, unheard=False)
        self.world.go_on(one, pause)
        self.world.go_on(self.world.refund(AGAIN[kind](wish, len(self.world.wished)), other, unheard=False), steps)
        if not one.is_over:
            self.world.go_on(one)

    def _wish(self, *, paid: bool, nth: int) -> Wish:
        """For one of those that are paid, or for any."""
        ids = [charge.payment_id for charge in self.world.bank.paid] if paid else []
        ids = ids or [payment.id for _, payment in self.world.answers]
        return Wish(ids[-1 - nth % len(ids)], "shop", f"back-{len(self.world.wished)}")

    # ---------------------------------------------------- behind our back

    @precondition(lambda self: self._untouched)
    @rule(nth=some, way=ways, refunds=st.booleans(), told=st.booleans())
    def somebody_gives_it_back_elsewhere(self, nth: int, way: Way, refunds: bool, told: bool) -> None:  # noqa: FBT001
        """The shop in the gateway's dashboard, or the cardholder's bank. Told: by a webhook, which is there at once."""
        bank, charge = self.world.bank, self._untouched[-1 - nth % len(self._untouched)]
        (bank.refund_at_the_dashboard if refunds else bank.charge_back)(charge, way)
        if told:
            self.world.go_on(self.world.webhook(*bank.post[-1]))

    @precondition(lambda self: self.world.bank.paid)
    @rule(nth=some, seems=often)
    def a_payment_seems_suspicious_or_no_longer(self, nth: int, seems: bool) -> None:  # noqa: FBT001
        charge = self.world.bank.paid[-1 - nth % len(self.world.bank.paid)]
        (self.world.suspect if seems else self.world.clear_of_suspicion)(charge)

    @property
    def _untouched(self) -> list[Charge]:
        return [charge for charge in self.world.bank.paid if not charge.back.is_over]

    # --------------------------------------------------------- what must hold

    @invariant()
    def no_money_goes_back_twice(self) -> None:
        refund_promises.at_every_moment(self.world)

    def teardown(self) -> None:
        """What went back for a request of ours is known by then; what others did, once it is asked about."""
        super().teardown()
        if hasattr(self, "world"):
            refund_promises.of_ours(self.world)
            self.world.look_at_each()
            refund_promises.of_everybodys(self.world)
