variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "instance_class" {
  description = "Of RDS, an ARM one."
  type        = string
}

variable "protected" {
  description = "Whether it resists being destroyed, and leaves a last snapshot."
  type        = bool
}

variable "vpc_id" {
  description = "The network of the market data."
  type        = string
}

variable "region" {
  description = "Where it is."
  type        = string
}

variable "subnet_ids" {
  description = "Two private ones in two zones; functions and the way to their password are in the first."
  type        = list(string)
}

variable "store_prefix_list_ids" {
  description = "Of S3 and DynamoDB."
  type        = list(string)
}
