# The functions' log groups, made before Lambda makes them without an end. The API handler's function
# has no suffix, so its group is not the one that Chalice's own log_retention_in_days would set.

locals {
  functions = {
    api_handler        = "crypto_bot-${var.stage}"
    tick               = "crypto_bot-${var.stage}-tick"
    report_performance = "crypto_bot-${var.stage}-report_performance"
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${each.value}"
  retention_in_days = var.log_retention_days
}
