"""The dashboards are whole, and everything that they and the alerts ask for is measured."""

import json
import re

import promql_parser as promql
import pytest
import yaml
from fake_service import app_of_fakes
from fastapi.testclient import TestClient
from pydantic import SecretStr

from serving.policy import RiskBand
from serving.settings import Settings

COLUMNS = 24
TOKEN = "a-token-for-tests-of-32-characters"
GIVEN_BY_PROMETHEUS = {"namespace", "pod", "le"}
ROUTES = {"/api/v1/predict", "/api/v1/batch-predict"}
NAMES = ("service", "model")


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A service that runs, with a certificate, too."""
    settings = Settings(state_dir=tmp_path_factory.mktemp("state"), metrics_token=SecretStr(TOKEN))
    app = app_of_fakes(settings)
    app.state.metrics.watch_certificate(lambda: 0.0)
    with TestClient(app):
        yield app


@pytest.fixture(scope="module")
def page(app):
    """What Prometheus reads of it."""
    client = TestClient(app, headers={"Authorization": f"Bearer {TOKEN}"})
    return client.get("/metrics").text


@pytest.fixture(scope="module")
def measured(app):
    """Series name -> its labels, of every metric that it has."""
    registry = app.state.metrics.registry
    return {
        name: set(collector._labelnames)
        for collector, names in registry._collector_to_names.items()
        for name in names
    }


@pytest.fixture(scope="module")
def dashboards(root):
    directory = root / "k8s" / "monitoring" / "dashboards"
    return {path.stem: json.loads(path.read_text()) for path in directory.glob("*.json")}


@pytest.fixture(params=NAMES)
def dashboard(request, dashboards):
    return dashboards[request.param]


@pytest.fixture(scope="module")
def expressions(root, dashboards):
    rules = yaml.safe_load((root / "k8s" / "monitoring" / "alerts.yaml").read_text())["spec"]
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    for dashboard in dashboards.values():
        for panel in dashboard["panels"]:
            asked += [target["expr"] for target in panel["targets"]]
    autoscaling = (root / "k8s" / "base" / "api" / "autoscaling.yaml").read_text()
    scaled = yaml.safe_load(autoscaling)["spec"]["triggers"]
    asked += [trigger["metadata"]["query"] for trigger in scaled]
    return [expression.replace("$__rate_interval", "5m") for expression in asked]


def selectors(node):
    """The vector selectors of an expression."""
    if isinstance(node, promql.VectorSelector):
        return [node]
    if isinstance(node, promql.MatrixSelector):
        return [node.vector_selector]
    below = [getattr(node, name, None) for name in ("expr", "lhs", "rhs")]
    below += list(getattr(node, "args", []))
    return [found for part in below if part is not None for found in selectors(part)]


def test_every_metric_that_is_asked_for_is_measured(expressions, measured):
    named = {s.name for expression in expressions for s in selectors(promql.parse(expression))}
    assert named
    assert named <= set(measured)


def test_every_metric_that_is_asked_for_stands_on_the_page_that_is_scraped(expressions, page):
    told = set(re.findall(r"^# TYPE (\w+) ", page, re.MULTILINE))
    named = {s.name for expression in expressions for s in selectors(promql.parse(expression))}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in named} <= told


def test_every_label_that_is_asked_for_is_one_of_its_metric(expressions, measured):
    for expression in expressions:
        known = set()
        for selector in selectors(promql.parse(expression)):
            known |= measured[selector.name] | GIVEN_BY_PROMETHEUS
            asked = {matcher.name for matcher in selector.matchers.matchers}
            assert asked <= measured[selector.name] | GIVEN_BY_PROMETHEUS, expression
        grouped = re.findall(r"(?:by|ignoring|without) \(([\w, ]+)\)", expression)
        assert {label for group in grouped for label in re.split(r",\s*", group)} <= known


def test_every_value_that_is_asked_for_can_come(expressions):
    values = {"route": ROUTES, "risk_band": {band.value for band in RiskBand}}
    for expression in expressions:
        for selector in selectors(promql.parse(expression)):
            for matcher in selector.matchers.matchers:
                assert matcher.value in values.get(matcher.name, {matcher.value}), expression


def test_both_dashboards_are_there_and_have_names_of_their_own(dashboards):
    assert set(dashboards) == set(NAMES)
    assert len({d["uid"] for d in dashboards.values()}) == len(dashboards)
    assert len({d["title"] for d in dashboards.values()}) == len(dashboards)


def test_a_dashboard_has_what_grafana_asks_for(dashboard):
    assert {"uid", "title", "panels", "schemaVersion", "templating", "time"} <= dashboard.keys()
    assert re.fullmatch(r"[\w-]{1,40}", dashboard["uid"])
    assert dashboard["schemaVersion"] >= 39
    # The id is Grafana's to give; one in a file would overwrite another dashboard.
    assert "id" not in dashboard
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    assert variables == {"datasource", "namespace"}


def test_every_panel_is_described_and_asks_the_chosen_source(dashboard):
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert panel["type"] in {"timeseries", "stat"}
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        for target in panel["targets"]:
            assert 'namespace="$namespace"' in target["expr"], panel["title"]
            assert target["datasource"] == panel["datasource"]
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            grouped = re.findall(r"by \(([\w, ]+)\)", target["expr"])
            kept = {label for group in grouped for label in re.split(r",\s*", group)}
            assert shown <= (kept or {"pod"}), panel["title"]


def test_no_panel_lies_over_another_or_over_the_edge(dashboard):
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
