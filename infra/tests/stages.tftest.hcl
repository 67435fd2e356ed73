# terraform -chdir=infra test: plans of both stages against a mocked AWS, which needs no account.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_lambda_functions" {
    defaults = { function_names = ["crypto_bot-other-tick"] }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b"] }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { value = "ami-00000000000000001" }
  }
}

variables {
  any_workspace = true
}

run "dev" {
  command = plan

  variables {
    stage = "dev"
  }

  assert {
    condition     = !aws_dynamodb_table.state.deletion_protection_enabled && aws_s3_bucket.lake.force_destroy
    error_message = "dev can be thrown away"
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.figure) == 0
    error_message = "the account's ten free alarms are prod's"
  }
  assert {
    condition     = length(module.egress) + length(module.host) + length(module.dashboard) + length(aws_iam_role.deployer) == 0
    error_message = "what has a price is off"
  }
  assert {
    condition     = length(module.market_network) + length(module.database) + length(module.kafka) + length(module.stream_worker) + length(module.lakehouse) + length(module.timeseries) + length(module.spark_job) + length(module.pipeline) + length(module.sweeps) + length(module.bot_network) + length(aws_cloudwatch_metric_alarm.bots) == 0
    error_message = "what has a price is off"
  }
  assert {
    condition     = length(aws_lambda_event_source_mapping.urgent) + length(aws_lambda_function_event_invoke_config.tick) == 0
    error_message = "before chalice deploy there is nothing to tie"
  }
}

run "prod" {
  command = plan

  variables {
    stage = "prod"
  }

  override_data {
    target = data.aws_lambda_functions.here
    values = { function_names = ["crypto_bot-prod", "crypto_bot-prod-tick", "crypto_bot-prod-report_performance"] }
  }

  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.state, aws_dynamodb_table.market] : table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled])
    error_message = "prod's tables resist deletion and can be recovered"
  }
  assert {
    condition     = !aws_s3_bucket.lake.force_destroy && aws_secretsmanager_secret.named["exchange"].recovery_window_in_days == 30
    error_message = "prod's lake and secrets resist deletion"
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.figure) + length(aws_cloudwatch_metric_alarm.heartbeat) + length(aws_cloudwatch_metric_alarm.dead_letters) == 10
    error_message = "an account has ten alarms free"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.heartbeat[0].treat_missing_data == "breaching"
    error_message = "silence is what this alarm is about"
  }
  assert {
    condition     = length(module.egress) + length(module.host) + length(module.dashboard) + length(aws_iam_role.deployer) == 0
    error_message = "what has a price is off"
  }
  assert {
    condition     = length(module.market_network) + length(module.database) + length(module.kafka) + length(module.stream_worker) + length(module.lakehouse) + length(module.timeseries) + length(module.spark_job) + length(module.pipeline) + length(module.sweeps) + length(module.bot_network) + length(aws_cloudwatch_metric_alarm.bots) == 0
    error_message = "what has a price is off"
  }
  assert {
    condition     = aws_lambda_event_source_mapping.urgent[0].maximum_retry_attempts == 2 && aws_lambda_event_source_mapping.urgent[0].enabled
    error_message = "urgent signals wake the tick, and a failing wake-up ends"
  }
}

run "everything" {
  command = plan

  variables {
    stage             = "prod"
    alarm_email       = "owner@example.com"
    quarantine_alarm  = true
    github_repository = "jane/crypto-bot"
    state_bucket      = "crypto-bot-terraform-123456789012"
    egress            = "instance"
    host              = true
    host_environment  = { LIVE = "yes" }
    host_workers      = ["archive"]
    dashboard         = true
    market_functions  = ["collect_trades", "summarize_trades"]
    lakehouse         = true
    spark_job         = true
    timestream        = true
    pipeline          = true
    sweeps            = true
    bot_functions     = ["run_bots", "bot_sandbox"]
    key_functions     = ["tend_keys"]
    bot_alarms        = true
    bot_network       = true
    database          = true
    kafka             = "serverless"
    stream_worker     = true

    stream_environment      = { MARKETS = "BTC/USDT" }
    timestream_allowed      = true
    timestream_memory_hours = 48
  }

  override_data {
    target = data.aws_lambda_functions.here
    values = { function_names = ["crypto_bot-prod-tick", "crypto_bot-prod-run_bots"] }
  }

  assert {
    condition     = !aws_lambda_event_source_mapping.urgent[0].enabled && output.ticks_on == "host"
    error_message = "where a host ticks, nothing else is woken to"
  }
  assert {
    condition     = length(module.egress) == 1 && length(module.host) == 1 && length(module.dashboard) == 1
    error_message = "each opt-in is there when asked for"
  }
  assert {
    condition     = length(module.database) == 1 && length(module.timeseries) == 1 && length(module.kafka) == 1 && length(module.stream_worker) == 1 && length(module.lakehouse) == 1 && length(module.spark_job) == 1 && length(module.pipeline) == 1 && length(module.sweeps) == 1
    error_message = "each opt-in of market data and bots is there when asked for"
  }
  assert {
    condition     = length(module.bot_network) == 1 && length(aws_cloudwatch_metric_alarm.bots) == 2 && aws_lambda_function_event_invoke_config.run_bots[0].maximum_retry_attempts == 0
    error_message = "each opt-in of bots is there when asked for, and a run that failed is not repeated"
  }
  assert {
    condition     = output.candle_stages_on == "pipeline"
    error_message = "where a state machine calls the stages, their schedules must not"
  }
}

run "dev_in_an_account_of_its_own" {
  command = plan

  variables {
    stage             = "dev"
    egress            = "gateway"
    github_repository = "jane/crypto-bot"
    capacity_limit    = 25
    capacity          = { state = { read = 20, write = 11 }, shelf = { read = 3, write = 11 } }
    secret_names      = []
    monthly_budget    = 0
    alarms            = true
    kafka             = "own"
    kafka_brokers     = "kafka.example.com:9093"
    kafka_options     = { "security.protocol" = "SASL_SSL", "sasl.mechanisms" = "PLAIN" }
    kafka_secret      = "crypto-bot-dev/kafka"
    stream_worker     = true

    stream_environment = { MARKETS = "BTC/USDT,ETH/USDT", MARKET_VENUE = "binanceus" }
  }

  assert {
    condition     = aws_dynamodb_table.state.write_capacity == 11 && length(aws_secretsmanager_secret.named) == 0
    error_message = "the owner's numbers count"
  }
}

run "more_units_than_are_free_and_a_stream_into_nowhere" {
  command = plan

  variables {
    stage         = "dev"
    capacity      = { state = { read = 6, write = 4 } }
    stream_worker = true
    timestream    = true
  }

  expect_failures = [aws_dynamodb_table.state, output.stream_worker_reads, output.series_timestream]
}

run "a_stage_that_is_none" {
  command = plan

  variables {
    stage  = "staging"
    egress = "vpn"
  }

  expect_failures = [var.stage, var.egress]
}
