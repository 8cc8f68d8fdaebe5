"""Which questions a run may ask the gateway: many at once, and none to a gateway that does not answer."""

import threading

from payments.outcome.status_query import MAX_UNANSWERED


class Questions:
    """Counts the questions under way, and those in a row without an answer.

    Their sum has a limit: as many as are asked at once, and MAX_UNANSWERED at least. So a silent gateway costs one
    question for each thread, and a single payment without an answer holds up no other one.
    """

    def __init__(self, at_once: int) -> None:
        self._limit = max(MAX_UNANSWERED, at_once)
        self._changed = threading.Condition()
        self._under_way = 0
        self._unanswered = 0
        self._is_open = True

    @property
    def is_open(self) -> bool:
        """Whether the run still asks."""
        return self._is_open

    def begin(self) -> bool:
        """Whether a question may be asked now; then `end` follows. Waits while the answers to others decide."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_open or self._under_way + self._unanswered < self._limit)
            self._under_way += self._is_open
            return self._is_open

    def end(self, *, answered: bool | None) -> None:
        """Ends a question. `answered`: None if the gateway was not asked after all."""
        with self._changed:
            self._under_way -= 1
            if answered is not None:
                self._unanswered = 0 if answered else self._unanswered + 1
            if self._unanswered >= self._limit:
                self._is_open = False
            self._changed.notify_all()

    def close(self) -> None:
        """Ends all questions of the run: there are no keys to ask with."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
