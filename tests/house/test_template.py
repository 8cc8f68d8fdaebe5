"""The estate: what every resource of the template must have, whoever adds one."""

import re
from typing import Any

import pytest

from tests.house import deployed_template as estate
from tests.house.checkout import FUNCTIONS

EVERYTHING_ALLOWED: dict[str, str] = {}
"""Statements (by Sid) that must name every resource, each with the reason why."""

OPEN_ROUTES = {("/webhooks/pay-agency/{payment_id}/{token}", "post")}
"""What may be called without AWS credentials: the gateway has none."""

ASYNCHRONOUS = {"Schedule", "ScheduleV2", "EventBridgeRule", "CloudWatchEvent", "S3", "SNS"}
"""Events that nobody waits for the answer of: what fails there is lost unless it is put somewhere."""

ADDED_BY_SAM = {"sqs:SendMessage", "lambda:InvokeFunction"}
"""What the translator grants by itself, so that dead letters are kept and the schedule can call."""

FUNCTIONS_BY_NAME = sorted(estate.functions())


def test_the_amount_unit_has_no_default() -> None:
    unit = estate.written()["Parameters"]["GatewayAmountUnit"]

    assert "Default" not in unit
    assert set(unit["AllowedValues"]) == {"minor", "major"}


def test_every_parameter_but_the_amount_unit_has_a_default_and_all_are_explained() -> None:
    parameters = estate.written()["Parameters"]

    assert [name for name, told in parameters.items() if "Default" not in told] == ["GatewayAmountUnit"]
    assert [name for name, told in parameters.items() if not told.get("Description")] == []


@pytest.mark.parametrize("name", FUNCTIONS_BY_NAME)
class TestEachFunction:
    def test_runs_on_the_runtime_that_the_artifact_is_built_for(self, name: str) -> None:
        function = estate.functions()[name]

        assert function["Runtime"] == "python3.14"
        assert function["Architectures"] == ["arm64"]

    def test_is_built_by_our_makefile(self, name: str) -> None:
        """Without it, `sam build` would look for the template's Python on the machine."""
        assert estate.written()["Resources"][name]["Metadata"]["BuildMethod"] == "makefile"
        assert f"build-{name}" in (FUNCTIONS / "Makefile").read_text()

    def test_has_a_handler_that_exists(self, name: str) -> None:
        module, _, attribute = estate.functions()[name]["Handler"].rpartition(".")
        source = FUNCTIONS.joinpath(*module.split(".")).with_suffix(".py").read_text()

        assert re.search(rf"^(def {attribute}\b|{attribute}\b.*=)", source, re.MULTILINE)

    def test_has_a_role_of_its_own(self, name: str) -> None:
        roles = {other: function["Role"]["Fn::GetAtt"][0] for other, function in estate.functions().items()}

        assert [other for other, role in roles.items() if role == roles[name]] == [name]
        assert roles[name] in estate.resources("AWS::IAM::Role")

    def test_keeps_its_logs_in_a_group_of_its_own_for_a_stated_time(self, name: str) -> None:
        groups = {other: function["LoggingConfig"]["LogGroup"]["Ref"] for other, function in estate.functions().items()}
        group = estate.resources("AWS::Logs::LogGroup")[groups[name]]

        assert [other for other, its in groups.items() if its == groups[name]] == [name]
        assert group["Properties"]["RetentionInDays"]

    def test_called_by_nobody_who_waits_has_dead_letters(self, name: str) -> None:
        properties = estate.written()["Resources"][name]["Properties"]
        unawaited = [event for event in properties["Events"].values() if event["Type"] in ASYNCHRONOUS]

        assert all(event["Properties"].get("DeadLetterConfig") for event in unawaited)
        if unawaited:
            failures = properties.get("EventInvokeConfig", {}).get("DestinationConfig", {}).get("OnFailure")
            assert failures or properties.get("DeadLetterQueue")


