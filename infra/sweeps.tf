# The opt-in for sweeps of bots; variables.tf has its price, docs/bots.md says what it is for.

module "sweeps" {
  source = "./modules/sweeps"
  count  = var.sweeps ? 1 : 0

  name             = local.name
  stage            = var.stage
  at_once          = var.sweeps_at_once
  lake_bucket_name = aws_s3_bucket.lake.bucket
  region           = local.region
  account_id       = local.account_id
  partition        = local.partition
}
