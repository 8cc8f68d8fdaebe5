"""The state machine: whatever may happen, in any order, at any moment of any process."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.proof import promises
from tests.proof.gateway_model import FINAL, NOTIFIED, Down, Fate, How
from tests.proof.world import Shop, World

COLLISIONS: dict[str, Callable[[Shop, int], Shop]] = {
    "the same": lambda like, nth: like,
    "another request under the same key": lambda like, nth: replace(like, amount=like.amount + 100),
    "another caller's under the same key": lambda like, nth: replace(like, caller="other"),
}
WORDS = ["SUCCESS", "REDIRECT", "REDIRECT", "REDIRECT", "FAILED", "BLOCKED", "PENDING", "INIT", "A NEW WORD"]
HOWS: list[How] = [
    *("answered", "answered", "answered", "lost", "lost", "lost"),
    *("late", "vanished", "not sent", "refused", "credentials refused"),
]
DOWN: list[Down] = [None, None, None, None, "unreachable", "silent"]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

fates = st.builds(
    Fate,
    st.sampled_from(WORDS),
    st.sampled_from(HOWS),
    late=st.sampled_from([1.0, 5 * MINUTE, 20 * MINUTE]),
    hidden=st.sampled_from([0.0, 0.0, 5 * MINUTE, 35 * MINUTE, 35 * MINUTE]),
    stale=st.sampled_from([0.0, 10 * MINUTE]),
    then=st.sampled_from([None, "SUCCESS", "SUCCESS", "SUCCESS", "FAILED", "ABANDONED"]),
    after=st.sampled_from([2.0, 2 * MINUTE, 10 * MINUTE]),
    factor=st.sampled_from([1] * 9 + [100]),
)
steps = st.sampled_from([None] * 15 + [*range(1, 16)])
"""Half of the processes get through without a pause; the others pause anywhere."""

some = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 5, 9])
"""Which one, counted from the newest: most collisions are with what has only just happened."""


class Surroundings(RuleBasedStateMachine):
    """Each rule is one thing that happens; `steps` says how far a process gets before something else does."""

    world: World

    # --------------------------------------------------------- who calls us

    @precondition(lambda self: self.world.bank.post)
    @rule(nth=some, again=st.booleans(), steps=steps)
    def the_gateway_delivers(self, nth: int, again: bool, steps: int | None) -> None:  # noqa: FBT001
        """Any of its webhooks, in any order, once or more often; those never chosen are lost."""
        post = self.world.bank.post
        payment_id, transaction = post[-1 - nth % len(post)]
        if not again:
            post.remove((payment_id, transaction))
        self.world.go_on(self.world.webhook(payment_id, transaction), steps)

    @rule(steps=steps)
    def the_schedule_fires(self, steps: int | None) -> None:
        self.world.go_on(self.world.follow_up(), steps)

    @precondition(lambda self: self.world.answers)
    @rule(nth=some, steps=steps)
    def a_caller_refreshes(self, nth: int, steps: int | None) -> None:
        _, payment = self.world.answers[-1 - nth % len(self.world.answers)]
        self.world.go_on(self.world.refresh(payment.id), steps)

    # ----------------------------------------------------- how far they get

    @precondition(lambda self: self.world.alive)
    @rule(nth=some, steps=steps)
    def a_process_goes_on(self, nth: int, steps: int | None) -> None:
        self.world.go_on(self.world.alive[-1 - nth % len(self.world.alive)], steps)

    @precondition(lambda self: self.world.alive)
    @rule(nth=some)
    def a_process_dies(self, nth: int) -> None:
        self.world.kill(self.world.alive[-1 - nth % len(self.world.alive)])

    # ------------------------------------------------------ the world around

    @rule(runs=st.integers(1, 8), down=st.sampled_from(DOWN))
    def the_schedule_keeps_time(self, runs: int, down: Down) -> None:
        """As it should, each run when something is due; whether the gateway answers or not."""
        before, self.world.bank.down = self.world.bank.down, down
        self.world.keep_time(runs)
        self.world.bank.down = before

    @rule(seconds=st.sampled_from([0.5, 5.0, 5.0, 15.0, 15.0, MINUTE, 5 * MINUTE, HOUR, 2 * DAY, None]))
    def time_passes(self, seconds: float | None) -> None:
        """None: until something is due."""
        self.world.pass_time((self.world.seconds_to_next_due() or MINUTE) if seconds is None else seconds)

    @rule(
        gateway=st.sampled_from(DOWN),
        bus=st.sampled_from([None, None, 0, 1]),
        back=st.sampled_from([0.0, 0.001, 2.0]),
        forgets=st.booleans(),
    )
    def the_surroundings_change(self, gateway: Down, bus: int | None, back: float, forgets: bool) -> None:  # noqa: FBT001
        """The gateway and the bus come and go, the status API loses its memory, the clock is set back a little."""
        self.world.bank.down = gateway
        self.world.bus.takes = bus
        self.world.set_clock_back(back)
        if forgets:
            self.world.forget()

    # --------------------------------------------------------- what must hold

    @invariant()
    def no_charge_is_made_twice(self) -> None:
        promises.money(self.world)

    def teardown(self) -> None:
        """However it went: once all is well, the follow-up finishes everything."""
        if not hasattr(self, "world"):
            return
        trouble_over = {payment.id: payment for payment in self.world.ledger.payments()}
        self.world.finish()
        promises.everything(self.world, trouble_over)

    def _charged(self, shop: Shop, fate: Fate, steps: int | None) -> None:
        self.world.go_on(self.world.charge(shop, fate), steps)


class Payments(Surroundings):
    """Shops that charge, and shoppers who pay or do not."""

    @initialize(confirm=st.booleans())
    def begin(self, confirm: bool) -> None:  # noqa: FBT001 - Hypothesis calls it by name
        """One world a run: with confirmation of webhooks, or without."""
        self.world = World(confirm=confirm)

    @rule(has_order=st.booleans(), fate=fates, steps=steps)
    def a_shop_charges(self, has_order: bool, fate: Fate, steps: int | None) -> None:  # noqa: FBT001
        nth = len(self.world.asked)
        self._charged(Shop("shop", f"key-{nth}", f"order-{nth}" if has_order else None), fate, steps)

    @precondition(lambda self: self.world.asked)
    @rule(nth=some, kind=st.sampled_from(list(COLLISIONS)), fate=fates, steps=steps)
    def a_shop_asks_for_nearly_the_same(self, nth: int, kind: str, fate: Fate, steps: int | None) -> None:
        like = self.world.asked[-1 - nth % len(self.world.asked)]
        self._charged(COLLISIONS[kind](like, len(self.world.asked)), fate, steps)

    @precondition(lambda self: self._orders)
    @rule(nth=some, fate=fates, steps=steps)
    def a_shop_pays_an_order_under_another_key(self, nth: int, fate: Fate, steps: int | None) -> None:
        like = self._orders[-1 - nth % len(self._orders)]
        self._charged(replace(like, key=f"key-{len(self.world.asked)}"), fate, steps)

    @property
    def _orders(self) -> list[Shop]:
        return [shop for shop in self.world.asked if shop.order_id]

    @precondition(lambda self: self.world.bank.undecided)
    @rule(nth=some, word=st.sampled_from(sorted(FINAL)), told=st.booleans())
    def the_shopper_decides(self, nth: int, word: str, told: bool) -> None:  # noqa: FBT001
        """Told: the webhook is there at once, faster than anything else that is under way."""
        undecided = self.world.bank.undecided
        self.world.bank.decide(undecided[-1 - nth % len(undecided)], word, self.world.elapsed)
        if told and word in NOTIFIED:
            self.world.go_on(self.world.webhook(*self.world.bank.post[-1]))
