"""The checks of a notice, one function for each rule, split by family."""
