"""What an operator is shown of a service, part by part: a part that cannot be told hides none of the others."""
