"""Snippets to paste for your own payment: one curl line and one Python program, both signed with SigV4."""

from __future__ import annotations

import json
import secrets
import shlex
import sys
from typing import Any

from local.demo import document
from local.stack.stack import Stack

_PYTHON = """\
{python} - <<'EOF'
import json, urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

payment = {payment}
request = AWSRequest(
    "POST",
    "{api_url}/charges",
    data=json.dumps(payment),
    headers={{"Content-Type": "application/json", "Idempotency-Key": "{key}"}},
)
SigV4Auth(Credentials("{access_key_id}", "{secret_access_key}"), "execute-api", "{region}").add_auth(request)
answer = urllib3.request("POST", request.url, body=request.body, headers=dict(request.headers))
print(answer.status, answer.data.decode())
EOF
"""


def curl(stack: Stack) -> str:
    who = stack.identities.client
    return " ".join(
        [
            "curl -sS",
            f"--aws-sigv4 {shlex.quote(f'aws:amz:{stack.region}:execute-api')}",
            f"--user {shlex.quote(f'{who.access_key_id}:{who.secret_access_key}')}",
            "-H 'Content-Type: application/json'",
            f"-H 'Idempotency-Key: curl-{secrets.token_hex(4)}'",
            f"-d {shlex.quote(json.dumps(_payment()))}",
            f"{stack.api_url}/charges",
        ]
    )


def python(stack: Stack) -> str:
    return _PYTHON.format(
        python=shlex.quote(sys.executable),
        payment=json.dumps(_payment(), indent=4),
        api_url=stack.api_url,
        key=f"python-{secrets.token_hex(4)}",
        access_key_id=stack.identities.client.access_key_id,
        secret_access_key=stack.identities.client.secret_access_key,
        region=stack.region,
    )


def _payment() -> dict[str, Any]:
    """The documented payment with a new order_id, because the documented order is paid."""
    return document.payment() | {"order_id": f"yours-{secrets.token_hex(4)}"}
