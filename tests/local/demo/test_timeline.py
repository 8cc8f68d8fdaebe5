"""A step of the demo that did not happen is reported."""

import pytest

from local.demo import document
from local.demo.timeline import STEPS, MissingStepError, Timeline


def test_there_are_eight_steps() -> None:
    assert list(STEPS) == ["request", "decrypted", "redirect", "approval", "webhook", "status", "event", "payment"]


def test_the_steps_are_recorded_in_their_order() -> None:
    notes: list[str] = []
    timeline = Timeline(notes.append, notes.append)
    for step in STEPS:
        timeline.record(step, "as seen")
    assert timeline.recorded == list(STEPS)
    assert notes[0].startswith("1. request")


def test_a_step_left_out_is_named() -> None:
    timeline = Timeline(lambda _: None, lambda _: None)
    timeline.record("request")
    with pytest.raises(MissingStepError, match="Step 2 did not happen: decrypted") as missing:
        timeline.record("redirect")
    assert missing.value.step == "decrypted"
    assert "5 webhook, 6 status, 7 event, 8 payment" in str(missing.value)


def test_no_card_data_is_printed() -> None:
    payment = document.payment()
    shown = str(document.masked(payment))
    assert payment["card_number"] not in shown
    assert payment["card_cvv"] not in shown
    assert "411111******1111" in shown


def test_the_documented_payment_is_sent_without_its_webhook_url() -> None:
    assert "webhook_url" not in document.payment()
    assert document.payment()["order_id"] == "12524AGSDF34DS"
