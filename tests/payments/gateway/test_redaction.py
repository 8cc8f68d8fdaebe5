"""A text of the gateway is stored short, printable and without card data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway import envelope
from payments.gateway.envelope import field_errors, transaction_of
from payments.gateway.redaction import clean
from tests.payments.gateway.envelopes import MINOR, body

NUMBER, CVV = "4111111111111111", "907"
HIDDEN = (NUMBER, CVV)


@pytest.mark.parametrize(
    "echo",
    [
        NUMBER,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111  1111  1111  1111",
        "4111.1111.1111.1111",
        "4111_1111_1111_1111",
        "4111/1111/1111/1111",
        "4111,1111,1111,1111",
        "4111:1111:1111:1111",
        "4111-1111--1111---1111",
        "411111XXXXXX1111",
        "4111 11** **** 1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111\n1111\t1111\x001111",
        f"card{NUMBER}",
        f"PAN{NUMBER}x",
        f"card_number={NUMBER}&",
        f"00{NUMBER}00",
        f'"{NUMBER}"',
        "".join(chr(0xFF10 + int(digit)) for digit in NUMBER),  # full-width digits
    ],
)
@pytest.mark.parametrize("hidden", [HIDDEN, ()], ids=["known", "unknown"])
def test_a_card_number_is_removed(echo: str, hidden: tuple[str, ...]) -> None:
    cleaned = clean(f"The card {echo} is not supported.", hidden)

    digits = "".join(str(int(character)) for character in cleaned if character.isdecimal())
    assert NUMBER not in digits
    assert len(digits) <= 6
    assert cleaned.startswith("The card ")
    assert cleaned.endswith(" is not supported.")


def test_a_cvv_is_removed() -> None:
    assert CVV not in clean(f"Wrong CVV {CVV}, cvv={CVV}.", HIDDEN)


def test_an_email_address_is_removed() -> None:
    assert "james@" not in clean("No account for james@gmail.com here")


@given(st.text(), st.text())
def test_a_known_number_is_removed_from_any_text(before: str, after: str) -> None:
    assert NUMBER not in clean(f"{before}{NUMBER}{after}", HIDDEN)


@given(st.text())
def test_every_text_becomes_one_short_line(text: str) -> None:
    cleaned = clean(text)

    assert len(cleaned) <= 300
    assert not set(cleaned) & set(map(chr, [*range(32), 127]))
    cleaned.encode()


@pytest.mark.parametrize("filler", ["\x00", "\ud800", "x", " ", "\n\r"])
def test_a_number_is_removed_at_any_position(filler: str) -> None:
    for length in range(280, 310):
        assert "41111111" not in clean(filler * length + NUMBER)
    for length in (*range(1180, 1205), 2400, 60_000):
        assert "41111111" not in clean(filler * length + NUMBER)


def test_lone_surrogates_are_replaced() -> None:
    assert clean("a\ud800b") == "a?b"


def test_an_empty_text_is_not_a_message() -> None:
    for message in ("", " ", "\n", None, 5, ["text"]):
        transaction = transaction_of(envelope.parse(body(message=message)) or {}, MINOR)
        assert transaction is not None
        assert transaction.message is None


class TestTransaction:
    @pytest.mark.parametrize("name", ["message", "status", "currency", "redirect_url", "transaction_id"])
    def test_an_echoed_card_number_is_removed_from_every_field(self, name: str) -> None:
        text = f"https://bank.example/{NUMBER}" if name == "redirect_url" else NUMBER

        transaction = transaction_of(envelope.parse(body(**{name: text})) or {}, MINOR, HIDDEN)

        assert NUMBER not in repr(transaction)


class TestFieldErrors:
    def test_an_error_has_the_field_and_the_message(self) -> None:
        (error,) = field_errors({"errors": [{"field": "email", "message": "must be an email"}]})

        assert (error.field, error.code, error.message) == ("email", "refused_by_gateway", "must be an email")

    @pytest.mark.parametrize("field", ["card_number", "card_cvv", "card_expiry_year"])
    def test_the_message_about_a_card_field_is_replaced(self, field: str) -> None:
        """The message may quote the security code, and no pattern recognises three digits."""
        (error,) = field_errors({"errors": [{"field": field, "message": "987 is wrong"}]})

        assert error.field == field
        assert error.message == "the gateway refused this field"

    @pytest.mark.parametrize("field", ["cardNumber", "data.card_cvv", "CVV", "cvv", "Card_Cvv", "card-cvv", "pan"])
    def test_the_message_about_a_card_field_is_replaced_under_other_names(self, field: str) -> None:
        (error,) = field_errors({"errors": [{"field": field, "message": "987 is wrong"}]})

        assert "987" not in error.message

    @pytest.mark.parametrize("errors", [None, {}, "text", 5, [None, 5, "text", []], [[{"field": "email"}]]])
    def test_errors_of_another_shape_are_ignored(self, errors: object) -> None:
        assert field_errors({"errors": errors}) == ()

    def test_at_most_twenty_errors_are_kept(self) -> None:
        assert len(field_errors({"errors": [{"field": "email", "message": "m"}] * 500})) == 20

    def test_an_error_does_not_quote_the_card(self) -> None:
        (error,) = field_errors({"errors": [{"field": NUMBER, "message": f"{NUMBER} {CVV}"}]}, HIDDEN)

        assert NUMBER not in repr(error)
        assert CVV not in repr(error)
