"""The office registers 登记簿 (AR-30): declarations, by subject. A further one is a further `declare` in one of these files."""

import portal.models  # noqa: F401 - fields are the card's; whoever comes here first has the models loaded before the declarations
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
