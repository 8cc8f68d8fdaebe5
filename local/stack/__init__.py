"""The local stack: the real template on an emulated AWS with IAM enforced, in front of a gateway."""

from local.stack.api_client import Shop
from local.stack.errors import StackError
from local.stack.gateway import GatewayKeys
from local.stack.lifecycle import running
from local.stack.stack import Stack

__all__ = ["GatewayKeys", "Shop", "Stack", "StackError", "running"]
