variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "stage" {
  description = "Whose function is called."
  type        = string
}

variable "at_once" {
  description = "How many calls are under way at the most."
  type        = number
}

variable "lake_bucket_name" {
  description = "Where the lists are, and what was found."
  type        = string
}

variable "region" {
  description = "Where the function is."
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
