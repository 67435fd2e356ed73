variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "stage" {
  description = "Whose functions are called."
  type        = string
}

variable "schedule" {
  description = "When a run begins, as EventBridge has it."
  type        = string
}

variable "region" {
  description = "Where the functions are."
  type        = string
}

variable "account_id" {
  description = "Whose they are."
  type        = string
}

variable "partition" {
  description = "aws, or the name of one of AWS's separate clouds."
  type        = string
}

variable "alarm_topic_arn" {
  description = "Who is told of runs that fail."
  type        = string
}
