"""A refusal by API Gateway itself, before any function runs, has the shape of this API's other problems.

MiniStack renders gateway responses, but does not import them from an API's body, where SAM puts them. So the test puts
the template's responses on an API of their own and reads its refusals.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import Shop, Stack
from tests.house.deployed_template import written

RESPONSES: dict[str, Any] = written()["Resources"]["Api"]["Properties"]["GatewayResponses"]
STAGE = "refusing"


@pytest.fixture(scope="module")
def refusing(stack: Stack) -> Iterator[str]:
    """The URL of an API that has the template's gateway responses and refuses everybody."""
    gateway = stack.admin.client("apigateway")
    api = gateway.create_rest_api(name="refusing")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    charges = gateway.create_resource(restApiId=api, parentId=root, pathPart="charges")["id"]
    here = {"restApiId": api, "resourceId": charges, "httpMethod": "POST"}
    gateway.put_method(**here, authorizationType="AWS_IAM")
    gateway.put_integration(**here, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    for kind, response in RESPONSES.items():
        headers = {f"gatewayresponse.header.{k}": v for k, v in response["ResponseParameters"]["Headers"].items()}
        code = {"statusCode": str(response["StatusCode"])} if "StatusCode" in response else {}
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            responseParameters=headers,
            responseTemplates=response["ResponseTemplates"],
            **code,
        )
    gateway.create_deployment(restApiId=api, stageName=STAGE)
    try:
        yield f"{stack.admin.endpoint_url}/_aws/execute-api/{api}/{STAGE}"
    finally:
        gateway.delete_rest_api(restApiId=api)


@pytest.mark.parametrize(("method", "path"), [("POST", "/charges"), ("POST", "/nowhere"), ("DELETE", "/charges")])
def test_a_refusal_is_a_problem(stack: Stack, refusing: str, method: str, path: str) -> None:
    answer = Shop(refusing, stack.region, None).request(method, path, b'{"card_number":"4111111111111111"}', {})
    assert answer.status == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b"4111" not in answer.body
    problem = answer.json
    assert problem["type"] == "about:blank"
    assert problem["title"] == "Missing Authentication Token"
    assert (problem["code"], problem["retry"]) == ("request_refused", "never")


@pytest.mark.parametrize("kind", RESPONSES)
def test_every_response_is_a_problem_whatever_api_gateway_fills_in(kind: str) -> None:
    response = RESPONSES[kind]
    template = response["ResponseTemplates"]["application/json"]
    # Of its variables only these are known to stand for something when no integration has answered.
    known = {"$context.error.messageString": '"value"', "$context.error.responseType": "KIND"}
    filled = re.sub(r"\$[A-Za-z.]+", lambda found: known.get(found[0], ""), template)
    problem = json.loads(filled)
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["code"]
    assert problem["retry"] in {"never", "same-key", "after"}
    assert response["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'"


def test_both_kinds_of_refusal_are_covered() -> None:
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= RESPONSES.keys()
