# Bots on AWS: what becomes of their functions' failures, and the network in which their code can be
# shut in. The functions, their roles and the schedule are Chalice's; docs/bots.md says what they do.

locals {
  run_bots     = "crypto_bot-${var.stage}-run_bots"
  bot_sandbox  = "crypto_bot-${var.stage}-bot_sandbox"
  has_run_bots = contains(local.deployed, local.run_bots)

  bot_alarms = {
    RunBots = {
      function = local.run_bots, metric = "Errors"
      means    = "The function that runs the deployed bots has failed twice: they see no candles."
    }
    BotSandbox = {
      function = local.bot_sandbox, metric = "Throttles"
      means    = "There was no room to run the code of bots: more of it was called than may run at once."
    }
  }
}

# The next scheduled run does all that a failed one has left, so none is repeated.
resource "aws_lambda_function_event_invoke_config" "run_bots" {
  count = local.has_run_bots ? 1 : 0

  function_name                = local.run_bots
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 300
}

resource "aws_cloudwatch_metric_alarm" "bots" {
  for_each = var.bot_alarms ? local.bot_alarms : {}

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "${each.value.means} docs/runbook.md: Bots on AWS"
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = each.value.function }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 900
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

module "bot_network" {
  source = "./modules/sealed_network"
  count  = var.bot_network ? 1 : 0

  name = "${local.name}-bots"
}
