"""Everything that the stack's functions have logged, read from CloudWatch Logs as an operator would."""

from local.stack.cloud import Cloud


def log_text(admin: Cloud) -> str:
    """The messages of all log groups, one a line."""
    logs = admin.client("logs")
    groups = [
        group["logGroupName"]
        for page in logs.get_paginator("describe_log_groups").paginate()
        for group in page["logGroups"]
    ]
    pages = logs.get_paginator("filter_log_events")
    return "\n".join(
        event["message"] for group in groups for page in pages.paginate(logGroupName=group) for event in page["events"]
    )
