"""The overlays as kubectl renders them, and the paths of everything beside them."""

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from cloudcoil.models.prometheus_operator.v1 import PodMonitor, PrometheusRule
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from referencing import Registry, Resource

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ("staging", "production")
CUSTOM = {"ScaledObject": ScaledObject, "PodMonitor": PodMonitor, "PrometheusRule": PrometheusRule}


def program(name):
    """A program that the dev group brings: beside this Python, else on the PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: install the dev group (make install, make test)")
    return found


def kustomize(directory):
    command = [program("kubectl"), "kustomize", str(directory)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        pytest.fail(done.stderr)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


class Cluster:
    """The objects of one overlay."""

    def __init__(self, objects):
        self.objects = objects

    def all(self, kind):
        return [found for found in self.objects if found["kind"] == kind]

    def one(self, kind, name):
        return next(o for o in self.all(kind) if o["metadata"]["name"] == name)

    def pods(self):
        """Name of the deployment or job -> its pod template, with labels and spec."""
        jobs = [o["spec"]["jobTemplate"] | {"metadata": o["metadata"]} for o in self.all("CronJob")]
        return {
            o["metadata"]["name"]: o["spec"]["template"] for o in [*self.all("Deployment"), *jobs]
        }

    def containers(self):
        """(pod, container) for every container, those that run first included."""
        return [
            (name, container)
            for name, pod in self.pods().items()
            for part in ("initContainers", "containers")
            for container in pod["spec"].get(part, [])
        ]

    def settings_of(self, container):
        """What a container reads from its environment: name -> value; None for a secret's."""
        values = {}
        for source in container.get("envFrom", []):
            values |= self.one("ConfigMap", source["configMapRef"]["name"])["data"]
        for variable in container.get("env", []):
            by_field = "fieldRef" in variable.get("valueFrom", {})
            values[variable["name"]] = "api-0" if by_field else variable.get("value")
        return values


@cache
def contents(version, name):
    schemas = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    return Resource.from_contents(json.loads((schemas / name).read_text()))


@cache
def validator(version, kind, api_version):
    """The strict schema of a kind. kubernetes_validate's own function reads 5 MB at each call."""
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    schema = contents(version, f"{kind.lower()}-{group}.json")
    return Draft202012Validator(schema.contents, registry=definitions(version))


@cache
def definitions(version):
    return (contents(version, "_definitions.json") @ Registry()).crawl()


def refused(found, version):
    """Why a cluster would refuse an object; None where it would not."""
    if found["kind"] not in CUSTOM:
        judge = validator(version, found["kind"], found["apiVersion"])
        return next((error.message for error in judge.iter_errors(found)), None)
    try:
        model = CUSTOM[found["kind"]].model_validate(found)
    except ValidationError as error:
        return str(error)
    # The models of custom resources ignore a field that they do not know: it is then gone.
    kept = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return None if kept == found else "a field is not of the resource definition"


@pytest.fixture(scope="session", name="refusal")
def _refusal():
    return refused


@pytest.fixture(scope="session", name="rendered")
def _rendered():
    return kustomize


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def clusters():
    return {
        overlay: Cluster(kustomize(ROOT / "k8s" / "overlays" / overlay)) for overlay in OVERLAYS
    }


@pytest.fixture(params=OVERLAYS)
def cluster(request, clusters):
    return clusters[request.param]


@pytest.fixture(scope="session")
def program_path():
    return program
