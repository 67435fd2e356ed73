# Rows as chalicelib/drivers/dynamodb_table.py keeps them: key (pk, sk), and in `state` one index.
# No row expires: signals, orders and entries are the account's history.

locals {
  # Table and index of one stage; both stages together are what an account has free.
  units = {
    dev = {
      state  = { read = 6, write = 3 }
      shelf  = { read = 1, write = 3 }
      market = { read = 1, write = 2 }
    }
    prod = {
      state  = { read = 11, write = 7 }
      shelf  = { read = 4, write = 7 }
      market = { read = 2, write = 3 }
    }
  }
  capacity       = merge(local.units[var.stage], var.capacity)
  capacity_limit = coalesce(var.capacity_limit, local.is_prod ? 17 : 8)
  reading        = sum([for part in local.capacity : part.read])
  writing        = sum([for part in local.capacity : part.write])
}

# Signals, plans, orders, ledgers, configuration and leases.
resource "aws_dynamodb_table" "state" {
  name                        = "${local.name}-state"
  billing_mode                = "PROVISIONED"
  read_capacity               = local.capacity.state.read
  write_capacity              = local.capacity.state.write
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = local.protected
  stream_enabled              = true
  stream_view_type            = "NEW_IMAGE"

  dynamic "attribute" {
    for_each = ["pk", "sk", "shelf", "at"]
    content {
      name = attribute.value
      type = "S"
    }
  }

  global_secondary_index {
    name            = "shelf"
    hash_key        = "shelf"
    range_key       = "at"
    projection_type = "ALL"
    read_capacity   = local.capacity.shelf.read
    write_capacity  = local.capacity.shelf.write
  }

  point_in_time_recovery {
    enabled = true
  }

  lifecycle {
    precondition {
      condition     = terraform.workspace == var.stage || var.any_workspace
      error_message = "The workspace is ${terraform.workspace} and stage is ${var.stage}. They must be the same, or one stage would replace the other: terraform workspace select -or-create ${var.stage}"
    }
    precondition {
      condition     = max(local.reading, local.writing) <= local.capacity_limit
      error_message = "Tables and indexes of stage ${var.stage} would have ${local.reading} units of reading and ${local.writing} of writing, and ${local.capacity_limit} of each are its share of what is free. Lower some of capacity, or allow more with capacity_limit, whose description has the price."
    }
  }
}

# Candles and summaries: one item per symbol, interval and day. It fills with the market data.
resource "aws_dynamodb_table" "market" {
  name                        = "${local.name}-market"
  billing_mode                = "PROVISIONED"
  read_capacity               = local.capacity.market.read
  write_capacity              = local.capacity.market.write
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = local.protected

  dynamic "attribute" {
    for_each = ["pk", "sk"]
    content {
      name = attribute.value
      type = "S"
    }
  }

  point_in_time_recovery {
    enabled = true
  }
}
