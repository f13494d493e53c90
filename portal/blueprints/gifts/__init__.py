"""Blueprint `gifts`: goods and their stock, purchasing 客户馈赠 (GF-1 to GF-9)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("gifts", __name__)
navigation.area(
    order=47,
    endpoint="gifts.campaigns",
    title=N_("Gifts to customers"),
    icon="gift",
    permission=Permission.GIFT_READ,
    prefixes=("gifts.",),
)

# Routes register on import.
import portal.printing.gift_buying as _buying_sheets  # noqa: E402, F401 - list of goods, what to buy
import portal.printing.gift_campaigns as _campaign_sheets  # noqa: E402, F401 - list for approval, budget table, who was refused
import portal.printing.gift_delivery as _delivery_sheets  # noqa: E402, F401 - rounds, receipts, labels
import portal.printing.gift_goods as _goods_sheets  # noqa: E402, F401 - goods in stock, orders
import portal.printing.gift_register as _register_sheets  # noqa: E402, F401 - the register
from portal.blueprints.gifts import buying as _buying  # noqa: E402, F401
from portal.blueprints.gifts import campaigns as _campaigns  # noqa: E402, F401
from portal.blueprints.gifts import delivery as _delivery  # noqa: E402, F401
from portal.blueprints.gifts import delivery_rows as _delivery_rows  # noqa: E402, F401
from portal.blueprints.gifts import gift_lists as _gift_lists  # noqa: E402, F401
from portal.blueprints.gifts import goods as _goods  # noqa: E402, F401
from portal.blueprints.gifts import purchasing as _purchasing  # noqa: E402, F401
from portal.blueprints.gifts import recipients as _recipients  # noqa: E402, F401
from portal.blueprints.gifts import register as _register  # noqa: E402, F401
from portal.blueprints.gifts import runs as _runs  # noqa: E402, F401
