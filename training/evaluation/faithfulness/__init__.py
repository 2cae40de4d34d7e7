"""How far explanations hold: pure figures on orderings of clauses and on sets of reasons."""
