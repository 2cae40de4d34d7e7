"""k8s/ray: one backlog on a cluster that the KubeRay operator makes.

No package carries the operator's resource definition. Its own fields are checked against those it
documents (API reference of ray.io/v1, KubeRay 1.4), its pods against the schema of Kubernetes.
"""

import re
import shlex
import tomllib
from importlib import metadata

import pytest
import typer

from serving.cli import score
from serving.settings import load_settings

KUBERNETES_VERSIONS = ("1.34", "1.37")
FIELDS = {
    "cluster": {
        "headGroupSpec", "workerGroupSpecs", "rayVersion", "enableInTreeAutoscaling",
        "autoscalerOptions", "headServiceAnnotations", "suspend", "managedBy",
        "gcsFaultToleranceOptions",
    },
    "head": {"serviceType", "headService", "enableIngress", "rayStartParams", "template"},
    "workers": {
        "groupName", "replicas", "minReplicas", "maxReplicas", "numOfHosts", "rayStartParams",
        "template", "scaleStrategy", "suspend", "idleTimeoutSeconds",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def objects(root, rendered):
    found = rendered(root / "k8s" / "ray")
    return {(o["kind"], o["metadata"]["name"]): o for o in found}


@pytest.fixture(scope="module")
def spec(objects):
    return objects["RayCluster", "backlog"]["spec"]


@pytest.fixture(scope="module")
def templates(objects, spec):
    (workers,) = spec["workerGroupSpecs"]
    return {
        "head": spec["headGroupSpec"]["template"],
        "worker": workers["template"],
        "job": objects["Job", "backlog"]["spec"]["template"],
    }


def environment(template):
    (container,) = template["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_every_object_and_every_pod_is_valid(objects, templates, refusal, version):
    known = [found for found in objects.values() if found["kind"] != "RayCluster"]
    assert len(known) == 4
    pods = [
        {"apiVersion": "v1", "kind": "Pod"} | template
        for name, template in templates.items()
        if name != "job"
    ]
    assert [refusal(found, version) for found in [*known, *pods]] == [None] * 6


def test_the_cluster_has_the_fields_that_the_operator_documents(objects, spec):
    assert objects["RayCluster", "backlog"]["apiVersion"] == "ray.io/v1"
    assert spec.keys() <= FIELDS["cluster"]
    assert {"rayStartParams", "template"} <= spec["headGroupSpec"].keys() <= FIELDS["head"]
    for group in spec["workerGroupSpecs"]:
        assert group.keys() <= FIELDS["workers"]
        assert {"groupName", "minReplicas", "maxReplicas", "rayStartParams"} <= group.keys()
        assert group["minReplicas"] == group["replicas"] == group["maxReplicas"]
        # The operator passes them on as they are: strings only.
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_head_and_packages_are_of_one_version(spec, root):
    pins = (root / "configs" / "constraints.txt").read_text()
    (pinned,) = re.findall(r"^ray==(\S+)", pins, re.MULTILINE)
    assert spec["rayVersion"] == pinned
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert any("ray[data]" in line for line in project["optional-dependencies"]["ray"])
    assert metadata.version("ray") == pinned


def test_nothing_is_told_to_rays_makers_and_there_is_no_dashboard(spec, templates):
    start = spec["headGroupSpec"]["rayStartParams"]
    assert (start["include-dashboard"], start["disable-usage-stats"]) == ("false", "true")
    for template in templates.values():
        assert environment(template)["RAY_USAGE_STATS_ENABLED"] == "0"


def test_no_pod_runs_as_root_and_every_container_is_confined(templates):
    for template in templates.values():
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]
        for volume in pod["volumes"]:
            assert "persistentVolumeClaim" in volume or "sizeLimit" in volume["emptyDir"]


def test_a_backlog_is_scored_by_the_model_of_production(root, objects):
    overlay = (root / "k8s" / "overlays" / "production" / "kustomization.yaml").read_text()
    (served,) = re.findall(r"WHEREFORE_MODEL=(\S+)", overlay)
    (script,) = objects["Job", "backlog"]["spec"]["template"]["spec"]["containers"][0]["args"]
    (command,) = (line for line in script.splitlines() if "wherefore score" in line)
    words = shlex.split(command)
    assert words[words.index("--model") + 1] == served


def test_a_worker_is_one_scorer_and_the_job_waits_for_all_of_them(objects, spec, templates):
    (group,) = spec["workerGroupSpecs"]
    cores = {
        group["rayStartParams"]["num-cpus"],
        templates["worker"]["spec"]["containers"][0]["resources"]["requests"]["cpu"],
        *(environment(template)["WHEREFORE_THREADS"] for template in templates.values()),
    }
    assert len(cores) == 1
    assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    (script,) = objects["Job", "backlog"]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert f'.get("CPU", 0) < {int(cores.pop()) * group["replicas"]}:' in script
    assert "--num-cpus=0" in script


def test_the_job_is_a_command_that_exists_on_files_that_every_node_has(objects, templates):
    (container,) = templates["job"]["spec"]["containers"]
    (line,) = [x for x in container["args"][0].splitlines() if x.startswith("exec wherefore ")]
    _, _, name, source, output, *options = shlex.split(line)
    assert name == "score"
    assert options[:2] == ["--engine", "ray"]
    app = typer.Typer()
    app.command()(score)
    known = {option for p in typer.main.get_command(app).params for option in p.opts}
    assert "--engine" in known
    for template in templates.values():
        (container,) = template["spec"]["containers"]
        shared = {v["name"] for v in template["spec"]["volumes"] if "persistentVolumeClaim" in v}
        paths = {m["mountPath"] for m in container["volumeMounts"] if m["name"] in shared}
        assert paths == {"/backlog"}
    assert source.startswith("/backlog/")
    assert output.startswith("/backlog/")
    claim = objects["PersistentVolumeClaim", "ray-backlog"]["spec"]
    assert claim["accessModes"] == ["ReadWriteMany"]


def test_every_variable_is_a_setting_of_ours_or_of_a_library(templates, monkeypatch):
    for template in templates.values():
        for name, value in environment(template).items():
            assert name.startswith(("WHEREFORE_", "RAY_", "MLFLOW_", "HF_"))
            monkeypatch.setenv(name, value)
        load_settings()


def test_the_nodes_are_reached_by_one_another_alone(objects, templates):
    policy = objects["NetworkPolicy", "ray"]["spec"]
    labels = policy["podSelector"]["matchLabels"]
    for template in templates.values():
        assert labels.items() <= template["metadata"]["labels"].items()
    assert policy["ingress"] == [{"from": [{"podSelector": {"matchLabels": labels}}]}]


def test_the_job_looks_for_the_head_where_the_operator_puts_its_service(objects, templates):
    name = objects["RayCluster", "backlog"]["metadata"]["name"]
    assert environment(templates["job"])["RAY_ADDRESS"] == f"{name}-head-svc:6379"


def test_the_image_is_built_with_the_extra(root, templates):
    dockerfile = (root / "k8s" / "images" / "api.Dockerfile").read_text()
    assert 'pip install --constraint configs/constraints.txt ".${EXTRAS}"' in dockerfile
    readme = (root / "k8s" / "README.md").read_text()
    assert "--build-arg EXTRAS=[ray]" in readme
    for template in templates.values():
        (container,) = template["spec"]["containers"]
        assert re.fullmatch(r"\S+/wherefore-ray:\d+\.\d+\.\d+", container["image"])
