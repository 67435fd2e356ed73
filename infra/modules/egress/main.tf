# One fixed address for the functions' calls: they go into a private subnet, whose way out is either
# a small instance that translates addresses, or AWS's gateway that needs no care and costs more.

locals {
  is_instance = var.kind == "instance"
}

module "network" {
  source = "../network"

  name = "${var.name}-egress"
}

resource "aws_subnet" "functions" {
  vpc_id            = module.network.vpc_id
  cidr_block        = "10.83.0.64/26"
  availability_zone = module.network.zone

  tags = { Name = "${var.name}-functions" }
}

resource "aws_route_table" "functions" {
  vpc_id = module.network.vpc_id

  tags = { Name = "${var.name}-functions" }
}

resource "aws_route_table_association" "functions" {
  subnet_id      = aws_subnet.functions.id
  route_table_id = aws_route_table.functions.id
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.functions.id
  destination_cidr_block = "0.0.0.0/0"
  network_interface_id   = local.is_instance ? aws_network_interface.nat[0].id : null
  nat_gateway_id         = local.is_instance ? null : aws_nat_gateway.this[0].id
}

# Free, and the tables stay reachable while the way out is being replaced.
resource "aws_vpc_endpoint" "stores" {
  for_each = toset(["dynamodb", "s3"])

  vpc_id            = module.network.vpc_id
  service_name      = "com.amazonaws.${module.network.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.functions.id]
}

# --- the address ----------------------------------------------------------------------------

resource "aws_eip" "out" {
  domain            = "vpc"
  network_interface = local.is_instance ? aws_network_interface.nat[0].id : null

  tags = { Name = "${var.name}-egress" }
}

# --- kind = gateway -------------------------------------------------------------------------

resource "aws_nat_gateway" "this" {
  count = local.is_instance ? 0 : 1

  allocation_id = aws_eip.out.allocation_id
  subnet_id     = module.network.public_subnet_id

  tags = { Name = "${var.name}-egress" }
}

# --- kind = instance ------------------------------------------------------------------------

data "aws_ssm_parameter" "image" {
  count = local.is_instance ? 1 : 0

  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_security_group" "nat" {
  count = local.is_instance ? 1 : 0

  name        = "${var.name}-nat"
  description = "Takes HTTPS from the functions"
  vpc_id      = module.network.vpc_id

  ingress {
    description     = "From the functions"
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    security_groups = [module.network.https_out_id]
  }
}

# Its own, so that route and address outlive the instance.
resource "aws_network_interface" "nat" {
  count = local.is_instance ? 1 : 0

  subnet_id         = module.network.public_subnet_id
  security_groups   = [module.network.https_out_id, aws_security_group.nat[0].id]
  source_dest_check = false

  tags = { Name = "${var.name}-nat" }
}

resource "aws_instance" "nat" {
  count = local.is_instance ? 1 : 0

  ami                         = nonsensitive(data.aws_ssm_parameter.image[0].value)
  instance_type               = "t4g.nano"
  user_data                   = file("${path.module}/nat.yaml")
  user_data_replace_on_change = true
  depends_on                  = [aws_eip.out]

  network_interface {
    device_index         = 0
    network_interface_id = aws_network_interface.nat[0].id
  }

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    volume_size = 8
    volume_type = "gp3"
    encrypted   = true
  }

  lifecycle {
    ignore_changes = [ami] # a newer image is no reason to cut the functions off
  }

  tags = { Name = "${var.name}-nat" }
}
