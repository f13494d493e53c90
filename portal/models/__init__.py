"""The office: records, their states, who may do what to them, and what happens then. Importing this registers every table."""

from portal.models import approval, attachment, audit, calendar, contact, credit, customer, import_run, inbox, investigation, job, notice, saved_filter, search, sheet, staff, standard

__all__ = ["approval", "attachment", "audit", "calendar", "contact", "credit", "customer", "import_run", "inbox", "investigation", "job", "notice", "saved_filter", "search", "sheet", "staff", "standard"]
