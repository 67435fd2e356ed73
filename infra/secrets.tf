# Containers only: a value given here would stand in Terraform's state. For the same reason
# parameters of Parameter Store are not made here at all; `crypto-bot secrets put` makes them.

locals {
  secret_prefix    = "${local.name}/"
  parameter_prefix = "/${local.name}/"
}

resource "aws_secretsmanager_secret" "named" {
  for_each = var.secret_names

  name                    = "${local.secret_prefix}${each.key}"
  description             = "Of crypto-bot ${var.stage}; crypto-bot secrets put ${each.key} --stage ${var.stage}"
  recovery_window_in_days = local.protected ? 30 : 0
}
