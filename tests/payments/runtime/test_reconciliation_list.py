"""The list of the reconciliation is wired with the channels of the settings."""

from payments.runtime import bootstrap_reconciliation
from payments.runtime.settings import ReconciliationSettings
from tests.payments.gateway.gateway_calls import OLD, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import stays_silent
from tests.payments.runtime.test_settings import RECONCILIATION


def test_the_declared_channels_reach_the_list() -> None:
    declared = {"RECONCILIATION_OTHER_CHANNELS": "transaction_type=LINK,merchant_connector=ideal"}
    settings = ReconciliationSettings.from_environment(RECONCILIATION | declared)
    with rogue_server(stays_silent) as server:
        listing = bootstrap_reconciliation.list_of(GatewayCalls(server, OLD).client, settings)
    assert listing.other_channels == ("transaction_type=LINK", "merchant_connector=ideal")
