"""The alarms watch what the bot measures, and each leads to its page of the runbook."""

import json
import re
from pathlib import Path

import pytest

from chalicelib.adapters.telemetry.emf import DIMENSION, NAMESPACE
from chalicelib.domain.operation.figures import FIGURES, FigureName

RUNBOOK = (Path(__file__).parents[2] / "docs/runbook.md").read_text(encoding="utf-8")
HEADINGS = set(re.findall(r"^### (.+)$", RUNBOOK, re.MULTILINE))
TOLD_ANYWAY = {FigureName.SIGNALS_QUARANTINED.value}


def alarms(plan):
    """Metric's name to alarm, those on the bot's figures."""
    found = plan.all("aws_cloudwatch_metric_alarm").values()
    return {alarm["metric_name"]: alarm for alarm in found if alarm["namespace"] == NAMESPACE}


def test_all_figures_but_one_have_an_alarm_and_that_one_may_have_it(plans):
    names = {name.value for name in FigureName}
    assert set(alarms(plans["prod"])) == names - TOLD_ANYWAY
    assert set(alarms(plans["everything"])) == names


def test_the_alarms_look_where_the_figures_are_written(plans):
    for alarm in alarms(plans["everything"]).values():
        assert alarm["dimensions"] == {DIMENSION: "prod"}


def test_the_eleventh_is_the_dead_letters_depth(plans):
    found = plans["prod"].all("aws_cloudwatch_metric_alarm")
    assert len(found) == 10
    queue = found["aws_cloudwatch_metric_alarm.dead_letters[0]"]
    assert queue["dimensions"] == {"QueueName": "crypto-bot-prod-dead-letters"}
    assert queue["metric_name"] == "ApproximateNumberOfMessagesVisible"


def test_every_alarm_names_its_section_of_the_runbook(plans):
    for alarm in plans["everything"].all("aws_cloudwatch_metric_alarm").values():
        [heading] = re.findall(r"docs/runbook\.md: (.+)$", alarm["alarm_description"])
        assert heading in HEADINGS


@pytest.mark.parametrize("kind", FIGURES, ids=lambda kind: kind.name)
def test_silence_rings_for_the_heartbeat_keeps_a_state_and_ends_a_count(plans, kind):
    found = alarms(plans["everything"])[kind.name.value]
    if kind.name is FigureName.TICK_HEARTBEAT:
        assert (found["treat_missing_data"], found["evaluation_periods"]) == ("breaching", 2)
        assert (found["comparison_operator"], found["threshold"]) == ("LessThanThreshold", 1)
        return
    assert found["treat_missing_data"] == ("notBreaching" if kind.counts else "ignore")
    assert found["threshold"] == (600 if kind.unit == "Seconds" else 0)


def test_alarms_and_budget_reach_the_owner(plans):
    plan = plans["everything"]
    [mail] = plan.all("aws_sns_topic_subscription").values()
    assert mail["endpoint"] == "owner@example.com"
    assert plan.all("aws_budgets_budget")
    assert not plans["dev_in_an_account_of_its_own"].all("aws_budgets_budget")


def test_there_are_metrics_where_somebody_looks_at_them_and_nowhere_else(plans):
    for name, answer in {
        "dev": "no",
        "prod": "yes",
        "everything": "yes",
        "dev_in_an_account_of_its_own": "yes",
    }.items():
        assert plans[name].outputs["cloudwatch_metrics"] == answer
        assert bool(alarms(plans[name])) == (answer == "yes")


def test_the_dashboard_shows_all_ten_figures(plans):
    [board] = plans["everything"].all("aws_cloudwatch_dashboard").values()
    shown = [w["properties"]["metrics"][0] for w in json.loads(board["dashboard_body"])["widgets"]]
    assert shown == [[NAMESPACE, kind.name.value, DIMENSION, "prod"] for kind in FIGURES]
