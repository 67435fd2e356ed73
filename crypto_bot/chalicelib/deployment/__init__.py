"""The tree of a project -> running functions on the owner's own AWS account, and back.

Runs on the machine that deploys; nothing of it is in the package that Lambda gets.
"""
