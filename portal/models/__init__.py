"""The office: records, their states, who may do what to them, and what happens then. Importing this registers every table."""

from portal.models import attachment, audit, contact, customer, investigation, job, notice, staff, standard

__all__ = ["attachment", "audit", "contact", "customer", "investigation", "job", "notice", "staff", "standard"]
