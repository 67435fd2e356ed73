# Kafka by Amazon, without servers to choose. It knows no passwords: who may do what is said in the
# roles of those who call.

variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "vpc_id" {
  description = "The network of the market data."
  type        = string
}

variable "subnet_ids" {
  description = "Private ones, in two zones."
  type        = list(string)
}

locals {
  port = 9098 # for logins by IAM
}

resource "aws_security_group" "brokers" {
  name        = "${var.name}-kafka"
  description = "Kafka for whoever is in the group of its clients"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-kafka" }
}

resource "aws_security_group" "clients" {
  name        = "${var.name}-kafka-clients"
  description = "May call Kafka"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-kafka-clients" }
}

resource "aws_vpc_security_group_ingress_rule" "brokers" {
  security_group_id            = aws_security_group.brokers.id
  referenced_security_group_id = aws_security_group.clients.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_egress_rule" "clients" {
  security_group_id            = aws_security_group.clients.id
  referenced_security_group_id = aws_security_group.brokers.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_msk_serverless_cluster" "this" {
  cluster_name = var.name

  client_authentication {
    sasl {
      iam {
        enabled = true
      }
    }
  }

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [aws_security_group.brokers.id]
  }
}

output "brokers" {
  description = "For KAFKA_BROKERS."
  value       = aws_msk_serverless_cluster.this.bootstrap_brokers_sasl_iam
}

output "options" {
  description = "For KAFKA_OPTIONS."
  value       = { "security.protocol" = "SASL_SSL", "sasl.mechanisms" = "OAUTHBEARER" }
}

output "client_group_id" {
  description = "The security group of those who call it."
  value       = aws_security_group.clients.id
}
