"""What people do with cases: commands that turn a request into recorded events, and readings.

Each command loads a case, makes the event that the command says, and has the store record it
through the state machine of `serving.cases`. Nothing here knows HTTP or a database.
"""
