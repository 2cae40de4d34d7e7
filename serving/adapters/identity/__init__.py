"""Who is known beside the key file, in the database of cases; tokens and their signatures."""
