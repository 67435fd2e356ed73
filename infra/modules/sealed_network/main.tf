# A network from which nothing leads anywhere: no gateway, no endpoint, no route but its own, and a
# security group without a rule. Costs nothing. What runs in it is called by Lambda, and answers it.

variable "name" {
  description = "What everything in it is called."
  type        = string
}

data "aws_availability_zones" "here" {
  state = "available"
}

# Names are resolved by the network's own resolver, which asks the world: so there is none.
resource "aws_vpc" "this" {
  cidr_block           = "10.84.0.0/24"
  enable_dns_support   = false
  enable_dns_hostnames = false

  tags = { Name = var.name }
}

resource "aws_subnet" "this" {
  count = 2

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 1, count.index)
  availability_zone = data.aws_availability_zones.here.names[count.index]

  tags = { Name = "${var.name}-${count.index + 1}" }
}

# Terraform takes away the rule by which AWS lets every new group call out.
resource "aws_security_group" "this" {
  name        = var.name
  description = "Calls nobody and is called by nobody"
  vpc_id      = aws_vpc.this.id
}

output "subnet_ids" {
  description = "In two zones."
  value       = aws_subnet.this[*].id
}

output "security_group_ids" {
  value = [aws_security_group.this.id]
}
