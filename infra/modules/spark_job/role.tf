# What the job may: read the candles and the code, write the series, and its log.

locals {
  # Spark stages its files beside where they go, and marks folders by objects of such names.
  written = ["series/*", "series_$folder$", "quarantine/series/*", "quarantine/series_$folder$", "quarantine_$folder$"]
  read    = ["candles/*", local.release, local.script]
}

resource "aws_iam_role" "job" {
  name = local.job

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "glue.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "job" {
  name = "work"
  role = aws_iam_role.job.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [for key in local.read : "${local.lake_arn}/${key}"]
      },
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = [for key in concat(local.written, ["spark/temporary/*"]) : "${local.lake_arn}/${key}"]
      },
      {
        Sid      = "List"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [local.lake_arn]
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws-glue/*"]
      },
    ]
  })
}
