"""What notices say and print, sealed, within a transaction."""

import hashlib

import sqlalchemy as sa

from serving.adapters.encryption.sealing import DataKey, Place
from serving.adapters.sql.tables import notice_renderings, notices
from serving.cases.store import NoticeContent


def write_notice(connection: sa.Connection, key: DataKey, notice: NoticeContent) -> None:
    """Writes the content of a drafted notice, and the renderings that are not there yet."""
    sealed = key.seal(notice.content, _content_of(notice.notice_id))
    same = notices.c.notice_id == notice.notice_id
    connection.execute(
        notices.update().where(same, notices.c.content.is_(None)), {"content": sealed}
    )
    there = notice_renderings.c.notice_id == notice.notice_id
    kept = connection.scalars(sa.select(notice_renderings.c.media_type).where(there)).all()
    rows = [
        {
            "notice_id": notice.notice_id,
            "media_type": media_type,
            "digest": hashlib.sha256(content).hexdigest(),
            "content": key.seal(content, _rendering_of(notice.notice_id, media_type)),
        }
        for media_type, content in notice.renderings.items()
        if media_type not in kept
    ]
    if rows:
        connection.execute(notice_renderings.insert(), rows)


def rendering_digests(connection: sa.Connection, notice_id: str) -> dict[str, str]:
    """Returns the sha256 of each rendering of a notice by its media type, hexadecimal."""
    columns = sa.select(notice_renderings.c.media_type, notice_renderings.c.digest)
    rows = connection.execute(columns.where(notice_renderings.c.notice_id == notice_id))
    return {row.media_type: row.digest for row in rows}


def read_notice(
    connection: sa.Connection, key: DataKey, notice_id: str, *, sealed: bytes
) -> NoticeContent:
    """Returns the content of a notice with its renderings."""
    return NoticeContent(
        notice_id=notice_id,
        content=key.open(sealed, _content_of(notice_id)),
        renderings=_renderings(connection, key, notice_id),
    )


def _renderings(connection: sa.Connection, key: DataKey, notice_id: str) -> dict[str, bytes]:
    wanted = sa.select(notice_renderings).where(notice_renderings.c.notice_id == notice_id)
    rows = connection.execute(wanted.order_by(notice_renderings.c.media_type)).all()
    return {
        row.media_type: key.open(row.content, _rendering_of(notice_id, row.media_type))
        for row in rows
    }


def _content_of(notice_id: str) -> Place:
    return Place(table="notices", column="content", row=(notice_id,))


def _rendering_of(notice_id: str, media_type: str) -> Place:
    return Place(table="notice_renderings", column="content", row=(notice_id, media_type))
