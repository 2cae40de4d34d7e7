"""Who somebody is and what they may do: pure rules, without HTTP, files or a database."""
