"""From JSON as sent to a row, by the validator that files go through."""

from collections.abc import Mapping

from data_pipeline.sources import Row, RowError, RowValueError, application_from_mapping
from data_pipeline.sources.rows import row_id


def read_application(body: object, *, number: int) -> Row | RowError:
    """Returns the row that a JSON value describes, or what is wrong with it.

    Args:
        body: an application as sent.
        number: its position in the request, from 1; the row's id where it has none.
    """
    row_name = str(number)
    try:
        if not isinstance(body, Mapping):
            raise RowValueError(
                "malformed_row",
                field=None,
                message="the application is not a JSON object: expected one with `text` or fields",
            )
        row_name = row_id(body.get("id"), number=number)
        return Row(number=number, id=row_name, application=application_from_mapping(body))
    except RowValueError as error:
        return RowError(
            number=number, id=row_name, code=error.code, field=error.field, message=error.message
        )


def has_id(body: Mapping[str, object]) -> bool:
    """Returns whether an application brings an id of its own."""
    given = body.get("id")
    return given is not None and str(given).strip() != ""
