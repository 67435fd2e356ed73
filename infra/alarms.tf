# Ten alarms on the figures that the bot writes into its log (chalicelib/adapters/telemetry/emf.py)
# and on the dead letters; docs/runbook.md has a section for each.

locals {
  has_alarms = coalesce(var.alarms, local.is_prod)

  # Ten metrics are free in an account, and prod's; a second stage has them where somebody looks at them.
  cloudwatch_metrics = local.is_prod || local.has_alarms || var.dashboard ? "yes" : "no"

  # What is silent after the last tick: a count is over, a state still holds.
  silence_means = { count = "notBreaching", state = "ignore" }

  figures = merge(
    {
      OldestOpenSignalSec = { kind = "state", above = 600, means = "An alert has been due for ten minutes and has no outcome." }
      OrdersHeld          = { kind = "state", above = 0, means = "An order of unknown fate waits for the owner's word." }
      UnknownOrderAgeSec  = { kind = "state", above = 600, means = "An order was sent ten minutes ago and its fate is not known." }
      LedgerDrift         = { kind = "state", above = 0, means = "Coins are missing at the venue, or an order rests there that may be another bot's." }
      BreakerOpen         = { kind = "state", above = 0, means = "An account has stopped buying by itself, or is banned." }
      KeyAuthErrors       = { kind = "count", above = 0, means = "The venue refuses the keys." }
      Webhook5xx          = { kind = "count", above = 0, means = "An alert could not be stored." }
      DailyLossStop       = { kind = "state", above = 0, means = "A daily loss stop holds back entries." }
    },
    var.quarantine_alarm ? {
      SignalsQuarantined = { kind = "count", above = 0, means = "An alert could not become a signal." }
    } : {}
  )
}

# Not encrypted with a key of AWS's own, which CloudWatch could not use; alarms name no secrets.
resource "aws_sns_topic" "alarms" {
  name = "${local.name}-alarms"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsAndBudgetsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == "" ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "heartbeat" {
  count = local.has_alarms ? 1 : 0

  alarm_name          = "${local.name}-TickHeartbeat"
  alarm_description   = "No tick has ended well for two intervals: nothing trades. docs/runbook.md: TickHeartbeat missing"
  namespace           = "crypto-bot"
  metric_name         = "TickHeartbeat"
  dimensions          = { stage = var.stage }
  statistic           = "Sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60 * var.tick_minutes
  evaluation_periods  = 2
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "figure" {
  for_each = local.has_alarms ? local.figures : {}

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "${each.value.means} docs/runbook.md: ${each.key}"
  namespace           = "crypto-bot"
  metric_name         = each.key
  dimensions          = { stage = var.stage }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = max(300, 60 * var.tick_minutes)
  evaluation_periods  = 1
  treat_missing_data  = local.silence_means[each.value.kind]
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  count = local.has_alarms ? 1 : 0

  alarm_name          = "${local.name}-DeadLetters"
  alarm_description   = "A wake-up of a function failed for good and was put aside. docs/runbook.md: Dead letters"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
