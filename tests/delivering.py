"""Short ways through deliveries of gifts for tests: approved recipients with goods in stock, on their way by post or on a round of rep1."""

from __future__ import annotations

from portal import clock
from portal.database import db
from portal.models import gift_stock, gift_stops
from portal.models.customer import Customer
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_list import GiftRecipient
from portal.models.gift_run import GiftRun
from tests import campaigning, factories
from tests.approving import person


def stock(pieces: int = 50) -> None:
    """Put pieces of the campaigns' gift into stock, committed."""
    gift_stock.move(campaigning.gift(), pieces, gift_stock.COUNTED, by=person("sup1"), reason="期初", witness=person("mgr1"))
    db.session.commit()


def waiting(code: str = "vip", *customers: Customer, of: GiftCampaign | None = None) -> list[GiftDelivery]:
    """Return the committed deliveries of an approved list, two pieces each; of one new customer of rep1 where none is given."""
    found = of or campaigning.campaign(tiers={code: campaigning.tier("200.00" if code == "prospective" else "500.00")})
    listed = campaigning.approved(found, *(customers or (factories.customer("rep1"),)), code=code)
    query = db.select(GiftDelivery).join(GiftRecipient, GiftRecipient.id == GiftDelivery.recipient_id)
    return list(db.session.scalars(query.where(GiftRecipient.list_id == listed.id).order_by(GiftDelivery.id)))


def told(one: GiftDelivery | None = None) -> GiftDelivery:
    """Return a committed delivery by post whose customer was told."""
    found = one or waiting()[0]
    found.tell(how="telephone", on=clock.today(), to="林经理", by=person("rep1"), version=found.version)
    db.session.commit()
    return found


def sent(one: GiftDelivery | None = None) -> GiftDelivery:
    """Return a committed delivery that is in the post."""
    found = told(one)
    found.send(carrier="顺丰速运", tracking=f"SF{found.id:08d}", on=clock.today(), by=person("sup1"), version=found.version)
    db.session.commit()
    return found


def planned(*stops: GiftDelivery, who: str = "rep1") -> GiftRun:
    """Return a committed round of today with these stops; with one of a new key customer where none is given."""
    along = stops or tuple(waiting("key"))
    run = GiftRun.plan(day=clock.today(), route="城东线", staff=person(who), driver="李师傅 沪A12345", by=person("sup1"))
    gift_stops.fill(run, along, by=person("sup1"))
    db.session.commit()
    return run


def loaded(*stops: GiftDelivery) -> GiftRun:
    """Return a committed round whose goods were handed out by sup1."""
    run = planned(*stops)
    run.load(by=person("sup1"))
    db.session.commit()
    return run
