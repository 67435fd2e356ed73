# Market data, releases for the host, and Chalice's record of what it has deployed.

resource "aws_s3_bucket" "lake" {
  bucket        = "${local.name}-lake-${local.account_id}"
  force_destroy = !local.protected
}

resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "lake" {
  bucket = aws_s3_bucket.lake.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "lake" {
  bucket     = aws_s3_bucket.lake.id
  depends_on = [aws_s3_bucket_public_access_block.lake]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EncryptedTransportOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.lake.arn, "${aws_s3_bucket.lake.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_bucket_lifecycle_configuration" "lake" {
  bucket     = aws_s3_bucket.lake.id
  depends_on = [aws_s3_bucket_versioning.lake]

  rule {
    id     = "forget"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.lake_noncurrent_days
    }

    # Of a deleted object, once no older version is left.
    expiration {
      expired_object_delete_marker = true
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  # Replaced by night and by minute, out of what the venue or another object still has.
  dynamic "rule" {
    for_each = toset(["candle_gaps", "candles", "trades"])

    content {
      id     = "forget-${rule.key}"
      status = "Enabled"

      filter {
        prefix = "${rule.key}/"
      }

      noncurrent_version_expiration {
        noncurrent_days = var.lake_noncurrent_market_days
      }
    }
  }

  # Lists of trades that were sent to be replayed, and what came of them.
  rule {
    id     = "forget-jobs"
    status = "Enabled"

    filter {
      prefix = "jobs/"
    }

    expiration {
      days = 30
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  # Questions and trials of sweeps, which whoever asked has a file of.
  dynamic "rule" {
    for_each = var.sweeps ? ["sweeps"] : []

    content {
      id     = "forget-sweeps"
      status = "Enabled"

      filter {
        prefix = "sweeps/"
      }

      expiration {
        days = 90
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }
  # Answers of Athena, which can be asked again.
  dynamic "rule" {
    for_each = var.lakehouse ? ["athena"] : []

    content {
      id     = "forget-answers"
      status = "Enabled"

      filter {
        prefix = "athena/"
      }

      expiration {
        days = 7
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }
}
