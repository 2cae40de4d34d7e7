"""Both overlays render, and every object is one that a cluster would take."""

import copy
from collections import Counter

import pytest

KUBERNETES_VERSIONS = ("1.34", "1.37")


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_every_object_is_valid(cluster, version, refusal):
    refused = {
        (found["kind"], found["metadata"]["name"]): why
        for found in cluster.objects
        if (why := refusal(found, version)) is not None
    }
    assert refused == {}


def misspelled(found, *path):
    broken = copy.deepcopy(found)
    place = broken
    for key in path[:-1]:
        place = place[key]
    place[f"{path[-1]}X"] = place.pop(path[-1])
    return broken


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        ("Deployment", "api", ("spec", "template", "spec", "containers", 0, "image")),
        ("Deployment", "api", ("spec", "template", "spec", "securityContext", "runAsNonRoot")),
        ("PodDisruptionBudget", "api", ("spec", "maxUnavailable")),
        ("CronJob", "purge", ("spec", "concurrencyPolicy")),
        ("NetworkPolicy", "api", ("spec", "egress", 0, "ports")),
        ("Ingress", "api", ("spec", "rules", 0, "http", "paths", 0, "pathType")),
        ("ScaledObject", "api", ("spec", "triggers", 0, "metricType")),
        ("ScaledObject", "api", ("spec", "scaleTargetRef")),
        ("ScaledObject", "api", ("spec", "advanced", "horizontalPodAutoscalerConfig")),
        ("PodMonitor", "api", ("spec", "podMetricsEndpoints", 0, "scrapeTimeout")),
        ("PrometheusRule", "wherefore", ("spec", "groups", 0, "rules", 0, "expr")),
    ],
)
def test_a_misspelled_field_is_refused(clusters, refusal, kind, name, path):
    found = clusters["production"].one(kind, name)
    assert refusal(misspelled(found, *path), KUBERNETES_VERSIONS[-1]) is not None


def test_no_object_is_there_twice_and_each_is_in_the_namespace_of_its_overlay(cluster):
    namespace = cluster.all("Namespace")[0]["metadata"]["name"]
    named = Counter((found["kind"], found["metadata"]["name"]) for found in cluster.objects)
    assert [key for key, count in named.items() if count > 1] == []
    others = [found for found in cluster.objects if found["kind"] != "Namespace"]
    assert {found["metadata"]["namespace"] for found in others} == {namespace}


def test_the_overlays_share_no_namespace(clusters):
    names = {c.all("Namespace")[0]["metadata"]["name"] for c in clusters.values()}
    assert len(names) == len(clusters)


def test_what_the_issue_lists_is_there(clusters):
    kinds = {found["kind"] for found in clusters["production"].objects}
    assert {
        "Deployment", "Service", "Ingress", "ScaledObject", "PodDisruptionBudget",
        "CronJob", "NetworkPolicy", "PersistentVolumeClaim", "PodMonitor", "PrometheusRule",
    } <= kinds  # fmt: skip
    assert set(clusters["production"].pods()) == {"api", "torchserve", "redis", "mlflow", "purge"}


def test_the_api_has_three_replicas_and_never_fewer(cluster):
    scaled = cluster.one("ScaledObject", "api")["spec"]
    assert cluster.one("Deployment", "api")["spec"]["replicas"] == 3
    assert scaled["minReplicaCount"] == 3
    assert 3 <= scaled["fallback"]["replicas"] <= scaled["maxReplicaCount"]


def test_every_selector_finds_the_pods_that_it_means(cluster):
    selectors = [
        (found["kind"], found["metadata"]["name"], found["spec"]["selector"])
        for kind in ("Service", "PodDisruptionBudget", "PodMonitor", "Deployment")
        for found in cluster.all(kind)
    ]
    for kind, name, selector in selectors:
        wanted = selector.get("matchLabels", selector).items()
        chosen = {
            pod
            for pod, template in cluster.pods().items()
            if wanted <= template["metadata"]["labels"].items()
        }
        assert chosen == {name}, (kind, name)


def test_every_named_port_and_volume_is_declared(cluster):
    for pod, container in cluster.containers():
        spec = cluster.pods()[pod]["spec"]
        volumes = {volume["name"] for volume in spec["volumes"]}
        mounted = [mount["name"] for mount in container["volumeMounts"]]
        assert set(mounted) <= volumes, (pod, container["name"])
        # By number a container may be asked through another one of its pod.
        ports = {port["name"] for port in container.get("ports", [])}
        ports |= {port["containerPort"] for c in spec["containers"] for port in c.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            check = container.get(probe, {})
            asked = check.get("httpGet") or check.get("tcpSocket")
            assert asked is None or asked["port"] in ports, (pod, probe)
    for service in cluster.all("Service"):
        containers = cluster.pods()[service["metadata"]["name"]]["spec"]["containers"]
        offered = {port["name"] for c in containers for port in c.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= offered


def test_the_autoscaler_scales_what_exists_by_a_metric_of_its_own_namespace(cluster):
    scaled = cluster.one("ScaledObject", "api")
    assert cluster.one("Deployment", scaled["spec"]["scaleTargetRef"]["name"])
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["metadata"]["serverAddress"].startswith("http://prometheus")
    assert f'namespace="{scaled["metadata"]["namespace"]}"' in trigger["metadata"]["query"]
