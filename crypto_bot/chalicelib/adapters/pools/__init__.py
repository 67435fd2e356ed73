"""Where the trials of a sweep are run: here, or in processes of their own."""
