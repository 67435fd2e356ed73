# A role that a repository's GitHub workflows take on to deploy this stage, by GitHub's word instead of
# stored keys: dev from its branch main, prod from its environment `prod`, which somebody approves.
#
# It can change what the stage consists of, and read neither its secrets nor its books; of the rows, it
# has the configuration and can look a signal up, which is how a deploy is tried out. Still, whoever may
# deploy a function decides what that function does with its own rights: protect main and the
# environment accordingly. Machines and networks (egress, host, and of market.tf database, kafka and stream_worker)
# are made by the owner; deployer_opt_ins.tf has the other opt-ins.

locals {
  has_deployer = var.github_repository != ""
  subject      = local.is_prod ? "environment:prod" : "ref:refs/heads/main"

  here      = "${local.region}:${local.account_id}"
  arn       = "arn:${local.partition}"
  own_roles = "${local.arn}:iam::${local.account_id}:role/crypto_bot-${var.stage}*"

  # Service by service: what may be done, and with what.
  deployer_may = {
    Tables = {
      Action = [
        "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource",
        "dynamodb:TagResource", "dynamodb:UntagResource", "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
      ]
      Resource = ["${local.arn}:dynamodb:${local.here}:table/${local.name}-*"]
    }
    SecretContainers = {
      Action = [
        "secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret",
        "secretsmanager:GetResourcePolicy", "secretsmanager:TagResource", "secretsmanager:UntagResource",
      ]
      Resource = ["${local.arn}:secretsmanager:${local.here}:secret:${local.secret_prefix}*"]
    }
    Lake = {
      Action = [
        "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:GetAccelerateConfiguration",
        "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:PutBucketNotification", "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
      ]
      Resource = ["${local.arn}:s3:::${local.name}-lake-${local.account_id}"]
    }
    DeploymentRecord = {
      Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      Resource = ["${local.arn}:s3:::${local.name}-lake-${local.account_id}/chalice/deployed/*"]
    }
    HostRelease = {
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["${local.arn}:s3:::${local.name}-lake-${local.account_id}/host/*"]
    }
    # Which exchanges the package needs, and a test alert's token: accounts, strategies, no keys.
    Configuration = {
      Action    = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
      Resource  = ["${local.arn}:dynamodb:${local.here}:table/${local.name}-state"]
      Condition = { "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["config", "config.history"] } }
    }
    TestAlert = {
      Action    = ["dynamodb:GetItem"]
      Resource  = ["${local.arn}:dynamodb:${local.here}:table/${local.name}-state"]
      Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["signal#*"] } }
    }
    Logs = {
      Action = [
        "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:ListTagsForResource",
        "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
      ]
      Resource = ["${local.arn}:logs:${local.here}:log-group:/aws/lambda/crypto_bot-${var.stage}*"]
    }
    Alarms = {
      Action = [
        "cloudwatch:DeleteAlarms", "cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard",
        "cloudwatch:ListTagsForResource", "cloudwatch:PutDashboard", "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource", "cloudwatch:UntagResource",
      ]
      Resource = [
        "${local.arn}:cloudwatch:${local.here}:alarm:${local.name}-*",
        "${local.arn}:cloudwatch::${local.account_id}:dashboard/${local.name}",
      ]
    }
    Topic = {
      Action = [
        "sns:CreateTopic", "sns:DeleteTopic", "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes",
        "sns:ListTagsForResource", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource",
        "sns:Unsubscribe", "sns:UntagResource",
      ]
      Resource = ["${local.arn}:sns:${local.here}:${local.name}-alarms", "${local.arn}:sns:${local.here}:${local.name}-alarms:*"]
    }
    DeadLetters = {
      Action = [
        "sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:ListQueueTags",
        "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue",
      ]
      Resource = ["${local.arn}:sqs:${local.here}:${local.name}-dead-letters"]
    }
    Budget = {
      Action = [
        "budgets:ListTagsForResource", "budgets:ModifyBudget", "budgets:TagResource",
        "budgets:UntagResource", "budgets:ViewBudget",
      ]
      Resource = ["${local.arn}:budgets::${local.account_id}:budget/${local.name}"]
    }
    Functions = {
      Action = [
        "lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunction",
        "lambda:DeleteFunctionConcurrency", "lambda:DeleteFunctionEventInvokeConfig", "lambda:GetFunction",
        "lambda:GetFunctionConfiguration", "lambda:GetFunctionEventInvokeConfig", "lambda:GetPolicy",
        "lambda:InvokeFunction", "lambda:ListTags", "lambda:PutFunctionConcurrency",
        "lambda:PutFunctionEventInvokeConfig", "lambda:RemovePermission", "lambda:TagResource",
        "lambda:UntagResource", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
        "lambda:UpdateFunctionEventInvokeConfig",
      ]
      Resource = ["${local.arn}:lambda:${local.here}:function:crypto_bot-${var.stage}*"]
    }
    Layers = {
      Action = ["lambda:DeleteLayerVersion", "lambda:GetLayerVersion", "lambda:PublishLayerVersion"]
      Resource = [
        "${local.arn}:lambda:${local.here}:layer:crypto_bot-${var.stage}*",
        "${local.arn}:lambda:${local.here}:layer:crypto_bot-${var.stage}*:*",
      ]
    }
    Schedules = {
      Action = [
        "events:DeleteRule", "events:DescribeRule", "events:ListTargetsByRule", "events:PutRule",
        "events:PutTargets", "events:RemoveTargets",
      ]
      Resource = ["${local.arn}:events:${local.here}:rule/crypto_bot-${var.stage}-*"]
    }
    FunctionRoles = {
      Action = [
        "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:GetRole", "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
      ]
      Resource = [local.own_roles]
    }
    ItselfToLookAt = {
      Action = [
        "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies",
      ]
      Resource = ["${local.arn}:iam::${local.account_id}:role/${local.name}-deployer"]
    }
    # What AWS does not limit by a name: APIs have numbers, mappings and lists have none.
    ApiGateway = {
      Action   = ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
      Resource = ["${local.arn}:apigateway:${local.region}::/restapis", "${local.arn}:apigateway:${local.region}::/restapis/*"]
    }
    Lists = {
      Action   = ["cloudwatch:DescribeAlarms", "lambda:GetEventSourceMapping", "lambda:ListEventSourceMappings", "lambda:ListFunctions", "logs:DescribeLogGroups", "ssm:DescribeParameters"]
      Resource = ["*"]
    }
  }
}

