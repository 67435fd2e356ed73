variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "stage" {
  description = "Whose stores the bot works on."
  type        = string
}

variable "instance_type" {
  description = "An ARM type."
  type        = string
}

variable "environment" {
  description = "More variables for the bot; no secrets."
  type        = map(string)
}

variable "workers" {
  description = "Stages of the market data to run beside the bot."
  type        = set(string)
}

variable "state_table_name" {
  description = "The table with the state."
  type        = string
}

variable "lake_bucket_name" {
  description = "The bucket in which releases lie."
  type        = string
}

variable "alarm_topic_name" {
  description = "Where the bot may tell its owner."
  type        = string
}

variable "secret_prefix" {
  description = "Which secrets it may read, in Secrets Manager."
  type        = string
}

variable "parameter_prefix" {
  description = "Which secrets it may read, in Parameter Store."
  type        = string
}

variable "log_retention" {
  description = "Days."
  type        = number
}
