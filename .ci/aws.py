"""moto's server, with what AWS does and moto does not: a key that was made inactive is not taken any more."""

from moto.iam import access_control
from moto.server import main

taken = access_control.IAMUserAccessKey.__init__


def init(self, account_id, partition, access_key_id, headers):
    taken(self, account_id, partition, access_key_id, headers)
    for user in self.backend.list_users("/", None, None):
        for key in user.access_keys:
            if key.access_key_id == access_key_id and key.status != "Active":
                raise access_control.CreateAccessKeyFailure(reason="InvalidId")


access_control.IAMUserAccessKey.__init__ = init
main()