class TestPermissions:
    def test_name_each_action_in_full(self) -> None:
        wild = [
            (role, action)
            for role, statement in estate.statements()
            for action in estate.listed(statement.get("Action", "*"))
            if "*" in action
        ]
        assert wild == []

    def test_name_the_resource(self) -> None:
        wild = [
            (role, statement.get("Sid"))
            for role, statement in estate.statements()
            if "*" in estate.listed(statement.get("Resource", "*"))
        ]
        assert [(role, sid) for role, sid in wild if sid not in EVERYTHING_ALLOWED] == []

    def test_say_what_they_are_for(self) -> None:
        unnamed = {
            (role, statement["Action"])
            for role, statement in estate.statements()
            if "Sid" not in statement and statement["Action"] not in ADDED_BY_SAM
        }
        assert unnamed == set()

    def test_take_from_aws_only_logs_and_traces(self) -> None:
        managed = {
            str(policy).rpartition("/")[2]
            for role in estate.resources("AWS::IAM::Role").values()
            for policy in role["Properties"].get("ManagedPolicyArns", [])
        }
        assert managed <= {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSXRayDaemonWriteAccess"}


class TestRoutes:
    @staticmethod
    def routes() -> dict[tuple[str, str], list[dict[str, list[str]]]]:
        return {
            (path, method): operation.get("security", [])
            for api in estate.resources("AWS::ApiGateway::RestApi").values()
            for path, methods in api["Properties"]["Body"]["paths"].items()
            for method, operation in methods.items()
        }

    def test_only_the_webhook_is_open(self) -> None:
        unsigned = {route for route, security in self.routes().items() if security != [{"AWS_IAM": []}]}

        assert unsigned == OPEN_ROUTES

    def test_there_are_signed_ones(self) -> None:
        assert ("/charges", "post") in self.routes()


def test_what_holds_the_truth_outlives_the_stack() -> None:
    for kind in ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::S3::Bucket"):
        for name, resource in estate.resources(kind).items():
            assert resource["DeletionPolicy"] in ("Retain", "RetainExceptOnCreate"), name
            assert resource["UpdateReplacePolicy"] == "Retain", name


def test_the_table_is_encrypted_and_can_be_restored() -> None:
    for table in estate.resources("AWS::DynamoDB::Table").values():
        assert table["Properties"]["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
        assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


class TestReports:
    """The emulator passes over most of a bucket's properties: what is deployed is held here."""

    @staticmethod
    def bucket() -> dict[str, Any]:
        (bucket,) = estate.resources("AWS::S3::Bucket").values()
        properties: dict[str, Any] = bucket["Properties"]
        return properties

    def test_are_encrypted_with_a_key_of_kms(self) -> None:
        (rule,) = self.bucket()["BucketEncryption"]["ServerSideEncryptionConfiguration"]

        assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}

    def test_are_shown_to_nobody_outside(self) -> None:
        assert set(self.bucket()["PublicAccessBlockConfiguration"].values()) == {True}
        assert self.bucket()["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]

    def test_travel_encrypted_or_not_at_all(self) -> None:
        (policy,) = estate.resources("AWS::S3::BucketPolicy").values()
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]

        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
        assert statement["Condition"] == {
            "Bool": {"aws:SecureTransport": "false"},
            "NotIpAddress": {"aws:SourceIp": "127.0.0.1/32"},
        }
        assert len(statement["Resource"]) == 2, "the bucket, and what is in it"

    def test_grow_cold_and_old_and_their_parts_go_at_once(self) -> None:
        rules = {rule["Id"]: rule for rule in self.bucket()["LifecycleConfiguration"]["Rules"]}
        reports, parts = rules["reports-grow-cold-and-old"], rules["parts-are-scaffolding"]

        assert (parts["Prefix"], parts["ExpirationInDays"]) == ("parts/", 7)
        assert (reports["Prefix"], reports["ExpirationInDays"]) == ("reports/", {"Ref": "ReportRetentionDays"})
        assert reports["Transitions"] == [{"StorageClass": "STANDARD_IA", "TransitionInDays": 90}]
        assert {rule["Status"] for rule in rules.values()} == {"Enabled"}

    def test_are_not_gone_before_they_grow_cold(self) -> None:
        """S3 takes no such rule."""
        assert estate.written()["Parameters"]["ReportRetentionDays"]["MinValue"] > 90
