"""The office registers 登记簿 (AR-30): declarations, by subject. A further one is a further `declare` in one of these files."""

from portal.registers import customers, people, premises, telephones, vehicles
from portal.registers.declaring import REGISTERS, OfficeRegister, RegisterField, declare, for_each

__all__ = [
    "REGISTERS",
    "OfficeRegister",
    "RegisterField",
    "customers",
    "declare",
    "for_each",
    "people",
    "premises",
    "telephones",
    "vehicles",
]
