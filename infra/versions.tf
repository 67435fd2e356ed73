terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

# Region and credentials come from the environment or the profile (AWS_REGION, AWS_PROFILE).
provider "aws" {
  s3_use_path_style = var.s3_use_path_style

  default_tags {
    tags = {
      project = "crypto-bot"
      stage   = var.stage
    }
  }
}

data "aws_caller_identity" "here" {}

data "aws_region" "here" {}

data "aws_partition" "here" {}

locals {
  name       = "crypto-bot-${var.stage}"
  is_prod    = var.stage == "prod"
  protected  = coalesce(var.protected, local.is_prod)
  account_id = data.aws_caller_identity.here.account_id
  region     = data.aws_region.here.name
  partition  = data.aws_partition.here.partition
}
