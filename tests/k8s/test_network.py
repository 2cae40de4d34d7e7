"""Who may reach whom, worked out from the rendered policies as a network plugin would."""

import ipaddress
from collections import namedtuple

import pytest

End = namedtuple("End", ["namespace", "labels", "address"], defaults=[None, None, None])
POSTGRESQL = {"staging": "10.4.0.9", "production": "192.0.2.20"}
ELSEWHERE = End("elsewhere", {"app.kubernetes.io/component": "api"})
TRAINING = {"wherefore/training": "true"}


class Network:
    def __init__(self, cluster):
        self.namespace = cluster.all("Namespace")[0]["metadata"]["name"]
        self.policies = [policy["spec"] for policy in cluster.all("NetworkPolicy")]
        self.pods = {name: pod["metadata"]["labels"] for name, pod in cluster.pods().items()}

    def pod(self, name):
        return End(self.namespace, self.pods[name])

    def may(self, source, target, port, protocol="TCP"):
        return self._side(source, target, "Egress", port, protocol) and self._side(
            target, source, "Ingress", port, protocol
        )

    def _side(self, own, other, direction, port, protocol):
        if own.namespace != self.namespace:
            return True
        chosen = [
            policy
            for policy in self.policies
            if direction in policy["policyTypes"] and matches(policy["podSelector"], own.labels)
        ]
        rules = [rule for policy in chosen for rule in policy.get(direction.lower(), [])]
        peers = "to" if direction == "Egress" else "from"
        return not chosen or any(
            any(self._is(peer, other) for peer in rule[peers])
            and {"protocol": protocol, "port": port} in rule["ports"]
            for rule in rules
        )

    def _is(self, peer, end):
        if "ipBlock" in peer:
            return end.address is not None and ipaddress.ip_address(
                end.address
            ) in ipaddress.ip_network(peer["ipBlock"]["cidr"])
        if end.namespace is None:
            return False
        if "namespaceSelector" not in peer:
            return end.namespace == self.namespace and matches(peer["podSelector"], end.labels)
        names = {"kubernetes.io/metadata.name": end.namespace} | (
            TRAINING if end.namespace == "training" else {}
        )
        return matches(peer["namespaceSelector"], names) and matches(
            peer.get("podSelector", {}), end.labels or {}
        )


def matches(selector, labels):
    return selector.get("matchLabels", {}).items() <= labels.items()


@pytest.fixture
def network(cluster):
    return Network(cluster)


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [("api", "torchserve", 8090), ("api", "redis", 6379), ("api", "mlflow", 5000),
     ("torchserve", "mlflow", 5000)],
)  # fmt: skip
def test_what_must_talk_may_talk(network, source, target, port):
    assert network.may(network.pod(source), network.pod(target), port)


def test_nothing_else_inside_may_talk(network):
    allowed = {
        ("api", "torchserve", 8090), ("api", "redis", 6379), ("api", "mlflow", 5000),
        ("torchserve", "mlflow", 5000),
    }  # fmt: skip
    found = {
        (source, target, port)
        for source in network.pods
        for target in network.pods
        for port in (80, 443, 5000, 5432, 6379, 7070, 8000, 8080, 8081, 8082, 8090, 9000)
        if network.may(network.pod(source), network.pod(target), port)
    }
    assert found == allowed


def test_the_ingress_and_prometheus_reach_the_api_and_nobody_else_does(network):
    for namespace in ("ingress-nginx", "monitoring"):
        assert network.may(End(namespace, {}), network.pod("api"), 8000)
        for name in ("torchserve", "redis", "mlflow"):
            assert not any(
                network.may(End(namespace, {}), network.pod(name), port)
                for port in (5000, 6379, 8080, 8082, 8090)
            )
    for name in network.pods:
        assert not network.may(ELSEWHERE, network.pod(name), 8000)


def test_training_reaches_the_registry_alone(network):
    assert network.may(End("training", {}), network.pod("mlflow"), 5000)
    assert not network.may(End("training", {}), network.pod("api"), 8000)


def test_the_database_is_reached_where_it_is_and_the_rest_of_the_world_is_not(clusters):
    for overlay, cluster in clusters.items():
        network = Network(cluster)
        database = End(address=POSTGRESQL[overlay])
        assert network.may(network.pod("api"), database, 5432)
        assert network.may(network.pod("mlflow"), database, 5432)
        assert network.may(network.pod("purge"), database, 5432)
        assert not network.may(network.pod("torchserve"), database, 5432)
        assert not network.may(network.pod("redis"), database, 5432)
        for name in network.pods:
            assert not network.may(network.pod(name), End(address="198.51.100.7"), 443)
            assert not network.may(network.pod(name), End(address=POSTGRESQL[overlay]), 22)


def test_every_pod_may_look_names_up(network):
    resolver = End("kube-system", {"k8s-app": "kube-dns"})
    for name in network.pods:
        assert network.may(network.pod(name), resolver, 53, "UDP")


def test_the_allowed_ports_are_those_that_containers_listen_on(cluster, network):
    listening = {
        port["containerPort"] for _, c in cluster.containers() for port in c.get("ports", [])
    }
    let_in = {
        port["port"]
        for policy in network.policies
        for rule in policy.get("ingress", [])
        for port in rule["ports"]
    }
    assert let_in == listening
