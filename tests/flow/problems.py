"""The shape of every problem that the API answers with."""

from local.stack.api_client import Answer


def assert_problem(answer: Answer, status: int, code: str, retry: str) -> None:
    """The answer is this problem, in the content type of RFC 9457."""
    assert (answer.status, answer.json["code"], answer.json["retry"]) == (status, code, retry), answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status
