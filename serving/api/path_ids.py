"""Ids as they stand in addresses.

Any text may be asked for: what nobody gave out as an id is not found. Only NUL, which PostgreSQL
takes in no text, is refused before anything is looked for.
"""

from typing import Annotated

from fastapi import Path

_ID = r"^[^\x00]*$"

CaseId = Annotated[str, Path(description="Id of the case.", max_length=64, pattern=_ID)]
DecisionId = Annotated[str, Path(description="Id of the decision.", max_length=64, pattern=_ID)]
NoticeId = Annotated[str, Path(description="Id of the notice.", max_length=64, pattern=_ID)]
