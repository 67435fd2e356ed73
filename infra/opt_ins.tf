# What costs money by the month and is therefore off; variables.tf has the prices.

module "egress" {
  source = "./modules/egress"
  count  = var.egress == "none" ? 0 : 1

  name = local.name
  kind = var.egress
}

module "host" {
  source = "./modules/host"
  count  = var.host ? 1 : 0

  name             = local.name
  stage            = var.stage
  instance_type    = var.host_instance_type
  environment      = merge(var.host_environment, { CLOUDWATCH_METRICS = local.cloudwatch_metrics })
  workers          = var.host_workers
  state_table_name = aws_dynamodb_table.state.name
  lake_bucket_name = aws_s3_bucket.lake.bucket
  alarm_topic_name = aws_sns_topic.alarms.name
  secret_prefix    = local.secret_prefix
  parameter_prefix = local.parameter_prefix
  log_retention    = var.log_retention_days
}

module "dashboard" {
  source = "./modules/dashboard"
  count  = var.dashboard ? 1 : 0

  name   = local.name
  stage  = var.stage
  region = local.region
}
