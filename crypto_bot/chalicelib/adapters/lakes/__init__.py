"""The Lake port: a folder for one machine, S3 for more."""
