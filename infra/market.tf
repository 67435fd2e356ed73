# The market data's opt-ins; variables.tf has the prices, docs/market-data.md says what each is for.

locals {
  needs_network = var.database || var.kafka == "serverless" || var.stream_worker
  is_msk        = var.kafka == "serverless"

  # Of the stream worker: what .chalice/config.json says of it, unless stream_environment does.
  stream_variables   = ["MARKETS", "MARKET_VENUE", "MARKET_STREAM_URL", "MARKET_REST_URL"]
  stream_environment = merge({ for name, value in local.environment : name => value if contains(local.stream_variables, name) }, var.stream_environment)
  stream_markets     = lookup(local.stream_environment, "MARKETS", "")

  # By its name, so that a plan shows whole who may be told.
  alarm_topic_arn = "arn:${local.partition}:sns:${local.region}:${local.account_id}:${aws_sns_topic.alarms.name}"
}

module "market_network" {
  source = "./modules/market_network"
  count  = local.needs_network ? 1 : 0

  name = local.name
}

module "database" {
  source = "./modules/database"
  count  = var.database ? 1 : 0

  name                  = local.name
  instance_class        = var.database_instance_class
  protected             = local.protected
  vpc_id                = module.market_network[0].vpc_id
  region                = local.region
  subnet_ids            = module.market_network[0].private_subnet_ids
  store_prefix_list_ids = module.market_network[0].store_prefix_list_ids
}

module "kafka" {
  source = "./modules/kafka"
  count  = local.is_msk ? 1 : 0

  name       = local.name
  vpc_id     = module.market_network[0].vpc_id
  subnet_ids = module.market_network[0].private_subnet_ids
}

module "stream_worker" {
  source = "./modules/stream_worker"
  count  = var.stream_worker ? 1 : 0

  name                  = local.name
  stage                 = var.stage
  region                = local.region
  account_id            = local.account_id
  partition             = local.partition
  vpc_id                = module.market_network[0].vpc_id
  subnet_id             = module.market_network[0].public_subnet_id
  environment           = local.stream_environment
  kafka_brokers         = local.is_msk ? module.kafka[0].brokers : var.kafka_brokers
  kafka_options         = local.is_msk ? module.kafka[0].options : var.kafka_options
  kafka_secret          = local.is_msk ? "" : var.kafka_secret
  kafka_cluster_name    = local.is_msk ? local.name : ""
  kafka_client_group_id = local.is_msk ? module.kafka[0].client_group_id : ""
  state_table_name      = aws_dynamodb_table.state.name
  lake_bucket_name      = aws_s3_bucket.lake.bucket
  alarm_topic_arn       = local.alarm_topic_arn
  secret_prefix         = local.secret_prefix
  parameter_prefix      = local.parameter_prefix
  log_retention         = var.log_retention_days
}

module "lakehouse" {
  source = "./modules/lakehouse"
  count  = var.lakehouse ? 1 : 0

  name      = local.name
  bucket    = aws_s3_bucket.lake.bucket
  temporary = !local.protected
}

module "timeseries" {
  source = "./modules/timeseries"
  count  = var.timestream ? 1 : 0

  name         = local.name
  memory_hours = var.timestream_memory_hours
  days         = var.timestream_days
}

module "spark_job" {
  source = "./modules/spark_job"
  count  = var.spark_job ? 1 : 0

  name             = local.name
  lake_bucket_name = aws_s3_bucket.lake.bucket
  environment      = local.environment
  database         = var.lakehouse ? module.lakehouse[0].database : ""
  worker_type      = var.spark_job_worker_type
  workers          = var.spark_job_workers
  schedule         = var.spark_job_schedule
  region           = local.region
  account_id       = local.account_id
  partition        = local.partition
}

module "pipeline" {
  source = "./modules/pipeline"
  count  = var.pipeline ? 1 : 0

  name            = local.name
  stage           = var.stage
  schedule        = var.pipeline_schedule
  region          = local.region
  account_id      = local.account_id
  partition       = local.partition
  alarm_topic_arn = local.alarm_topic_arn
}
