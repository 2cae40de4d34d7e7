"""Who counts as one client: a principal however it proved itself, else an address."""

import ipaddress

from serving.identity.principal import Principal

_IPV6_PREFIX = 64  # one customer of a provider has as many addresses as fit into it
_NOWHERE = "address:unknown"


def principal_name(principal: Principal) -> str:
    """Returns the name under which what a principal asks for is counted."""
    return f"{principal.kind}:{principal.principal_id}"


def address_name(host: str | None) -> str:
    """Returns the name under which what comes from an address is counted.

    Args:
        host: address of the connection, or what a trusted proxy says of it; of IPv6 its network
            of 64 bits counts. Whatever is no address counts as one and the same.
    """
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return _NOWHERE
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return f"address:{address.ipv4_mapped}"
        network = ipaddress.ip_network((address, _IPV6_PREFIX), strict=False)
        return f"address:{network}"
    return f"address:{address}"
