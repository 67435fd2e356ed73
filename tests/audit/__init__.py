"""`make audit`: what is installed is what was locked, under licences that we may use, unbroken."""
