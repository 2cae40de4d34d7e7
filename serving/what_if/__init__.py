"""What an answer would be for another application: changes a person may ask about, and recourse.

A tool of the creditor's people. Nothing of it is ever part of a notice.
"""
