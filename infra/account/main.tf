# What an account has once, for both stages: a bucket for Terraform's state, which several computers
# or workflows share, and the trust in GitHub's word about whose workflow calls. Neither is needed to
# deploy from one computer.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  default_tags {
    tags = { project = "crypto-bot" }
  }
}

variable "github" {
  description = "Whether GitHub's workflows are to deploy; false where the account trusts GitHub already. Free."
  type        = bool
  default     = true
}

data "aws_caller_identity" "here" {}

resource "aws_s3_bucket" "state" {
  bucket = "crypto-bot-terraform-${data.aws_caller_identity.here.account_id}"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket = aws_s3_bucket.state.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

output "state_bucket" {
  description = "For backend.tf.example, and for state_bucket of the stages that GitHub deploys."
  value       = aws_s3_bucket.state.bucket
}
