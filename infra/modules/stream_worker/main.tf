# The stream of the venue's trades onto Kafka, and the archive that writes them from there into the
# lake, in one small task on Fargate. Nobody calls in. There is no image of our own: the task begins
# with the release that lies in the lake bucket, as the EC2 host does, and installs it with the hashes
# of its lock. Either worker may die at any moment: the task then starts anew and repeats nothing
# that counts.

locals {
  home     = "/opt/crypto-bot"
  workers  = ["stream", "archive"]
  python   = "public.ecr.aws/docker/library/python:3.12-slim"
  aws      = "public.ecr.aws/aws-cli/aws-cli:2.31.0"
  volume   = "release"
  mounts   = [{ sourceVolume = local.volume, containerPath = local.home, readOnly = false }]
  is_msk   = var.kafka_cluster_name != ""
  log_name = "/crypto-bot/${var.stage}/stream-worker"

  environment = merge(var.environment, {
    CRYPTO_BOT_STAGE  = var.stage
    CRYPTO_BOT_REGION = var.region
    CRYPTO_BOT_HOME   = "/var/lib/crypto-bot"
    TABLE_NAME        = var.state_table_name
    SECRET_PREFIX     = var.secret_prefix
    PARAMETER_PREFIX  = var.parameter_prefix
    ALARM_TOPIC_ARN   = var.alarm_topic_arn
    LAKE_BUCKET       = var.lake_bucket_name
    KAFKA_BROKERS     = var.kafka_brokers
    KAFKA_OPTIONS     = jsonencode(var.kafka_options)
    KAFKA_SECRET      = var.kafka_secret
  })

  log = { for name in concat(["fetch", "install"], local.workers) : name => {
    logDriver = "awslogs"
    options   = { "awslogs-group" = local.log_name, "awslogs-region" = var.region, "awslogs-stream-prefix" = name }
  } }

  containers = concat(
    [
      {
        name             = "fetch"
        image            = local.aws
        essential        = false
        command          = ["s3", "cp", "--only-show-errors", "s3://${var.lake_bucket_name}/host/release.tar.gz", "${local.home}/release.tar.gz"]
        mountPoints      = local.mounts
        logConfiguration = local.log.fetch
      },
      {
        name             = "install"
        image            = local.python
        essential        = false
        command          = ["bash", "-c", file("${path.module}/files/install.sh")]
        mountPoints      = local.mounts
        dependsOn        = [{ containerName = "fetch", condition = "SUCCESS" }]
        logConfiguration = local.log.install
      },
    ],
    [for worker in local.workers : {
      name             = worker
      image            = local.python
      essential        = true
      command          = ["${local.home}/venv/bin/crypto-bot", "worker", worker, "--stage", var.stage]
      environment      = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
      mountPoints      = local.mounts
      stopTimeout      = 60
      dependsOn        = [{ containerName = "install", condition = "SUCCESS" }]
      logConfiguration = local.log[worker]
    }],
  )
}

resource "aws_cloudwatch_log_group" "workers" {
  name              = local.log_name
  retention_in_days = var.log_retention
}

resource "aws_security_group" "out" {
  name        = "${var.name}-stream-worker"
  description = "Calls to venues, AWS and Kafka, and no calls in"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-stream-worker" }
}

# 9443 is where some venues have their streams; 9092 to 9098 are Kafka's.
resource "aws_vpc_security_group_egress_rule" "out" {
  for_each = { https = [443, 443], streams = [9443, 9443], kafka = [9092, 9098] }

  security_group_id = aws_security_group.out.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value[0]
  to_port           = each.value[1]
}

resource "aws_ecs_cluster" "this" {
  name = "${var.name}-market"
}

resource "aws_ecs_task_definition" "workers" {
  family                   = "${var.name}-stream-worker"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  task_role_arn            = aws_iam_role.worker.arn
  execution_role_arn       = aws_iam_role.starter.arn
  container_definitions    = jsonencode(local.containers)

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  volume {
    name = local.volume
  }
}

# One at a time: the old task ends before the new one begins, so that no trade is read twice for long.
resource "aws_ecs_service" "workers" {
  name                               = "${var.name}-stream-worker"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.workers.arn
  launch_type                        = "FARGATE"
  desired_count                      = 1
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100

  network_configuration {
    subnets          = [var.subnet_id]
    security_groups  = compact([aws_security_group.out.id, var.kafka_client_group_id])
    assign_public_ip = true
  }
}
