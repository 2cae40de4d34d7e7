"""Every alert rule is valid, and fires when it should and only then."""

import re
import shutil
import subprocess

import promql_parser as promql
import pytest
import yaml

SEVERITIES = {"critical", "warning"}


@pytest.fixture(scope="module")
def groups(root):
    return yaml.safe_load((root / "k8s" / "monitoring" / "alerts.yaml").read_text())["spec"]


@pytest.fixture(scope="module")
def rules(groups):
    return {rule["alert"]: rule for group in groups["groups"] for rule in group["rules"]}


@pytest.fixture(scope="module")
def rule_tests(root):
    return yaml.safe_load((root / "k8s" / "monitoring" / "alerts-test.yaml").read_text())


def expectations(rule_tests):
    return [(t, row) for t in rule_tests["tests"] for row in t["alert_rule_test"]]


@pytest.fixture(scope="module")
def intervals(groups):
    """Alert -> how often it is looked at, where its group says so."""
    return {
        rule["alert"]: group["interval"]
        for group in groups["groups"]
        if "interval" in group
        for rule in group["rules"]
    }


def test_every_alert_fires_as_its_tests_say_and_at_no_other_time(
    rules, rule_tests, firing, intervals
):
    for test, row in expectations(rule_tests):
        expected = [alert["exp_labels"] for alert in row["exp_alerts"]]
        every = intervals.get(row["alertname"], rule_tests["evaluation_interval"])
        found = firing(rules[row["alertname"]], test, at=row["eval_time"], every=every)
        assert found == expected, (test["name"], row["alertname"], row["eval_time"])


def test_each_namespace_is_told_of_its_own_outage(clusters):
    for cluster in clusters.values():
        found = cluster.one("PrometheusRule", "wherefore")
        rules = {r["alert"]: r for group in found["spec"]["groups"] for r in group["rules"]}
        namespace = f'namespace="{found["metadata"]["namespace"]}"'
        assert rules["WhereforeDown"]["expr"] == f"absent(wherefore_model_info{{{namespace}}})"


def test_every_alert_is_fired_once(rules, rule_tests):
    fired = {row["alertname"] for _, row in expectations(rule_tests) if row["exp_alerts"]}
    assert fired == set(rules)


def test_every_alert_stays_silent_in_a_test_beside_it(rules, rule_tests):
    # Silent before its time, or in another namespace of the same test.
    silent = {row["alertname"] for _, row in expectations(rule_tests) if not row["exp_alerts"]}
    beside = {
        row["alertname"]
        for test, row in expectations(rule_tests)
        if len(set(re.findall(r'namespace="([\w-]+)"', str(test["input_series"])))) > 1
    }
    assert silent | beside == set(rules)


def test_promtool_says_the_same_where_it_is_installed(groups, root, tmp_path):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool (Debian: apt-get install prometheus)")
    full, bare = tmp_path / "full.yaml", tmp_path / "alerts-rules.yaml"
    full.write_text(yaml.safe_dump(groups))
    # promtool compares annotations too; what they say is not what is tested here.
    for group in groups["groups"]:
        group["rules"] = [
            {name: value for name, value in rule.items() if name != "annotations"}
            for rule in group["rules"]
        ]
    bare.write_text(yaml.safe_dump(groups))
    tests = shutil.copy(root / "k8s" / "monitoring" / "alerts-test.yaml", tmp_path)
    for command in (["check", "rules", str(full)], ["test", "rules", str(tests)]):
        done = subprocess.run(
            [promtool, *command], capture_output=True, check=False, text=True, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_alert_says_how_bad_it_is_what_happened_and_what_to_do(rules):
    for name, rule in rules.items():
        assert name.startswith("Wherefore")
        assert rule["labels"].keys() == {"severity"}
        assert rule["labels"]["severity"] in SEVERITIES
        assert rule["annotations"].keys() == {"summary", "action"}
        assert all(len(text) > 20 for text in rule["annotations"].values())


def test_a_summary_names_only_labels_that_its_expression_keeps(rules):
    for name, rule in rules.items():
        kept = set(re.split(r",\s*", ",".join(re.findall(r"by \(([\w, ]+)\)", rule["expr"]))))
        kept |= set(re.findall(r'absent\(\w+\{(\w+)="', rule["expr"]))
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert named <= kept, name


def test_every_expression_is_a_vector_or_a_comparison_of_one(rules):
    for rule in rules.values():
        assert isinstance(promql.parse(rule["expr"]), promql.BinaryExpr | promql.Call)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(a[5m])", {(): 0.5}),
        ("increase(a[5m])", {(): 150.0}),
        ("absent(a)", {}),
        ("absent(c)", {(): 1.0}),
        ("sum(rate(a[5m])) / sum(rate(b[5m]))", {(): 0.25}),
        ("sum(rate(a[5m])) > 0.4", {(): 0.5}),
        ("sum(rate(a[5m])) > 0.6", {}),
        ("sum(a) unless sum(b)", {}),
    ],
)
def test_the_stand_in_for_prometheus_knows_these_answers(evaluate, expression, expected):
    found = evaluate(expression, at=1200, a="0+30x30", b="0+120x30")
    assert found == {labels: pytest.approx(value) for labels, value in expected.items()}