resource "aws_iam_role" "deployer" {
  count = local.has_deployer ? 1 : 0

  name                 = "${local.name}-deployer"
  description          = "Deploys stage ${var.stage} from ${var.github_repository}"
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "${local.arn}:iam::${local.account_id}:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:${var.github_repository}:${local.subject}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "deployer" {
  count = local.has_deployer ? 1 : 0

  name = "deploy"
  role = aws_iam_role.deployer[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for name, right in local.deployer_may : merge(right, { Sid = name, Effect = "Allow" })],
      [
        {
          Sid       = "PassRoles"
          Effect    = "Allow"
          Action    = ["iam:PassRole"]
          Resource  = [local.own_roles]
          Condition = { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }
        },
        {
          Sid       = "Mappings"
          Effect    = "Allow"
          Action    = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping", "lambda:TagResource", "lambda:ListTags"]
          Resource  = ["*"]
          Condition = { ArnLike = { "lambda:FunctionArn" = "${local.arn}:lambda:${local.here}:function:crypto_bot-${var.stage}-*" } }
        },
      ],
      [for right in [
        {
          Sid      = "TerraformState"
          Effect   = "Allow"
          Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
          Resource = ["${local.arn}:s3:::${var.state_bucket}/crypto-bot/${var.stage}/*"]
        },
        {
          Sid       = "TerraformStates"
          Effect    = "Allow"
          Action    = ["s3:ListBucket"]
          Resource  = ["${local.arn}:s3:::${var.state_bucket}"]
          Condition = { StringLike = { "s3:prefix" = ["crypto-bot/*", "terraform.tfstate"] } }
        },
      ] : right if var.state_bucket != ""]
    )
  })
}
