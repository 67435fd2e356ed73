# Many combinations of a bot's parameters, tried at once: a list of them in the lake is cut into
# batches, and each is tried by the function sweep_batch, which puts what it finds into the lake
# itself. `crypto-bot sweep --stage` begins an execution and says what is in its input.

locals {
  machine  = "${var.name}-sweeps"
  function = "arn:${var.partition}:lambda:${var.region}:${var.account_id}:function:crypto_bot-${var.stage}-sweep_batch"
  lake     = "arn:${var.partition}:s3:::${var.lake_bucket_name}"
}

resource "aws_sfn_state_machine" "sweeps" {
  name     = local.machine
  role_arn = aws_iam_role.machine.arn
  definition = templatefile("${path.module}/machine.json.tftpl", {
    stage     = var.stage
    partition = var.partition
    function  = local.function
    bucket    = var.lake_bucket_name
    at_once   = var.at_once
    # What is wrong with the question or the stage stays wrong, and a bot that takes too long does so
    # again. Where too many functions run, alerts and ticks go first.
    retry = file("${path.module}/retry.json")
  })
}

output "machine_arn" {
  # By its name, so that a plan shows whole what the owner's commands are told.
  value = "arn:${var.partition}:states:${var.region}:${var.account_id}:stateMachine:${local.machine}"
}
