"""The manifests are valid, keep our rules, and each rule notices its breach."""

import copy
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from dedup_service.settings import SETTINGS, Settings
from tests.deploy.rules import MANIFESTS, Manifest, problems, read_manifests
from tests.identity.shipped import PRINCIPALS
from tests.supply_chain.places import KUBERNETES_VALIDATE

Break = Callable[[dict[str, Manifest]], Any]


def test_the_manifests_are_of_the_schema() -> None:
    """Strictly: a misspelt field would be ignored by the cluster, and what it protects with it."""
    files = [str(path) for path in sorted(MANIFESTS.glob("*.yaml"))]
    answer = subprocess.run(
        [KUBERNETES_VALIDATE, "--strict", *files], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert len(files) == 5


def test_a_misspelt_field_is_noticed(tmp_path: Any) -> None:
    """The check of the schema can fail."""
    text = (MANIFESTS / "deployment.yaml").read_text()
    (tmp_path / "wrong.yaml").write_text(text.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"))
    answer = subprocess.run(
        [KUBERNETES_VALIDATE, "--strict", str(tmp_path / "wrong.yaml")], capture_output=True, check=False
    )
    assert answer.returncode != 0


def test_the_manifests_keep_our_rules() -> None:
    """None of them is broken."""
    assert problems(read_manifests()) == []


def test_every_setting_is_one() -> None:
    """A misspelt variable would stop the start."""
    (settings,) = [each["data"] for each in read_manifests() if each["kind"] == "ConfigMap"]
    assert set(settings) <= {each.name for each in SETTINGS}


def pod(kinds: dict[str, Manifest]) -> Manifest:
    return kinds["Deployment"]["spec"]["template"]["spec"]  # type: ignore[no-any-return]  # YAML has no types


def container(kinds: dict[str, Manifest]) -> Manifest:
    return pod(kinds)["containers"][0]  # type: ignore[no-any-return]  # the same


BREACHES: dict[str, Break] = {
    "the pod may run as root": lambda k: pod(k)["securityContext"].pop("runAsNonRoot"),
    "the pod has no seccomp profile": lambda k: pod(k)["securityContext"].pop("seccompProfile"),
    "the pod gets a token of the cluster": lambda k: pod(k).pop("automountServiceAccountToken"),
    "the pod is in a namespace of the host": lambda k: pod(k).update(hostNetwork=True),
    "the pod sees files of the host": lambda k: pod(k)["volumes"].append({"name": "x", "hostPath": {}}),
    "all pods may be on one machine": lambda k: pod(k).pop("topologySpreadConstraints"),
    "the pod is killed before": lambda k: pod(k).update(terminationGracePeriodSeconds=25),
    "calls still come while the pod stops": lambda k: container(k).pop("lifecycle"),
    "the container may change its own files": lambda k: container(k)["securityContext"].pop(
        "readOnlyRootFilesystem"
    ),
    "the container may become more": lambda k: container(k)["securityContext"].update(
        allowPrivilegeEscalation=True
    ),
    "the container keeps capabilities": lambda k: container(k)["securityContext"].update(
        capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}
    ),
    "the container has no bounds": lambda k: container(k)["resources"].pop("limits"),
    "the container has no startupProbe": lambda k: container(k).pop("startupProbe"),
    "the container has no readinessProbe": lambda k: container(k).pop("readinessProbe"),
    "the container has no livenessProbe": lambda k: container(k).pop("livenessProbe"),
    "DEDUP_DATA_DIR is not a volume": lambda k: container(k).update(volumeMounts=[]),
    "the image has no version": lambda k: container(k).update(image="dedup-service:latest"),
    "two releases would run on one store": lambda k: k["Deployment"]["spec"].pop("strategy"),
    "one pod is all there is": lambda k: k["Deployment"]["spec"].update(replicas=1),
    "a drain may take all pods at once": lambda k: k.pop("PodDisruptionBudget"),
    "everybody reaches the pods": lambda k: k["NetworkPolicy"]["spec"].update(podSelector={}),
    "the pods reach everybody": lambda k: k["NetworkPolicy"]["spec"].update(policyTypes=["Ingress"]),
    "everybody reaches a port of the pods": lambda k: k["NetworkPolicy"]["spec"]["ingress"][0].pop("from"),
    "clients cannot share their calls": lambda k: k["Service"]["spec"].pop("clusterIP"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_each_rule_notices_its_breach(breach: str) -> None:
    """A copy with one thing wrong is told so, and of nothing else."""
    kinds = {each["kind"]: copy.deepcopy(each) for each in read_manifests()}
    BREACHES[breach](kinds)
    found = problems(list(kinds.values()))
    assert any(each.startswith(breach) for each in found), found
    assert len(found) == 1, found


def test_the_settings_go_together() -> None:
    """The service would start with them: who is believed, and how tokens come in."""
    (settings,) = [each["data"] for each in read_manifests() if each["kind"] == "ConfigMap"]
    assert {"DEDUP_POLICY", "DEDUP_PRINCIPALS"} <= set(settings)
    # The files that the pod mounts there are not on this machine.
    given = {**settings, "DEDUP_POLICY": "", "DEDUP_PRINCIPALS": str(PRINCIPALS)}
    secrets = {"DEDUP_DATABASE_URL": "postgresql://db/dedup", "DEDUP_REDIS_URL": "redis://index/0"}
    assert Settings.from_environment({**given, **secrets}).listen == "0.0.0.0:50051"
