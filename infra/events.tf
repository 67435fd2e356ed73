# What calls the functions beside Chalice's schedule, and what becomes of calls that fail.
#
# Chalice makes the functions, in stores that must exist before: so the first `apply` of a stage
# finds none, and the one after `chalice deploy` ties them in. Looked up and not told by a variable,
# because whoever forgets a variable would cut the ties again.

data "aws_lambda_functions" "here" {}

locals {
  deployed   = toset(data.aws_lambda_functions.here.function_names)
  has_tick   = contains(local.deployed, local.functions.tick)
  has_report = contains(local.deployed, local.functions.report_performance)

  # An urgent signal that was just stored. Later writes of the same row do not wake anybody again.
  urgent_signal = {
    dynamodb = {
      NewImage = {
        urgent  = { BOOL = [true] }
        version = { N = ["1"] }
      }
    }
  }
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${local.name}-dead-letters"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

# Where a host ticks, it looks for new signals itself, once a second.
resource "aws_lambda_event_source_mapping" "urgent" {
  count = local.has_tick ? 1 : 0

  event_source_arn              = aws_dynamodb_table.state.stream_arn
  function_name                 = local.functions.tick
  enabled                       = !var.host
  starting_position             = "LATEST"
  batch_size                    = 100
  maximum_retry_attempts        = 2
  maximum_record_age_in_seconds = 300

  filter_criteria {
    filter {
      pattern = jsonencode(local.urgent_signal)
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead_letters.arn
    }
  }
}

# The next scheduled tick does all that a failed one has left, so none is repeated.
resource "aws_lambda_function_event_invoke_config" "tick" {
  count = local.has_tick ? 1 : 0

  function_name                = local.functions.tick
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }
}

resource "aws_lambda_function_event_invoke_config" "report_performance" {
  count = local.has_report ? 1 : 0

  function_name                = local.functions.report_performance
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 1800

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }
}
