"""The IAM users of the stack: a client that may call the API, a stranger without rights, an administrator."""

from __future__ import annotations

import json
from dataclasses import dataclass

from local.stack.cloud import Cloud, Keys

ACCOUNT = "000000000000"


@dataclass(frozen=True, slots=True)
class Identities:
    client: Keys
    stranger: Keys
    admin: Keys


def created(root: Cloud, api_id: str) -> Identities:
    api = f"arn:aws:execute-api:{root.region}:{ACCOUNT}:{api_id}/*"
    return Identities(
        client=_user(root, "shop", "execute-api:Invoke", api),
        stranger=_user(root, "stranger"),
        admin=_user(root, "admin", "*", "*"),
    )


def _user(root: Cloud, name: str, action: str | None = None, resource: str = "*") -> Keys:
    iam = root.client("iam")
    iam.create_user(UserName=name)
    if action:
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])
