"""template.yaml: the properties that every function, permission, route and store must have."""

import re
from typing import Any

import pytest

from tests.house import deployed_template
from tests.house.checkout import FUNCTIONS

EVERYTHING_ALLOWED: dict[str, str] = {}
"""Statements that need `Resource: "*"`: Sid → the reason."""

OPEN_ROUTES = {("/webhooks/pay-agency/{payment_id}/{token}", "post")}
"""Routes that need no AWS credentials: the gateway has none."""

ASYNCHRONOUS = {"Schedule", "ScheduleV2", "EventBridgeRule", "CloudWatchEvent", "S3", "SNS"}
"""Event types without a waiting caller: a failed call is lost unless it has a dead-letter queue."""

ADDED_BY_SAM = {"sqs:SendMessage", "lambda:InvokeFunction"}
"""Granted by SAM's translator, for the dead-letter queue and the schedules."""

BUCKET = "template.yaml, ReportsBucket"
FUNCTIONS_BY_NAME = sorted(deployed_template.functions())


def test_the_amount_unit_has_no_default() -> None:
    unit = deployed_template.written()["Parameters"]["GatewayAmountUnit"]

    assert "Default" not in unit, "template.yaml, GatewayAmountUnit: a default would be a guess about money"
    assert set(unit["AllowedValues"]) == {"minor", "major"}, "template.yaml, GatewayAmountUnit: AllowedValues"


def test_every_parameter_but_the_amount_unit_has_a_default_and_all_are_explained() -> None:
    parameters = deployed_template.written()["Parameters"]

    without_default = [name for name, parameter in parameters.items() if "Default" not in parameter]
    unexplained = [name for name, parameter in parameters.items() if not parameter.get("Description")]

    assert without_default == ["GatewayAmountUnit"], "template.yaml, Parameters: give each new one a Default"
    assert unexplained == [], "template.yaml, Parameters: give each a Description"


@pytest.mark.parametrize("name", FUNCTIONS_BY_NAME)
class TestEachFunction:
    def test_runs_on_the_runtime_that_the_artifact_is_built_for(self, name: str) -> None:
        function = deployed_template.functions()[name]

        assert function["Runtime"] == "python3.14", (
            "template.yaml, Globals; change WHEELS in functions/Makefile with it"
        )
        assert function["Architectures"] == ["arm64"], (
            "template.yaml, Globals; change WHEELS in functions/Makefile with it"
        )

    def test_is_built_by_our_makefile(self, name: str) -> None:
        """Otherwise `sam build` needs the template's own Python version on the machine."""
        metadata = deployed_template.written()["Resources"][name].get("Metadata", {})

        assert metadata.get("BuildMethod") == "makefile", (
            f"template.yaml, {name}: Metadata: {{ BuildMethod: makefile }}"
        )
        assert f"build-{name}" in (FUNCTIONS / "Makefile").read_text(), f"functions/Makefile: add a target build-{name}"

    def test_has_a_handler_that_exists(self, name: str) -> None:
        module, _, attribute = deployed_template.functions()[name]["Handler"].rpartition(".")
        source = FUNCTIONS.joinpath(*module.split(".")).with_suffix(".py").read_text()

        found = re.search(rf"^(def {attribute}\b|{attribute}\b.*=)", source, re.MULTILINE)
        assert found, f"template.yaml, {name}: Handler names {attribute}, which {module} does not define"

    def test_has_a_role_of_its_own(self, name: str) -> None:
        roles = {other: function["Role"]["Fn::GetAtt"][0] for other, function in deployed_template.functions().items()}

        sharing = [other for other, role in roles.items() if role == roles[name]]
        assert sharing == [name], f"template.yaml, {name}: it shares its role; give it Policies and no Role"
        assert roles[name] in deployed_template.resources("AWS::IAM::Role"), (
            f"template.yaml, {name}: its role is not in it"
        )

    def test_keeps_its_logs_in_a_group_of_its_own_for_a_stated_time(self, name: str) -> None:
        groups = {
            other: function["LoggingConfig"]["LogGroup"]["Ref"]
            for other, function in deployed_template.functions().items()
        }
        group = deployed_template.resources("AWS::Logs::LogGroup")[groups[name]]

        sharing = [other for other, its in groups.items() if its == groups[name]]
        assert sharing == [name], f"template.yaml, {name}: LoggingConfig needs a log group of its own"
        assert group["Properties"]["RetentionInDays"], f"template.yaml, {groups[name]}: RetentionInDays"

    def test_has_dead_letters_if_no_caller_waits(self, name: str) -> None:
        properties = deployed_template.written()["Resources"][name]["Properties"]
        unawaited = [event for event in properties.get("Events", {}).values() if event["Type"] in ASYNCHRONOUS]

        kept = all(event["Properties"].get("DeadLetterConfig") for event in unawaited)
        assert kept, f"template.yaml, {name}: give each of its schedules a DeadLetterConfig"
        if unawaited:
            failures = properties.get("EventInvokeConfig", {}).get("DestinationConfig", {}).get("OnFailure")
            kept = failures or properties.get("DeadLetterQueue")
            assert kept, f"template.yaml, {name}: EventInvokeConfig needs a DestinationConfig with OnFailure"


