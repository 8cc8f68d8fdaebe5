"""The outcome of a payment: queried at the gateway, applied to the payment, recorded. All use cases share it.

Only `record` writes. What a use case does around it (HTTP answers, schedules, reports) stays in that use case.
"""
