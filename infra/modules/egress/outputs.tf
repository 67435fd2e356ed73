output "address" {
  description = "What to allow at the exchange."
  value       = aws_eip.out.public_ip
}

output "subnet_ids" {
  value = [aws_subnet.functions.id]
}

output "security_group_ids" {
  value = [module.network.https_out_id]
}
