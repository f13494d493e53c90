"""The picture of a person's signature, printed where they have signed."""

from __future__ import annotations

from portal.database import db
from portal.models import audit
from portal.models.attachment import Attachment
from portal.models.staff import Staff
from portal.rules.signature_picture import signature_png


def keep_signature(staff: Staff, content: bytes) -> Attachment:
    """Make `content` the signature of `staff`. Raises `Refusal` (field `picture`) for what is not a picture of one."""
    record = Attachment.keep(signature_png(content), filename="signature.png", media_type="image/png", purpose="signature", by=staff)
    db.session.flush()
    staff.signature_id = record.id
    audit.write("change", "signature-picture-set", actor=staff, record=staff, label=staff.name, attachment=record.id, sha256=record.sha256)
    return record


def remove_signature(staff: Staff) -> None:
    """Print no picture for `staff` from now on; what was printed before keeps its own."""
    if staff.signature_id is not None:
        staff.signature_id = None
        audit.write("change", "signature-picture-removed", actor=staff, record=staff, label=staff.name)


def signature_of(staff: Staff) -> Attachment | None:
    """Return the picture of a person's signature, if there is one."""
    return db.session.get(Attachment, staff.signature_id) if staff.signature_id else None
