"""What every workload of ours in Kubernetes must say of itself; each rule names what is wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.lock_file import ROOT

MANIFESTS = ROOT / "deploy" / "kubernetes"
Manifest = dict[str, Any]
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def read_manifests(directory: Path = MANIFESTS) -> list[Manifest]:
    """Every document of every file."""
    files = sorted(directory.glob("*.yaml"))
    return [each for path in files for each in yaml.safe_load_all(path.read_text()) if each]


def problems(manifests: list[Manifest]) -> list[str]:
    """What is wrong with these manifests, taken together; none if all is as it should be."""
    settings = _only(manifests, "ConfigMap")["data"]
    deployment = _only(manifests, "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    return [
        *_of_pod(pod, settings),
        *(each for container in pod["containers"] for each in _of_container(container, settings)),
        *_of_rollout(deployment),
        *_of_neighbours(manifests, deployment["spec"]["template"]["metadata"]["labels"]),
    ]


def _only(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = [each for each in manifests if each["kind"] == kind]
    return found


def _of_pod(pod: Manifest, settings: Manifest) -> Iterator[str]:
    security = pod.get("securityContext", {})
    if not security.get("runAsNonRoot") or not security.get("runAsUser"):
        yield "the pod may run as root"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "the pod has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "the pod gets a token of the cluster"
    if any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        yield "the pod is in a namespace of the host"
    if any("hostPath" in volume for volume in pod.get("volumes", ())):
        yield "the pod sees files of the host"
    if len(pod.get("topologySpreadConstraints", ())) < 1:
        yield "all pods may be on one machine"
    pause = max(
        each.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        for each in pod["containers"]
    )
    if pod.get("terminationGracePeriodSeconds", 30) <= pause + float(settings["DEDUP_GRACE_SECONDS"]):
        yield "the pod is killed before DEDUP_GRACE_SECONDS have passed"
    if pause == 0:
        yield "calls still come while the pod stops"


def _of_container(container: Manifest, settings: Manifest) -> Iterator[str]:
    security = container.get("securityContext", {})
    if security.get("readOnlyRootFilesystem") is not True:
        yield "the container may change its own files"
    if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
        yield "the container may become more than it is"
    if security.get("capabilities", {}).get("drop") != ["ALL"] or "add" in security.get("capabilities", {}):
        yield "the container keeps capabilities"
    resources = container.get("resources", {})
    if "memory" not in resources.get("limits", {}) or not {"cpu", "memory"} <= set(
        resources.get("requests", {})
    ):
        yield "the container has no bounds"
    grpc_port = int(settings["DEDUP_LISTEN"].rpartition(":")[2])
    for probe in _PROBES:
        if container.get(probe, {}).get("grpc", {}).get("port") != grpc_port:
            yield f"the container has no {probe}"
    if settings["DEDUP_DATA_DIR"] not in [each["mountPath"] for each in container.get("volumeMounts", ())]:
        yield "DEDUP_DATA_DIR is not a volume"
    image = container["image"]
    if "@sha256:" not in image and image.rpartition(":")[2] in ("latest", image):
        yield "the image has no version"


def _of_rollout(deployment: Manifest) -> Iterator[str]:
    if deployment["spec"].get("strategy", {}).get("type") != "Recreate":
        yield "two releases would run on one store"
    if deployment["spec"].get("replicas", 1) < 2:
        yield "one pod is all there is"


def _of_neighbours(manifests: list[Manifest], labels: Manifest) -> Iterator[str]:
    def chooses(selector: Manifest) -> bool:
        return bool(selector) and selector.items() <= labels.items()

    kinds: dict[str, Manifest] = {each["kind"]: each["spec"] for each in manifests if "spec" in each}
    budget = kinds.get("PodDisruptionBudget", {})
    if budget.get("maxUnavailable") != 1 or not chooses(budget.get("selector", {}).get("matchLabels", {})):
        yield "a drain may take all pods at once"
    policy = kinds.get("NetworkPolicy", {})
    if not chooses(policy.get("podSelector", {}).get("matchLabels", {})):
        yield "everybody reaches the pods"
    if set(policy.get("policyTypes", ())) != {"Ingress", "Egress"}:
        yield "the pods reach everybody"
    if any("from" not in rule for rule in policy.get("ingress", ())):
        yield "everybody reaches a port of the pods"
    service = kinds.get("Service", {})
    if service.get("clusterIP") != "None" or not chooses(service.get("selector", {})):
        yield "clients cannot share their calls among the pods"
