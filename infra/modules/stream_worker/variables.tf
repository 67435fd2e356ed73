variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "stage" {
  description = "Whose lake it fills."
  type        = string
}

variable "region" {
  description = "Where it is."
  type        = string
}

variable "account_id" {
  description = "Whose it is."
  type        = string
}

variable "partition" {
  description = "aws, or the name of one of AWS's separate clouds."
  type        = string
}

variable "vpc_id" {
  description = "The network of the market data."
  type        = string
}

variable "subnet_id" {
  description = "A public one: venues are called over the internet."
  type        = string
}

variable "environment" {
  description = "More variables for the workers, MARKETS among them; no secrets."
  type        = map(string)
}

variable "kafka_brokers" {
  description = "For KAFKA_BROKERS."
  type        = string
}

variable "kafka_options" {
  description = "For KAFKA_OPTIONS."
  type        = map(string)
}

variable "kafka_secret" {
  description = "The secret whose fields are options, too; empty for none."
  type        = string
}

variable "kafka_cluster_name" {
  description = "Of the MSK cluster that the workers log in to with their role; empty for brokers of one's own."
  type        = string
}

variable "kafka_client_group_id" {
  description = "Its clients' security group; empty for brokers of one's own."
  type        = string
}

variable "state_table_name" {
  description = "Where the workers leave notices."
  type        = string
}

variable "lake_bucket_name" {
  description = "Where trades and the release lie."
  type        = string
}

variable "alarm_topic_arn" {
  description = "Where the bot tells its owner."
  type        = string
}

variable "secret_prefix" {
  description = "What the names of the stage's secrets begin with."
  type        = string
}

variable "parameter_prefix" {
  description = "The same in Parameter Store."
  type        = string
}

variable "log_retention" {
  description = "Days."
  type        = number
}
