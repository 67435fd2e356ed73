# Where the market data's own machines are: two private subnets without a way out, since a database
# and Kafka want two zones, and a public one for what reads the venues' streams. S3 and DynamoDB are
# reached through gateways that cost nothing; there is no NAT.

variable "name" {
  description = "What everything in it is called."
  type        = string
}

module "network" {
  source = "../network"

  name = "${var.name}-market"
}

data "aws_availability_zones" "here" {
  state = "available"
}

locals {
  services = toset(["dynamodb", "s3"])
}

resource "aws_subnet" "private" {
  count = 2

  vpc_id            = module.network.vpc_id
  cidr_block        = cidrsubnet("10.83.0.0/24", 2, 1 + count.index)
  availability_zone = data.aws_availability_zones.here.names[count.index]

  tags = { Name = "${var.name}-market-private-${count.index + 1}" }
}

resource "aws_route_table" "private" {
  vpc_id = module.network.vpc_id

  tags = { Name = "${var.name}-market-private" }
}

resource "aws_route_table_association" "private" {
  count = 2

  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private.id
}

resource "aws_vpc_endpoint" "stores" {
  for_each = local.services

  vpc_id            = module.network.vpc_id
  service_name      = "com.amazonaws.${module.network.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id, module.network.public_route_table_id]

  tags = { Name = "${var.name}-market-${each.key}" }
}

output "vpc_id" {
  value = module.network.vpc_id
}

output "region" {
  value = module.network.region
}

output "private_subnet_ids" {
  description = "In two zones."
  value       = aws_subnet.private[*].id
}

output "public_subnet_id" {
  value = module.network.public_subnet_id
}

output "store_prefix_list_ids" {
  description = "The addresses of S3 and DynamoDB, for the rules of those who may call nothing else."
  value       = [for name in local.services : aws_vpc_endpoint.stores[name].prefix_list_id]
}
