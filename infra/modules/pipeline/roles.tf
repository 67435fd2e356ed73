# Who may start the machine, and what the machine may call.

locals {
  trusted = { machine = "states.amazonaws.com", starter = "events.amazonaws.com" }
  trust = {
    for role, service in local.trusted : role => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      }]
    })
  }
}

resource "aws_iam_role" "machine" {
  name               = local.machine
  assume_role_policy = local.trust.machine
}

resource "aws_iam_role_policy" "machine" {
  name = "call"
  role = aws_iam_role.machine.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [for name in local.stages : "${local.functions}-${name}"]
    }]
  })
}

resource "aws_iam_role" "starter" {
  name               = "${local.machine}-starter"
  assume_role_policy = local.trust.starter
}

resource "aws_iam_role_policy" "starter" {
  name = "start"
  role = aws_iam_role.starter.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["states:StartExecution"]
      Resource = ["arn:${var.partition}:states:${var.region}:${var.account_id}:stateMachine:${local.machine}"]
    }]
  })
}
