# MySQL for the rows of minute_summary, which only the functions that write them can reach. Its
# password is made and changed by RDS; the functions read it in Secrets Manager, through an address
# inside the network, which is the dearest part after the machine.

locals {
  port     = 3306
  database = "market"
  user     = "crypto_bot"

  # Where the functions find who signs RDS's certificates: docs/market-data.md says how it gets there.
  authorities = "/var/task/chalicelib/rds-ca.pem"

  secret = aws_db_instance.summaries.master_user_secret[0].secret_arn
}

resource "aws_security_group" "functions" {
  name        = "${var.name}-summaries-functions"
  description = "Functions that write the summaries: database, S3, DynamoDB and Secrets Manager, no calls in"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-summaries-functions" }
}

resource "aws_security_group" "database" {
  name        = "${var.name}-summaries-database"
  description = "MySQL for the functions that write the summaries"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-summaries-database" }
}

resource "aws_security_group" "secrets" {
  name        = "${var.name}-summaries-secrets"
  description = "Secrets Manager for the functions that write the summaries"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-summaries-secrets" }
}

# Each way is allowed at both of its ends.
locals {
  ways = {
    database = { to = aws_security_group.database.id, port = local.port }
    secrets  = { to = aws_security_group.secrets.id, port = 443 }
  }
}

resource "aws_vpc_security_group_egress_rule" "inside" {
  for_each = local.ways

  security_group_id            = aws_security_group.functions.id
  referenced_security_group_id = each.value.to
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "inside" {
  for_each = local.ways

  security_group_id            = each.value.to
  referenced_security_group_id = aws_security_group.functions.id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "stores" {
  count = 2

  security_group_id = aws_security_group.functions.id
  prefix_list_id    = var.store_prefix_list_ids[count.index]
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_endpoint" "secrets" {
  vpc_id              = var.vpc_id
  service_name        = "com.amazonaws.${var.region}.secretsmanager"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [var.subnet_ids[0]]
  security_group_ids  = [aws_security_group.secrets.id]

  tags = { Name = "${var.name}-summaries-secrets" }
}

resource "aws_db_subnet_group" "summaries" {
  name       = "${var.name}-summaries"
  subnet_ids = var.subnet_ids
}

resource "aws_db_instance" "summaries" {
  identifier                  = "${var.name}-summaries"
  engine                      = "mysql"
  engine_version              = "8.4"
  instance_class              = var.instance_class
  db_name                     = local.database
  username                    = local.user
  manage_master_user_password = true

  allocated_storage     = 20
  max_allocated_storage = 100
  storage_type          = "gp3"
  storage_encrypted     = true

  db_subnet_group_name   = aws_db_subnet_group.summaries.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false
  port                   = local.port

  backup_retention_period    = 7
  auto_minor_version_upgrade = true
  deletion_protection        = var.protected
  skip_final_snapshot        = !var.protected
  final_snapshot_identifier  = "${var.name}-summaries-last"

  tags = { Name = "${var.name}-summaries" }
}
