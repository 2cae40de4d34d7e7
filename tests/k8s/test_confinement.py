"""What a container may do: as little as it needs."""

import re

DIRECTORIES = ("WHEREFORE_CACHE_DIR", "WHEREFORE_STATE_DIR", "WHEREFORE_BACKLOG_DIR")
LONG_RANDOM = re.compile(r"(?i)(password|secret|token|key)\s*[:=]\s*['\"]?[A-Za-z0-9+/]{20,}")
SECRET = re.compile(r"(API_KEY|KEYS|PASSWORD|SECRET|DATABASE_URL|REDIS_URL|STORE_URI)$")


def mounts(cluster, pod, container):
    """Mount path -> (volume, whether it may be written)."""
    volumes = {v["name"]: v for v in cluster.pods()[pod]["spec"]["volumes"]}
    return {
        m["mountPath"]: (volumes[m["name"]], not m.get("readOnly", False))
        for m in container["volumeMounts"]
    }


def test_no_pod_runs_as_root_and_every_container_is_confined(cluster):
    # The profile "restricted" of Kubernetes' pod security standards, and a read-only root.
    for name, pod in cluster.pods().items():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    for pod, container in cluster.containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, (pod, container["name"])
    labels = cluster.all("Namespace")[0]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_what_is_written_has_a_volume_of_bounded_size(cluster):
    for pod, container in cluster.containers():
        mounted = mounts(cluster, pod, container)
        settings = cluster.settings_of(container)
        written = [settings[name] for name in DIRECTORIES if name in settings]
        for path in written:
            assert mounted[path][1], (pod, container["name"], path)
        for path, (volume, writable) in mounted.items():
            if writable and "emptyDir" in volume:
                assert "sizeLimit" in volume["emptyDir"], (pod, path)
            assert not writable or volume.keys() & {"emptyDir", "persistentVolumeClaim"}, path


def test_derived_files_go_to_a_writable_cache_volume(cluster):
    (api,) = cluster.pods()["api"]["spec"]["containers"]
    volume, writable = mounts(cluster, "api", api)[cluster.settings_of(api)["WHEREFORE_CACHE_DIR"]]
    assert writable
    assert "emptyDir" in volume


def test_no_secret_is_in_a_manifest(cluster, root):
    assert cluster.all("Secret") == []
    for path in (root / "k8s").rglob("*.yaml"):
        assert not LONG_RANDOM.search(path.read_text()), path
    for pod, container in cluster.containers():
        for name, value in cluster.settings_of(container).items():
            assert value is None or not SECRET.search(name), (pod, name)


def secrets_named(cluster):
    """(secret, key) pairs that pods ask for."""
    named = set()
    for _, container in cluster.containers():
        for variable in container.get("env", []):
            if "secretKeyRef" in variable.get("valueFrom", {}):
                reference = variable["valueFrom"]["secretKeyRef"]
                named.add((reference["name"], reference["key"]))
    for pod in cluster.pods().values():
        for volume in pod["spec"]["volumes"]:
            for item in volume.get("secret", {}).get("items", []):
                named.add((volume["secret"]["secretName"], item["key"]))
    return named


def test_the_readme_says_how_to_make_every_secret(cluster, root):
    readme = (root / "k8s" / "README.md").read_text()
    commands = re.findall(r"create secret generic (\S+) (.+)", re.sub(r"\\\n\s*", "", readme))
    made = {
        (name, key)
        for name, rest in commands
        for key in re.findall(r"--from-(?:literal|file)=([\w.-]+)=", rest)
    }
    assert made == secrets_named(cluster)


def test_whatever_asks_a_database_has_the_authority_of_its_certificate(cluster):
    asking = {"WHEREFORE_DATABASE_URL", "WHEREFORE_MONITORING_DATABASE_URL"}
    asking |= {"MLFLOW_BACKEND_STORE_URI"}
    found = set()
    for pod, container in cluster.containers():
        settings = cluster.settings_of(container)
        if asking & settings.keys():
            found.add(pod)
            mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
            assert settings["PGSSLROOTCERT"] == mounts["database-authority"] + "/ca.crt", pod
    assert found == {"api", "purge", "mlflow"}


def test_no_node_that_the_api_does_not_tolerate_counts_when_it_is_spread(cluster):
    constraints = cluster.pods()["api"]["spec"]["topologySpreadConstraints"]
    assert {c["nodeTaintsPolicy"] for c in constraints} == {"Honor"}


def test_mlflow_answers_to_what_it_is_called_from_another_namespace(cluster):
    (container,) = cluster.pods()["mlflow"]["spec"]["containers"]
    (allowed,) = [a for a in container["args"] if a.startswith("--allowed-hosts=")]
    namespace = cluster.one("Deployment", "mlflow")["metadata"]["namespace"]
    names = {"mlflow", *(f"mlflow.{namespace}{end}" for end in ("", ".svc", ".svc.cluster.local"))}
    told = allowed.removeprefix("--allowed-hosts=").split(",")
    assert {f"{name}:5000" for name in names} <= set(told)


def test_every_image_has_a_fixed_tag(cluster):
    for pod, container in cluster.containers():
        assert re.fullmatch(r"\S+:v?\d+\.\d+\.\d+", container["image"]), (pod, container["image"])


def test_every_container_asks_for_what_it_needs_and_bounds_its_memory(cluster):
    for pod, container in cluster.containers():
        resources = container["resources"]
        assert {"cpu", "memory"} <= resources["requests"].keys(), (pod, container["name"])
        assert "memory" in resources["limits"], (pod, container["name"])
        # A limit on processors halts a request in its middle.
        assert "cpu" not in resources["limits"]


def test_torchserve_alone_has_a_gpu(cluster):
    with_gpu = {
        (pod, container["name"])
        for pod, container in cluster.containers()
        if "nvidia.com/gpu" in container["resources"]["limits"]
    }
    assert with_gpu == {("torchserve", "torchserve")}


def test_what_answers_requests_is_spread_over_nodes_and_zones_and_drained_one_by_one(cluster):
    for name in ("api", "torchserve"):
        spread = cluster.pods()[name]["spec"]["topologySpreadConstraints"]
        assert {c["topologyKey"] for c in spread} == {
            "topology.kubernetes.io/zone", "kubernetes.io/hostname",
        }  # fmt: skip
        labels = cluster.pods()[name]["metadata"]["labels"]
        assert all(c["labelSelector"]["matchLabels"] == labels for c in spread)
        assert cluster.one("PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1


def test_every_pod_that_stays_is_probed(cluster):
    for found in cluster.all("Deployment"):
        containers = found["spec"]["template"]["spec"]["containers"]
        assert any("readinessProbe" in c for c in containers), found["metadata"]["name"]
