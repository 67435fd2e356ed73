"""What infra/ describes, held against what the code expects of it."""
