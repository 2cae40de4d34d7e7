"""What stands beside a decision: advice on a page of its own, and a summary of the risk.

Neither is part of a notice: a notice states reasons, in prescribed words (12 CFR 1002.4(d)(1),
1002.9(b)(2)). The words of this package are ours, fixed, and short enough to read.
"""
