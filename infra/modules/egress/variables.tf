variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "kind" {
  description = "instance or gateway."
  type        = string
}
