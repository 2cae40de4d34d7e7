"""Cases: from an application received to a notice sent, kept and purged.

A case is the fold of its recorded events (`transitions.replay`); its due dates are replayed from
the same events (`clocks.clocks`). Nothing here knows HTTP, a database or a model: times and actors
come in with the events.
"""
