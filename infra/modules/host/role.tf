# What the machine may do: work on its stage's tables and secrets, write its log, be reached by SSM.
# AWS's managed policies for SSM and for the agent would let it read every parameter of the account.

data "aws_caller_identity" "here" {}

data "aws_partition" "here" {}

# Written by name, so that a plan shows them whole.
locals {
  partition = data.aws_partition.here.partition
  here      = "${module.network.region}:${data.aws_caller_identity.here.account_id}"
  table_arn = "arn:${local.partition}:dynamodb:${local.here}:table/${var.state_table_name}"
  topic_arn = "arn:${local.partition}:sns:${local.here}:${var.alarm_topic_name}"
  lake_arn  = "arn:${local.partition}:s3:::${var.lake_bucket_name}"
  log_arn   = "arn:${local.partition}:logs:${local.here}:log-group:${aws_cloudwatch_log_group.bot.name}"

  lake_prefixes = ["trades/*", "quarantine/trades/*"]

  # What bots begin with, and what they may ask for.
  read_prefixes = ["candles/*", "top_marketcap/*"]

  allowed = {
    State = {
      Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
      Resource = [local.table_arn]
    }
    Shelf = {
      Action   = ["dynamodb:Query"]
      Resource = ["${local.table_arn}/index/shelf"]
    }
    Secrets = {
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = ["arn:${local.partition}:secretsmanager:${local.here}:secret:${var.secret_prefix}*"]
    }
    Parameters = {
      Action   = ["ssm:GetParameter"]
      Resource = ["arn:${local.partition}:ssm:${local.here}:parameter${var.parameter_prefix}*"]
    }
    Notices = {
      Action   = ["sns:Publish"]
      Resource = [local.topic_arn]
    }
    Release = {
      Action   = ["s3:GetObject"]
      Resource = ["${local.lake_arn}/host/*"]
    }
    Lake = {
      Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      Resource = [for prefix in local.lake_prefixes : "${local.lake_arn}/${prefix}"]
    }
    LakeReads = {
      Action   = ["s3:GetObject"]
      Resource = [for prefix in local.read_prefixes : "${local.lake_arn}/${prefix}"]
    }
    Log = {
      Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = [local.log_arn, "${local.log_arn}:*"]
    }
  }
}

resource "aws_iam_role" "bot" {
  name = "${var.name}-host"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "bot" {
  name = "crypto-bot"
  role = aws_iam_role.bot.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for name, right in local.allowed : merge(right, { Sid = name, Effect = "Allow" })],
      [
        {
          Sid       = "LakeLists"
          Effect    = "Allow"
          Action    = ["s3:ListBucket"]
          Resource  = [local.lake_arn]
          Condition = { StringLike = { "s3:prefix" = concat(local.lake_prefixes, local.read_prefixes) } }
        },
        {
          Sid       = "Metrics"
          Effect    = "Allow"
          Action    = ["cloudwatch:PutMetricData"]
          Resource  = ["*"]
          Condition = { StringEquals = { "cloudwatch:namespace" = local.namespace } }
        },
        {
          Sid    = "Shell" # AWS knows no narrower resource for these
          Effect = "Allow"
          Action = [
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
          ]
          Resource = ["*"]
        },
      ]
    )
  })
}

resource "aws_iam_instance_profile" "bot" {
  name = "${var.name}-host"
  role = aws_iam_role.bot.name
}
