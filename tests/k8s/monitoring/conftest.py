"""The part of PromQL that our rules use, so that alerts can be fired without Prometheus.

The parser is Prometheus' own grammar (promql-parser); an expression that uses anything else fails.
Source: prometheus.io/docs/prometheus/latest/querying, and `extrapolatedRate` of its engine.
"""

import operator
import re
from collections import defaultdict
from itertools import pairwise
from statistics import fmean

import promql_parser as promql
import pytest

LOOKBACK_S = 300


def token(expression):
    """The number of the first operation in the text of an expression's tree."""
    return int(re.search(r"op: TokenType\(\s*(\d+)", repr(promql.parse(expression)))[1])


ARITHMETIC = {
    token(f"a {sign} b"): does
    for sign, does in {
        "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    }.items()
}  # fmt: skip
COMPARISONS = {
    token(f"a {sign} b"): does
    for sign, does in {">": operator.gt, "<": operator.lt, "==": operator.eq}.items()
}
UNLESS = token("a unless b")
AGGREGATIONS = {
    token(f"{name}(a)"): does
    for name, does in {"sum": sum, "count": len, "avg": fmean, "min": min, "max": max}.items()
}
MATCHES = {
    "Equal": lambda value, wanted: value == wanted,
    "NotEqual": lambda value, wanted: value != wanted,
    "Re": lambda value, wanted: re.fullmatch(wanted, value) is not None,
    "NotRe": lambda value, wanted: re.fullmatch(wanted, value) is None,
}


def expand(text):
    """The values of a series in promtool's notation; None where there is none."""
    values = []
    for part in text.split():
        gap, start, step, count = re.fullmatch(r"(?:(_)|(\d+)([+-]\d+)?)x(\d+)", part).groups()
        if gap:
            values += [None] * int(count)
        else:
            values += [float(start) + int(step or 0) * n for n in range(int(count) + 1)]
    return values


class Series:
    def __init__(self, written, interval_s):
        name, labels = re.fullmatch(r"(\w+)\{(.*)\}", written["series"]).groups()
        self.labels = dict(re.findall(r'(\w+)="([^"]*)"', labels)) | {"__name__": name}
        values = enumerate(expand(written["values"]))
        self.samples = [(n * interval_s, value) for n, value in values if value is not None]

    def between(self, start, end):
        return [(at, value) for at, value in self.samples if start < at <= end]


class Evaluator:
    """Evaluates expressions over the series of one rule test."""

    def __init__(self, series):
        self.series = series

    def vector(self, expression, at):
        """Labels (sorted pairs) -> value of an expression at a time, seconds."""
        return self._value(promql.parse(expression), at)

    def _value(self, node, at):
        return getattr(self, f"_{type(node).__name__}")(node, at)

    def _ParenExpr(self, node, at):
        return self._value(node.expr, at)

    def _NumberLiteral(self, node, _):
        return node.val

    def _VectorSelector(self, node, at):
        found = {}
        for series in self._matching(node):
            if samples := series.between(at - LOOKBACK_S, at):
                found[key(series.labels)] = samples[-1][1]
        return found

    def _AggregateExpr(self, node, at):
        kept = node.modifier.labels if node.modifier else []
        assert node.modifier is None or str(node.modifier.type).endswith("By")
        groups = defaultdict(list)
        for labels, value in self._value(node.expr, at).items():
            groups[tuple(pair for pair in labels if pair[0] in kept)].append(value)
        does = AGGREGATIONS[operation(node)]
        return {labels: float(does(values)) for labels, values in groups.items()}

    def _BinaryExpr(self, node, at):
        left, right = self._value(node.lhs, at), self._value(node.rhs, at)
        operation_of = operation(node)
        if operation_of == UNLESS:
            return {labels: value for labels, value in left.items() if labels not in right}
        if operation_of in COMPARISONS:
            does = COMPARISONS[operation_of]
            return {labels: value for labels, value in left.items() if does(value, right)}
        does = ARITHMETIC[operation_of]
        if isinstance(right, float):
            return {labels: does(value, right) for labels, value in left.items()}
        pairs = {labels: (left[labels], right[labels]) for labels in left.keys() & right.keys()}
        zero = operation_of == token("a / b")
        return {labels: does(*two) for labels, two in pairs.items() if not zero or two[1]}

    def _Call(self, node, at):
        return getattr(self, f"_call_{node.func.name}")(node.args, at)

    def _call_absent(self, arguments, at):
        (selector,) = arguments
        if self._value(selector, at):
            return {}
        told = {m.name: m.value for m in selector.matchers.matchers if str(m.op).endswith(".Equal")}
        return {key(told): 1.0}

    def _call_time(self, _, at):
        return float(at)

    def _call_increase(self, arguments, at):
        (selector,) = arguments
        width = selector.range.total_seconds()
        found = {}
        for series in self._matching(selector.vector_selector):
            samples = series.between(at - width, at)
            if len(samples) > 1:
                found[key(series.labels, named=False)] = increase(samples, at=at, width=width)
        return found

    def _call_rate(self, arguments, at):
        width = arguments[0].range.total_seconds()
        return {k: value / width for k, value in self._call_increase(arguments, at).items()}

    def _call_histogram_quantile(self, arguments, at):
        quantile, buckets = (self._value(argument, at) for argument in arguments)
        groups = defaultdict(list)
        for labels, count in buckets.items():
            rest = tuple(pair for pair in labels if pair[0] != "le")
            groups[rest].append((float(dict(labels)["le"].replace("+Inf", "inf")), count))
        found = {labels: quantile_of(quantile, sorted(group)) for labels, group in groups.items()}
        return {labels: value for labels, value in found.items() if value is not None}

    def _matching(self, selector):
        wanted = [(str(m.op).split(".")[1], m.name, m.value) for m in selector.matchers.matchers]
        return [
            series
            for series in self.series
            if series.labels["__name__"] == selector.name
            and all(MATCHES[op](series.labels.get(name, ""), value) for op, name, value in wanted)
        ]


def operation(node):
    return int(re.search(r"op: TokenType\(\s*(\d+)", repr(node))[1])


def key(labels, *, named=True):
    return tuple(sorted(pair for pair in labels.items() if named or pair[0] != "__name__"))


def increase(samples, *, at, width):
    """A counter's increase, drawn out to the ends of the range as Prometheus does."""
    (first_at, first), (last_at, last) = samples[0], samples[-1]
    resets = sum(a for (_, a), (_, b) in pairwise(samples) if b < a)
    sampled = last_at - first_at
    between = sampled / (len(samples) - 1)
    risen = last - first + resets
    before, after = first_at - (at - width), at - last_at
    if risen > 0 and first >= 0:
        before = min(before, sampled * first / risen)
    reach = sampled
    for gap in (before, after):
        reach += gap if gap < between * 1.1 else between / 2
    return risen * reach / sampled


def quantile_of(quantile, buckets):
    total = buckets[-1][1]
    if not total:
        return None
    wanted = quantile * total
    index = next(n for n, (_, count) in enumerate(buckets) if count >= wanted)
    if index == len(buckets) - 1:
        return buckets[-2][0]
    bound, count = buckets[index]
    low, below = buckets[index - 1] if index else (0.0, 0.0)
    return low + (bound - low) * (wanted - below) / (count - below)


def seconds(text):
    """The seconds of a duration such as 90m or 7d."""
    number, unit = re.fullmatch(r"(\d+)([smhd])", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[unit]


@pytest.fixture(scope="session")
def firing():
    """The label sets with which a rule fires at a time over the series of a rule test."""

    def labels_of(rule, test, *, at, every):
        series = [Series(written, seconds(test["interval"])) for written in test["input_series"]]
        evaluator = Evaluator(series)
        moments = range(seconds(at) - seconds(rule["for"]), seconds(at) + 1, seconds(every))
        active = [set(evaluator.vector(rule["expr"], moment)) for moment in moments]
        return [dict(labels) | rule["labels"] for labels in set.intersection(*active)]

    return labels_of


@pytest.fixture(scope="session")
def evaluate():
    """The value of an expression over series in promtool's notation, a minute apart."""

    def value(expression, *, at, **series):
        written = [{"series": f"{name}{{}}", "values": v} for name, v in series.items()]
        return Evaluator([Series(w, 60) for w in written]).vector(expression, at)

    return value
