# What the machine may: call the one function, read lists of tasks and say how it went, and begin the
# executions of its own of which each hands out one batch.

resource "aws_iam_role" "machine" {
  name = local.machine
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "machine" {
  name = "sweep"
  role = aws_iam_role.machine.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [local.function]
      },
      {
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = ["arn:${var.partition}:states:${var.region}:${var.account_id}:stateMachine:${local.machine}"]
      },
      {
        Effect = "Allow"
        Action = ["states:DescribeExecution", "states:StopExecution"]
        Resource = [
          for name in [":*", "/*"] :
          "arn:${var.partition}:states:${var.region}:${var.account_id}:execution:${local.machine}${name}"
        ]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.lake}/sweeps/*/runs/*/tasks.json"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource = ["${local.lake}/sweeps/*/runs/*/results/*"]
      },
    ]
  })
}
