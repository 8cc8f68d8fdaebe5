"""All that the stack's functions have logged, as an operator reads it in CloudWatch Logs."""

from local.stack.cloud import Cloud


def logged(admin: Cloud) -> str:
    """Every event of every log group, page after page."""
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
