# The functions' log groups, made before Lambda makes them without an end. The API handler's function
# has no suffix, so its group is not the one that Chalice's own log_retention_in_days would set.

locals {
  functions = {
    api_handler        = "crypto_bot-${var.stage}"
    tick               = "crypto_bot-${var.stage}-tick"
    report_performance = "crypto_bot-${var.stage}-report_performance"
  }

  # Of market data, bots and keys, those that Chalice will deploy: its own file says which. Where the code of
  # bots runs, the function may not even write a log.
  chalice_file = "${path.module}/../crypto_bot/.chalice/config.json"
  chalice      = fileexists(local.chalice_file) ? jsondecode(file(local.chalice_file)) : {}
  environment = merge(
    try(local.chalice.environment_variables, {}),
    try(local.chalice.stages[var.stage].environment_variables, {})
  )
  named_there      = regexall("\\w+", lookup(local.environment, "MARKET_FUNCTIONS", ""))
  market_functions = var.market_functions != null ? var.market_functions : toset(local.named_there)
  bots_named_there = regexall("\\w+", lookup(local.environment, "BOT_FUNCTIONS", ""))
  bot_functions    = setsubtract(var.bot_functions != null ? var.bot_functions : toset(local.bots_named_there), ["bot_sandbox"])
  keys_named_there = regexall("\\w+", lookup(local.environment, "KEY_FUNCTIONS", ""))
  key_functions    = var.key_functions != null ? var.key_functions : toset(local.keys_named_there)
  opted_functions  = setunion(local.market_functions, local.bot_functions, local.key_functions)
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = merge(local.functions, { for name in local.opted_functions : name => "crypto_bot-${var.stage}-${name}" })

  name              = "/aws/lambda/${each.value}"
  retention_in_days = var.log_retention_days
}
