# What the workers may do, and what Fargate needs to start them: write their log.

locals {
  here      = "${var.region}:${var.account_id}"
  arn       = "arn:${var.partition}"
  lake_arn  = "${local.arn}:s3:::${var.lake_bucket_name}"
  log_arn   = "${local.arn}:logs:${local.here}:log-group:${local.log_name}:*"
  kafka_arn = "${local.arn}:kafka:${local.here}"

  lake_prefixes = ["trades/*", "quarantine/trades/*"]

  allowed = merge(
    {
      Release = {
        Action   = ["s3:GetObject"]
        Resource = ["${local.lake_arn}/host/*"]
      }
      Lake = {
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = [for prefix in local.lake_prefixes : "${local.lake_arn}/${prefix}"]
      }
      LakeLists = {
        Action    = ["s3:ListBucket"]
        Resource  = [local.lake_arn]
        Condition = { StringLike = { "s3:prefix" = local.lake_prefixes } }
      }
      Notices = {
        Action    = ["dynamodb:PutItem"]
        Resource  = ["${local.arn}:dynamodb:${local.here}:table/${var.state_table_name}"]
        Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["notice#*"] } }
      }
    },
    { for name, right in local.of_msk : name => right if local.is_msk },
    { for name, right in local.of_secret : name => right if var.kafka_secret != "" }
  )
  of_msk = {
    KafkaCluster = {
      Action   = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"]
      Resource = ["${local.kafka_arn}:cluster/${var.kafka_cluster_name}/*"]
    }
    KafkaTopics = {
      Action = [
        "kafka-cluster:CreateTopic", "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData",
        "kafka-cluster:WriteData", "kafka-cluster:WriteDataIdempotently",
      ]
      Resource = ["${local.kafka_arn}:topic/${var.kafka_cluster_name}/*"]
    }
    KafkaGroups = {
      Action   = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
      Resource = ["${local.kafka_arn}:group/${var.kafka_cluster_name}/*"]
    }
  }
  of_secret = {
    KafkaSecret = {
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = ["${local.arn}:secretsmanager:${local.here}:secret:${var.kafka_secret}-??????"]
    }
  }

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role" "worker" {
  name               = "${var.name}-stream-worker"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "worker" {
  name = "work"
  role = aws_iam_role.worker.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for name, right in local.allowed : merge(right, { Sid = name, Effect = "Allow" })]
  })
}

resource "aws_iam_role" "starter" {
  name               = "${var.name}-stream-worker-starter"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "starter" {
  name = "start"
  role = aws_iam_role.starter.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = [local.log_arn]
    }]
  })
}
