"""A causal simulator of synthetic loan applications: every cause of a denial is planted and known.

The order of things: `population` draws applicants, `hazard` their default, `policy` the decision
and its principal reasons, `families` the text with the stretches that carry each cause;
`simulation` puts the four together, `demographics` keeps apart what nothing here may read.
Everything is synthetic: no row describes a person, and no limit is a lender's.
"""
