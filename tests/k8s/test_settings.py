"""What a manifest or an image names of the product exists in the product."""

import re
import tomllib
from importlib import import_module
from pathlib import PurePosixPath

import pytest
import typer

from serving.api.explanation_routes import explanation_router
from serving.api.routes import keyed_router, open_router
from serving.api.time_limits import SPARE_SECONDS
from serving.settings import ENV_PREFIX, Settings, load_settings
from serving.torchserve.keys import PUBLISHED_NAME, Keys
from serving.torchserve.process import STOP_SECONDS, Ports
from serving.torchserve.wire import MAX_BODY_BYTES, MODEL_NAME

# Read by libraries, or in other variables, not by Settings.
FOREIGN = {
    "POD_NAME",
    "PGSSLROOTCERT",
    "MLFLOW_TRACKING_URI", "MLFLOW_BACKEND_STORE_URI", "MLFLOW_DISABLE_TELEMETRY", "HF_HUB_OFFLINE",
}  # fmt: skip
# A value of the right kind for whatever a secret would bring.
IN_SECRETS = {
    "WHEREFORE_DATABASE_URL": "postgresql+psycopg://wherefore@postgresql/wherefore",
    "WHEREFORE_MONITORING_DATABASE_URL": "postgresql+psycopg://other@postgresql/monitoring",
    "WHEREFORE_ENCRYPTION_KEYS": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "WHEREFORE_REDIS_URL": "redis://redis:6379/0",
}
ANY_SECRET = "a-secret-of-more-than-32-characters"
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@pytest.fixture
def set_environment(monkeypatch):
    def set_all(values):
        for name, value in values.items():
            monkeypatch.setenv(name, IN_SECRETS.get(name, ANY_SECRET) if value is None else value)

    return set_all


