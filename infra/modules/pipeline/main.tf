# The stages of the candles as one state machine: rank -> collect -> load and analyse each instrument
# -> compare the markets. It calls the same functions that have schedules of their own without it,
# with events of the same shape, so a function cannot tell who has called it, nor has it to.

locals {
  machine   = "${var.name}-candles"
  functions = "arn:${var.partition}:lambda:${var.region}:${var.account_id}:function:crypto_bot-${var.stage}"
  stages    = ["rank_markets", "collect_candles", "load_candles", "analyse_instruments", "analyse_markets"]

  # What a schedule sends; JSONPath fills in what ends with a dollar.
  event = {
    version       = "0"
    "id.$"        = "$$.Execution.Name"
    "detail-type" = "Scheduled Event"
    source        = "crypto-bot.pipeline"
    account       = var.account_id
    "time.$"      = "$$.Execution.StartTime"
    region        = var.region
    resources     = []
    detail        = {}
  }
  one_instrument = merge(local.event, {
    detail = { "venue.$" = "$.venue", "symbol.$" = "$.symbol" }
  })

  # A venue or a store that is away may be back in a minute. What the owner has to mend is not tried
  # again before the next run.
  retry = [
    { ErrorEquals = ["SettingsError"], MaxAttempts = 0 },
    { ErrorEquals = ["States.ALL"], IntervalSeconds = 15, BackoffRate = 2, MaxAttempts = 3, JitterStrategy = "FULL" },
  ]
  calls = {
    for name in local.stages : name => {
      Type     = "Task"
      Resource = "arn:${var.partition}:states:::lambda:invoke"
      Parameters = {
        FunctionName = "${local.functions}-${name}"
        Payload      = contains(["load_candles", "analyse_instruments"], name) ? local.one_instrument : local.event
      }
      Retry = local.retry
    }
  }

  definition = {
    Comment        = "Candles of stage ${var.stage}"
    TimeoutSeconds = 3300 # the next run begins after an hour
    StartAt        = "IsRankingDue"
    States = {
      # The run of midnight ranks, one that is started by hand, and one that has nothing to collect.
      IsRankingDue = {
        Type = "Choice"
        Choices = [
          { Variable = "$.time", IsPresent = false, Next = "Rank" },
          { Variable = "$.time", StringMatches = "*T00:*", Next = "Rank" },
        ]
        Default = "Collect"
      }
      Rank = merge(local.calls.rank_markets, {
        ResultSelector = { is_done = true }
        ResultPath     = "$.ranking"
        Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.ranking", Next = "Collect" }]
        Next           = "Collect"
      })
      Collect = merge(local.calls.collect_candles, {
        ResultSelector = { "instruments.$" = "$.Payload.instruments" }
        ResultPath     = "$.collected"
        Catch          = [{ ErrorEquals = ["SettingsError"], ResultPath = "$.trouble", Next = "WasRankingTried" }]
        Next           = "EachInstrument"
      })
      WasRankingTried = {
        Type    = "Choice"
        Choices = [{ Variable = "$.ranking", IsPresent = true, Next = "NotSetUp" }]
        Default = "Rank"
      }
      NotSetUp = { Type = "Fail", Error = "NotSetUp", Cause = "collect_candles does not know what to collect: its log says what is missing" }

      # Few at a time: a new account runs ten functions at once, and the tables' units are few.
      EachInstrument = {
        Type           = "Map"
        ItemsPath      = "$.collected.instruments"
        MaxConcurrency = 2
        ItemProcessor = {
          ProcessorConfig = { Mode = "INLINE" }
          StartAt         = "Load"
          States = {
            Load = merge(local.calls.load_candles, {
              ResultPath = null
              Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "Failed" }]
              Next       = "Analyse"
            })
            Analyse = merge(local.calls.analyse_instruments, {
              ResultPath = null
              Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "Failed" }]
              End        = true
            })
            Failed = { Type = "Pass", Result = "failed", End = true } # the other instruments go on
          }
        }
        ResultPath = "$.outcomes"
        Next       = "Compare"
      }
      Compare = merge(local.calls.analyse_markets, {
        ResultPath = null
        Next       = "HasAnyFailed"
      })
      HasAnyFailed = {
        Type       = "Pass"
        Parameters = { "any_failed.$" = "States.ArrayContains($.outcomes, 'failed')" }
        Next       = "IsAllWell"
      }
      IsAllWell = {
        Type    = "Choice"
        Choices = [{ Variable = "$.any_failed", BooleanEquals = true, Next = "SomeFailed" }]
        Default = "AllWell"
      }
      AllWell    = { Type = "Succeed" }
      SomeFailed = { Type = "Fail", Error = "SomeFailed", Cause = "some instruments were not loaded or analysed: the logs of load_candles and analyse_instruments say why" }
    }
  }
}

resource "aws_sfn_state_machine" "candles" {
  name       = local.machine
  role_arn   = aws_iam_role.machine.arn
  definition = jsonencode(local.definition)
}

resource "aws_cloudwatch_event_rule" "hourly" {
  name                = local.machine
  description         = "Starts the state machine ${local.machine}"
  schedule_expression = var.schedule
}

resource "aws_cloudwatch_event_target" "hourly" {
  rule     = aws_cloudwatch_event_rule.hourly.name
  arn      = aws_sfn_state_machine.candles.arn
  role_arn = aws_iam_role.starter.arn
}

# Two hours in a row: one failed run is made up for by the next.
resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.name}-CandlePipeline"
  alarm_description   = "The candles' stages have failed for two hours. docs/runbook.md: Candle pipeline"
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  dimensions          = { StateMachineArn = aws_sfn_state_machine.candles.arn }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 3600
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}
