# `make configure` reads the first block (chalicelib/domain/deployment/outputs.py).

output "stage" {
  value = var.stage
}

output "region" {
  value = local.region
}

output "account_id" {
  value = local.account_id
}

output "state_table_name" {
  value = aws_dynamodb_table.state.name
}

output "state_table_arn" {
  value = aws_dynamodb_table.state.arn
}

output "state_table_stream_arn" {
  value = aws_dynamodb_table.state.stream_arn
}

output "secret_prefix" {
  value = local.secret_prefix
}

output "parameter_prefix" {
  value = local.parameter_prefix
}

output "alarm_topic_arn" {
  value = aws_sns_topic.alarms.arn
}

output "dead_letter_queue_arn" {
  value = aws_sqs_queue.dead_letters.arn
}

output "lake_bucket_name" {
  value = aws_s3_bucket.lake.bucket
}

output "market_table_name" {
  value = aws_dynamodb_table.market.name
}

output "functions_tied" {
  description = "The functions that this apply has found and tied to stream and dead letters."
  value       = sort(setintersection(local.deployed, values(local.functions)))
}

output "cloudwatch_metrics" {
  description = "yes where the ten figures are metrics in CloudWatch; no where they stand in the log alone."
  value       = local.cloudwatch_metrics
}

output "ticks_on" {
  description = "host where an EC2 host ticks, so that the schedule must not; else schedule."
  value       = var.host ? "host" : "schedule"
}

output "database_subnet_ids" {
  description = "Where the functions that use the database of trade flow run; none while there is no such database."
  value       = try(module.database[0].subnet_ids, [])
}

output "database_security_group_ids" {
  description = "Those of the same functions."
  value       = try(module.database[0].security_group_ids, [])
}

output "trade_flow_url" {
  description = "For TRADE_FLOW_URL; empty without the database."
  value       = try(module.database[0].url, "")
}

output "trade_flow_secret" {
  description = "For TRADE_FLOW_SECRET, made and changed by RDS; empty without the database."
  value       = try(module.database[0].secret, "")
}

output "candle_stages_on" {
  description = "pipeline where a state machine calls the candles' functions, so that their schedules must not; else schedule."
  value       = var.pipeline ? "pipeline" : "schedule"
}

output "sweep_machine_arn" {
  description = "For SWEEP_MACHINE; empty without sweeps."
  value       = try(module.sweeps[0].machine_arn, "")
}

output "series_timestream" {
  description = "For SERIES_TIMESTREAM; empty without Timestream."
  value       = try(module.timeseries[0].table, "")

  precondition {
    condition     = !var.timestream || var.timestream_allowed
    error_message = "timestream is on, and AWS has taken no new customers of Timestream for LiveAnalytics since June 2025. Type aws timestream-write list-databases --region ${local.region}: if it answers with a list, set timestream_allowed = true; if it denies access, leave timestream off."
  }
}

output "stream_worker_reads" {
  description = "The markets whose trades the stream worker reads; empty without it."
  value       = var.stream_worker ? local.stream_markets : ""

  precondition {
    condition     = !var.stream_worker || var.kafka == "serverless" || (var.kafka == "own" && var.kafka_brokers != "")
    error_message = "stream_worker is on and there is no Kafka between stream and archive. Set kafka to serverless, or to own with kafka_brokers = \"host:9092\"; a host with host_workers needs none."
  }
  precondition {
    condition     = !var.stream_worker || local.stream_markets != ""
    error_message = "stream_worker is on and no market is named. Set MARKETS in crypto_bot/.chalice/config.json, or stream_environment = { MARKETS = \"BTC/USDT\" }."
  }
}

output "lakehouse" {
  description = "Database and workgroup for Athena; empty without the lakehouse."
  value       = var.lakehouse ? { database = module.lakehouse[0].database, workgroup = module.lakehouse[0].workgroup } : {}
}

output "spark_job" {
  description = "Its name, for aws glue start-job-run --job-name; empty without it."
  value       = try(module.spark_job[0].name, "")
}

output "function_subnet_ids" {
  description = "For Chalice's subnet_ids; empty without a fixed egress address."
  value       = try(module.egress[0].subnet_ids, [])
}

output "function_security_group_ids" {
  description = "For Chalice's security_group_ids; empty without a fixed egress address."
  value       = try(module.egress[0].security_group_ids, [])
}

output "sandbox_subnet_ids" {
  description = "For Chalice's subnet_ids of the function in which bots run; empty without a network of its own."
  value       = try(module.bot_network[0].subnet_ids, [])
}

output "sandbox_security_group_ids" {
  description = "For its security_group_ids; empty without a network of its own."
  value       = try(module.bot_network[0].security_group_ids, [])
}

output "fixed_addresses" {
  description = "What to allow at the exchange: the addresses that orders come from."
  value       = compact([try(module.egress[0].address, ""), try(module.host[0].address, "")])
}

output "host_instance_id" {
  description = "For aws ssm start-session --target; empty without a host."
  value       = try(module.host[0].instance_id, "")
}

output "deployer_role_arn" {
  description = "For the workflows' role-to-assume; empty without github_repository."
  value       = try(aws_iam_role.deployer[0].arn, "")
}
