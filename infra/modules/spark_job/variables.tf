variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "lake_bucket_name" {
  description = "Where the candles are, and the series go."
  type        = string
}

variable "environment" {
  description = "Of the stage's functions: what SERIES_INTERVALS and SERIES_INDICATORS say counts here, too."
  type        = map(string)
}

variable "database" {
  description = "Glue's database of the lakehouse; empty without it."
  type        = string
}

variable "worker_type" {
  description = "Of Glue's workers."
  type        = string
}

variable "workers" {
  description = "How many there are; one of them directs the others."
  type        = number
}

variable "schedule" {
  description = "When a run begins, as Glue has it."
  type        = string
}

variable "region" {
  description = "Where the job's log is."
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
