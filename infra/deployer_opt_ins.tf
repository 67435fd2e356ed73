# What the deployer of deployer.tf may besides, for each opt-in of market data and bots that is on
# and is no machine and no network: those are made by the owner, since AWS bounds them by no name. In a
# policy of its own, because one role's inline policies end at 10,240 characters.

locals {
  lake      = "${local.arn}:s3:::${local.name}-lake-${local.account_id}"
  catalogue = "${local.arn}:glue:${local.here}"
  in_glue   = replace("${local.name}-lake", "-", "_") # names of the catalogue have no hyphens
  job       = "${local.name}-spark-job"
  machines  = [for what, is_on in { candles = var.pipeline, sweeps = var.sweeps } : "${local.name}-${what}" if is_on]
  starters  = var.pipeline ? ["${local.name}-candles-starter"] : []
  role_arn  = "${local.arn}:iam::${local.account_id}:role"

  make_roles = [
    "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:GetRole", "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies",
    "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy",
  ]

  opt_ins_policy = "${local.name}-deployer-opt-ins"

  deployer_may_lakehouse = {
    Catalogue = {
      Action = [
        "glue:CreateDatabase", "glue:CreateTable", "glue:DeleteDatabase", "glue:DeleteTable",
        "glue:GetDatabase", "glue:GetPartitionIndexes", "glue:GetTable", "glue:GetTables", "glue:GetTags",
        "glue:TagResource", "glue:UntagResource", "glue:UpdateDatabase", "glue:UpdateTable",
      ]
      # Glue asks for the right to the catalogue as well as to what is in it.
      Resource = [
        "${local.catalogue}:catalog", "${local.catalogue}:database/${local.in_glue}",
        "${local.catalogue}:table/${local.in_glue}/*",
      ]
    }
    Workgroup = {
      Action = [
        "athena:CreateWorkGroup", "athena:DeleteWorkGroup", "athena:GetWorkGroup",
        "athena:ListTagsForResource", "athena:TagResource", "athena:UntagResource",
        "athena:UpdateWorkGroup",
      ]
      Resource = ["${local.arn}:athena:${local.here}:workgroup/${local.name}-lake"]
    }
  }

  deployer_may_spark_job = {
    SparkJob = {
      Action = [
        "glue:CreateJob", "glue:CreateTrigger", "glue:DeleteJob", "glue:DeleteTrigger", "glue:GetJob",
        "glue:GetTags", "glue:GetTrigger", "glue:StartTrigger", "glue:StopTrigger", "glue:TagResource",
        "glue:UntagResource", "glue:UpdateJob", "glue:UpdateTrigger",
      ]
      Resource = ["${local.catalogue}:job/${local.job}", "${local.catalogue}:trigger/${local.job}"]
    }
    SparkScript = {
      Action = [
        "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectTagging",
        "s3:PutObject", "s3:PutObjectTagging",
      ]
      Resource = ["${local.lake}/spark/transform_candles.py"]
    }
    SparkScriptVersions = {
      Action   = ["s3:ListBucketVersions"]
      Resource = [local.lake]
    }
    SparkRole = {
      Action   = local.make_roles
      Resource = ["${local.role_arn}/${local.job}"]
    }
    PassSparkRole = {
      Action    = ["iam:PassRole"]
      Resource  = ["${local.role_arn}/${local.job}"]
      Condition = { StringEquals = { "iam:PassedToService" = "glue.amazonaws.com" } }
    }
  }

  deployer_may_machines = {
    StateMachines = {
      Action = [
        "states:CreateStateMachine", "states:DeleteStateMachine", "states:DescribeStateMachine",
        "states:ListStateMachineVersions", "states:ListTagsForResource", "states:TagResource",
        "states:UntagResource", "states:UpdateStateMachine",
      ]
      Resource = [for name in local.machines : "${local.arn}:states:${local.here}:stateMachine:${name}"]
    }
    # Of a text that is no machine yet.
    StateMachineTexts = {
      Action   = ["states:ValidateStateMachineDefinition"]
      Resource = ["*"]
    }
    StateMachineRoles = {
      Action   = local.make_roles
      Resource = [for name in concat(local.machines, local.starters) : "${local.role_arn}/${name}"]
    }
    PassStateMachineRoles = {
      Action    = ["iam:PassRole"]
      Resource  = [for name in local.machines : "${local.role_arn}/${name}"]
      Condition = { StringEquals = { "iam:PassedToService" = "states.amazonaws.com" } }
    }
  }

  deployer_may_pipeline = {
    StateMachineSchedule = {
      Action = [
        "events:DeleteRule", "events:DescribeRule", "events:ListTagsForResource",
        "events:ListTargetsByRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets",
        "events:TagResource", "events:UntagResource",
      ]
      Resource = ["${local.arn}:events:${local.here}:rule/${local.name}-candles"]
    }
    PassStarterRole = {
      Action    = ["iam:PassRole"]
      Resource  = [for name in local.starters : "${local.role_arn}/${name}"]
      Condition = { StringEquals = { "iam:PassedToService" = "events.amazonaws.com" } }
    }
  }

  deployer_may_timestream = {
    TimeSeries = {
      Action = [
        "timestream:CreateDatabase", "timestream:CreateTable", "timestream:DeleteDatabase",
        "timestream:DeleteTable", "timestream:DescribeDatabase", "timestream:DescribeTable",
        "timestream:ListTagsForResource", "timestream:TagResource", "timestream:UntagResource",
        "timestream:UpdateDatabase", "timestream:UpdateTable",
      ]
      Resource = [
        "${local.arn}:timestream:${local.here}:database/${local.name}",
        "${local.arn}:timestream:${local.here}:database/${local.name}/table/*",
      ]
    }
    TimeSeriesHosts = {
      Action   = ["timestream:DescribeEndpoints"]
      Resource = ["*"]
    }
  }

  deployer_may_opt_ins = merge(
    { for name, right in local.deployer_may_lakehouse : name => right if var.lakehouse },
    { for name, right in local.deployer_may_spark_job : name => right if var.spark_job },
    { for name, right in local.deployer_may_machines : name => right if length(local.machines) > 0 },
    { for name, right in local.deployer_may_pipeline : name => right if var.pipeline },
    { for name, right in local.deployer_may_timestream : name => right if var.timestream },
  )
  has_deployer_opt_ins = local.has_deployer && length(local.deployer_may_opt_ins) > 0

  deployer_looks_at_policy = {
    Action   = ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"]
    Resource = ["${local.arn}:iam::${local.account_id}:policy/${local.opt_ins_policy}"]
  }
}

resource "aws_iam_policy" "deployer_opt_ins" {
  count = local.has_deployer_opt_ins ? 1 : 0

  name        = local.opt_ins_policy
  description = "The opt-ins of stage ${var.stage} that its deployer may make"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for name, right in merge(local.deployer_may_opt_ins, { PolicyToLookAt = local.deployer_looks_at_policy }) :
      merge(right, { Sid = name, Effect = "Allow" })
    ]
  })
}

resource "aws_iam_role_policy_attachment" "deployer_opt_ins" {
  count = local.has_deployer_opt_ins ? 1 : 0

  role       = aws_iam_role.deployer[0].name
  policy_arn = aws_iam_policy.deployer_opt_ins[0].arn
}