class TestPermissions:
    def test_name_each_action_in_full(self) -> None:
        wild = [
            (role, action)
            for role, statement in deployed_template.statements()
            for action in deployed_template.as_list(statement.get("Action", "*"))
            if "*" in action
        ]
        assert wild == [], "template.yaml, Policies: name these actions in full"

    def test_name_the_resource(self) -> None:
        wild = [
            (role, statement.get("Sid"))
            for role, statement in deployed_template.statements()
            if "*" in deployed_template.as_list(statement.get("Resource", "*"))
        ]
        unexplained = [(role, sid) for role, sid in wild if sid not in EVERYTHING_ALLOWED]
        assert unexplained == [], (
            f"template.yaml, Policies: name a Resource, or add the Sid with a reason in {__file__}"
        )

    def test_say_what_they_are_for(self) -> None:
        unnamed = {
            (role, statement["Action"])
            for role, statement in deployed_template.statements()
            if "Sid" not in statement and statement["Action"] not in ADDED_BY_SAM
        }
        assert unnamed == set(), "template.yaml, Policies: give each of these statements a Sid"

    def test_take_from_aws_only_logs_and_traces(self) -> None:
        managed = {
            str(policy).rpartition("/")[2]
            for role in deployed_template.resources("AWS::IAM::Role").values()
            for policy in role["Properties"].get("ManagedPolicyArns", [])
        }
        allowed = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSXRayDaemonWriteAccess"}
        assert managed <= allowed, "template.yaml, Policies: write statements instead of managed policies"


class TestRoutes:
    @staticmethod
    def routes() -> dict[tuple[str, str], list[dict[str, list[str]]]]:
        return {
            (path, method): operation.get("security", [])
            for api in deployed_template.resources("AWS::ApiGateway::RestApi").values()
            for path, methods in api["Properties"]["Body"]["paths"].items()
            for method, operation in methods.items()
        }

    def test_only_the_webhook_is_open(self) -> None:
        unsigned = {route for route, security in self.routes().items() if security != [{"AWS_IAM": []}]}

        assert unsigned == OPEN_ROUTES, "template.yaml: only the webhook's event has Auth: { Authorizer: NONE }"

    def test_charges_are_signed(self) -> None:
        assert ("/charges", "post") in self.routes(), "template.yaml, ChargeFunction: CreateCharge is missing"


def test_tables_secrets_and_buckets_outlive_the_stack() -> None:
    for kind in ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::S3::Bucket"):
        for name, resource in deployed_template.resources(kind).items():
            assert resource["DeletionPolicy"] in ("Retain", "RetainExceptOnCreate"), f"template.yaml, {name}"
            assert resource["UpdateReplacePolicy"] == "Retain", f"template.yaml, {name}: UpdateReplacePolicy"


def test_the_table_is_encrypted_and_can_be_restored() -> None:
    for name, table in deployed_template.resources("AWS::DynamoDB::Table").items():
        encryption = table["Properties"]["SSESpecification"]
        recovery = table["Properties"]["PointInTimeRecoverySpecification"]
        assert encryption == {"SSEEnabled": True, "SSEType": "KMS"}, f"template.yaml, {name}: SSESpecification"
        assert recovery == {"PointInTimeRecoveryEnabled": True}, (
            f"template.yaml, {name}: PointInTimeRecoverySpecification"
        )


class TestReports:
    """The emulator ignores most of a bucket's properties, so only these tests check them."""

    @staticmethod
    def bucket() -> dict[str, Any]:
        (bucket,) = deployed_template.resources("AWS::S3::Bucket").values()
        properties: dict[str, Any] = bucket["Properties"]
        return properties

    def test_are_encrypted_with_a_key_of_kms(self) -> None:
        (rule,) = self.bucket()["BucketEncryption"]["ServerSideEncryptionConfiguration"]

        wanted = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
        assert rule == wanted, f"{BUCKET}: BucketEncryption"

    def test_are_not_public(self) -> None:
        assert set(self.bucket()["PublicAccessBlockConfiguration"].values()) == {True}, f"{BUCKET}: public access"
        ownership = self.bucket()["OwnershipControls"]["Rules"]
        assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}], f"{BUCKET}: OwnershipControls"

    def test_are_served_over_tls_only(self) -> None:
        (policy,) = deployed_template.resources("AWS::S3::BucketPolicy").values()
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]

        rule = statement["Effect"], statement["Principal"], statement["Action"]
        assert rule == ("Deny", "*", "s3:*"), "template.yaml, ReportsBucketPolicy"
        assert statement["Condition"] == {
            "Bool": {"aws:SecureTransport": "false"},
            "NotIpAddress": {"aws:SourceIp": "127.0.0.1/32"},
        }, "template.yaml, ReportsBucketPolicy: Condition"
        assert len(statement["Resource"]) == 2, "template.yaml, ReportsBucketPolicy: the bucket, and its objects"

    def test_move_to_cheaper_storage_and_expire_and_their_parts_expire_in_a_month(self) -> None:
        rules = {rule["Id"]: rule for rule in self.bucket()["LifecycleConfiguration"]["Rules"]}
        reports, parts = rules["reports-expire"], rules["parts-expire"]

        where = f"{BUCKET}: LifecycleConfiguration"
        assert (parts["Prefix"], parts["ExpirationInDays"]) == ("parts/", 30), where
        assert (reports["Prefix"], reports["ExpirationInDays"]) == ("reports/", {"Ref": "ReportRetentionDays"}), where
        assert reports["Transitions"] == [{"StorageClass": "STANDARD_IA", "TransitionInDays": 90}], where
        assert {rule["Status"] for rule in rules.values()} == {"Enabled"}, where

    def test_expire_after_they_move_to_cheaper_storage(self) -> None:
        """S3 refuses a rule that expires an object before its transition (90 days)."""
        least = deployed_template.written()["Parameters"]["ReportRetentionDays"]["MinValue"]
        assert least > 90, "template.yaml, ReportRetentionDays: MinValue"