@pytest.fixture(scope="module")
def commands(root):
    """Name of a subcommand -> where its function is, as pyproject.toml says."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return project["entry-points"]["wherefore.commands"]


def ours(cluster):
    return [
        (pod, container)
        for pod, container in cluster.containers()
        if container["image"].rpartition("/")[2].startswith(("wherefore-api", "wherefore-torch"))
    ]


def test_every_variable_is_a_setting_of_ours_or_of_a_library(cluster, set_environment):
    for _, container in cluster.containers():
        settings = cluster.settings_of(container)
        foreign = {name for name in settings if not name.startswith(ENV_PREFIX)}
        assert foreign <= FOREIGN
        set_environment(settings)
        load_settings()


def test_every_variable_in_an_image_is_a_setting(root, set_environment):
    for path in (root / "k8s" / "images").glob("*.Dockerfile"):
        named = dict(re.findall(r"(WHEREFORE_\w+)=(\S+)", path.read_text()))
        set_environment(named)
        load_settings()


def test_every_setting_that_a_text_names_is_one(root):
    known = {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields}
    for path in (root / "k8s").rglob("*"):
        if path.is_file():
            assert set(re.findall(r"WHEREFORE_[A-Z_]+", path.read_text())) <= known, path


def test_the_port_of_the_api_is_the_one_it_is_told(cluster):
    (container,) = cluster.pods()["api"]["spec"]["containers"]
    port = cluster.settings_of(container)["WHEREFORE_PORT"]
    assert [p["containerPort"] for p in container["ports"]] == [int(port)]


def test_probes_scrapes_and_doors_name_routes_that_exist(cluster):
    open_paths = {route.path for route in open_router.routes}
    (container,) = cluster.pods()["api"]["spec"]["containers"]
    probed = {container[probe]["httpGet"]["path"] for probe in PROBES}
    scraped = {e["path"] for e in cluster.one("PodMonitor", "api")["spec"]["podMetricsEndpoints"]}
    assert probed | scraped <= open_paths
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health"
    doors = cluster.one("Ingress", "api")["spec"]["rules"][0]["http"]["paths"]
    assert {door["path"] for door in doors} == {"/api", "/docs", "/openapi.json"}
    assert keyed_router.prefix.startswith("/api/")


def test_a_pod_has_time_to_answer_what_it_took(cluster):
    pod = cluster.pods()["api"]["spec"]
    (container,) = pod["containers"]
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = int(cluster.settings_of(container)["WHEREFORE_SHUTDOWN_GRACE_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] > pause + grace


def test_torchserve_outlives_the_gateway_in_front_of_it(cluster):
    pod = cluster.pods()["torchserve"]["spec"]
    pauses = {c["name"]: c["lifecycle"]["preStop"]["sleep"]["seconds"] for c in pod["containers"]}
    assert pauses["torchserve"] >= pauses["gateway"] + 10
    assert pod["terminationGracePeriodSeconds"] > pauses["torchserve"] + STOP_SECONDS


@pytest.mark.parametrize("name", ["api", "explanations"])
def test_the_ingress_leaves_size_and_time_to_the_api(cluster, name):
    prefix, settings = "nginx.ingress.kubernetes.io/proxy-", Settings()
    annotations = cluster.one("Ingress", name)["metadata"]["annotations"]
    size = annotations[prefix + "body-size"]
    assert size.endswith("m")
    largest = max(settings.max_body_bytes, settings.max_upload_bytes)
    assert int(size.removesuffix("m")) * 2**20 > largest
    for wait in ("read-timeout", "send-timeout"):
        assert int(annotations[prefix + wait]) > settings.request_timeout_seconds + SPARE_SECONDS
    assert annotations[prefix + "request-buffering"] == "off"


def test_whoever_asks_for_an_explanation_is_led_to_the_replica_that_makes_it(cluster):
    ingress = cluster.one("Ingress", "explanations")
    by = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/upstream-hash-by"]
    assert by == "$http_x_api_key$http_authorization$http_cookie"
    (rule,) = ingress["spec"]["rules"]
    (door,) = rule["http"]["paths"]
    assert {r.path.partition("/{")[0] for r in explanation_router.routes} == {door["path"]}
    everything = cluster.one("Ingress", "api")["spec"]
    assert (rule["host"], ingress["spec"]["tls"]) == (
        everything["rules"][0]["host"],
        everything["tls"],
    )


def test_the_threads_of_an_inference_are_the_processors_asked_for(cluster):
    (container,) = cluster.pods()["api"]["spec"]["containers"]
    threads = cluster.settings_of(container)["WHEREFORE_THREADS"]
    assert container["resources"]["requests"]["cpu"] == threads


def test_the_commands_of_our_images_exist_with_their_options(cluster, root, commands):
    for pod, container in ours(cluster):
        name, *arguments = container["args"]
        assert name in commands, (pod, name)
        module, _, attribute = commands[name].partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            command = typer.main.get_command(found).commands[arguments.pop(0)]
        else:
            app = typer.Typer()
            app.command()(found)
            command = typer.main.get_command(app)
        known = {option for p in command.params for option in p.opts}
        assert {word for word in arguments if word.startswith("--")} <= known, (pod, name)
    for path in (root / "k8s" / "images").glob("*.Dockerfile"):
        if '["wherefore"]' in (text := path.read_text()):
            assert re.search(r'CMD \["(\w+)"\]', text)[1] in commands


def test_api_and_torchserve_read_one_model(cluster):
    named = {cluster.settings_of(container)["WHEREFORE_MODEL"] for _, container in ours(cluster)}
    assert len(named) == 1
    assert re.fullmatch(r"models:/\w+@(champion|challenger)", named.pop())


def service_address(cluster, url):
    """(pod, port of the pod) behind the URL of a service."""
    name, port = re.fullmatch(r"http://([\w-]+):(\d+)", url).groups()
    service = cluster.one("Service", name)
    (offered,) = [p for p in service["spec"]["ports"] if p["port"] == int(port)]
    containers = cluster.pods()[name]["spec"]["containers"]
    ports = {p["name"]: p["containerPort"] for c in containers for p in c.get("ports", [])}
    return name, ports[offered["targetPort"]]


@pytest.mark.parametrize(
    ("variable", "pod"),
    [("WHEREFORE_TORCHSERVE_URL", "torchserve"), ("MLFLOW_TRACKING_URI", "mlflow")],
)
def test_the_addresses_in_settings_are_those_of_services(cluster, variable, pod):
    (container,) = cluster.pods()["api"]["spec"]["containers"]
    assert service_address(cluster, cluster.settings_of(container)[variable])[0] == pod


@pytest.fixture
def gateway(cluster):
    (name,) = [
        o["metadata"]["name"]
        for o in cluster.all("ConfigMap")
        if o["metadata"]["name"].startswith("torchserve-gateway")
    ]
    return cluster.one("ConfigMap", name)["data"]


def test_the_gateway_stands_before_torchserve_and_names_our_model(cluster, gateway):
    conf = gateway["gateway.conf"]
    assert f"location = /predictions/{MODEL_NAME} " in conf
    assert f"proxy_pass http://torchserve/predictions/{MODEL_NAME};" in conf
    assert f"server 127.0.0.1:{Ports().inference};" in conf
    assert f"client_max_body_size {MAX_BODY_BYTES};" in conf
    (port,) = re.findall(r"listen (\d+);", conf)
    assert service_address(cluster, "http://torchserve:8080") == ("torchserve", int(port))


def path_of(cluster, pod, container_name, volume):
    (container,) = [
        c for c in cluster.pods()[pod]["spec"]["containers"] if c["name"] == container_name
    ]
    (mount,) = [m for m in container["volumeMounts"] if m["name"] == volume]
    return PurePosixPath(mount["mountPath"])


def test_the_keys_lie_where_each_side_looks_for_them(cluster, gateway):
    named = dict(re.findall(r"const (\w+)_KEY_FILE = '(.+)';", gateway["gateway.js"]))
    (api,) = cluster.pods()["api"]["spec"]["containers"]
    torchserve = cluster.pods()["torchserve"]["spec"]["containers"][0]
    state = path_of(cluster, "torchserve", "torchserve", "state")
    assert str(state) == cluster.settings_of(torchserve)["WHEREFORE_STATE_DIR"]
    shared = path_of(cluster, "torchserve", "gateway", "shared-key") / PUBLISHED_NAME
    own = path_of(cluster, "torchserve", "gateway", "state") / "torchserve" / PUBLISHED_NAME
    assert named == {"SHARED": str(shared), "OWN": str(own)}
    of_api = path_of(cluster, "api", "api", "torchserve-key") / PUBLISHED_NAME
    assert cluster.settings_of(api)["WHEREFORE_TORCHSERVE_KEY_FILE"] == str(of_api)


def test_the_gateway_and_torchserve_are_one_user_since_the_key_is_readable_by_its_owner(cluster):
    spec = cluster.pods()["torchserve"]["spec"]
    assert spec["securityContext"]["runAsUser"] == 10001
    assert not [c for c in spec["containers"] if "runAsUser" in c["securityContext"]]


def test_the_shared_key_of_the_readme_is_a_key_file(root):
    (example,) = re.findall(r"'(\{\"inference\".+?\})'", (root / "k8s" / "README.md").read_text())
    keys = Keys.model_validate_json(example.replace("%s", "a-key"))
    assert keys.inference.key.get_secret_value() == "a-key"
    assert keys.inference.expires is None
