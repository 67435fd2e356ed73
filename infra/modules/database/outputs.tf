output "url" {
  description = "For TRADE_FLOW_URL."
  value       = "mysql://${local.user}@${aws_db_instance.summaries.address}:${local.port}/${local.database}?ssl_ca=${local.authorities}"
}

output "secret" {
  description = "For TRADE_FLOW_SECRET: its name, which is its ARN's without the six characters that AWS adds."
  value       = regex("secret:(.+)-[^-]{6}$", local.secret)[0]
}

output "subnet_ids" {
  description = "Of the functions that write the summaries."
  value       = [var.subnet_ids[0]]
}

output "security_group_ids" {
  description = "Of the same functions."
  value       = [aws_security_group.functions.id]
}
