# The least that a machine with an address of its own needs; costs nothing by itself.

variable "name" {
  description = "What everything in it is called."
  type        = string
}

data "aws_region" "here" {}

data "aws_availability_zones" "here" {
  state = "available"
}

locals {
  zone = data.aws_availability_zones.here.names[0]
}

resource "aws_vpc" "this" {
  cidr_block           = "10.83.0.0/24"
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_subnet" "public" {
  vpc_id            = aws_vpc.this.id
  cidr_block        = "10.83.0.0/26"
  availability_zone = local.zone

  tags = { Name = "${var.name}-public" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}

# Nobody calls in. What is called is HTTPS only; names are resolved inside the network.
resource "aws_security_group" "https_out" {
  name        = "${var.name}-https-out"
  description = "Calls out by HTTPS, and no calls in"
  vpc_id      = aws_vpc.this.id

  egress {
    description = "Exchanges, AWS, package index"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

output "vpc_id" {
  value = aws_vpc.this.id
}

output "zone" {
  value = local.zone
}

output "region" {
  value = data.aws_region.here.name
}

output "public_subnet_id" {
  value = aws_subnet.public.id
}

output "public_route_table_id" {
  value = aws_route_table.public.id
}

output "https_out_id" {
  value = aws_security_group.https_out.id
}
