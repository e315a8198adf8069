//! Which addresses are sent to: those of the internet, and what an administrator has allowed.

use crate::config::PrivateHost;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether something may be sent to a host at this address.
pub(super) fn is_allowed(host: &str, address: IpAddr, allowed: &[PrivateHost]) -> bool {
    let address = address.to_canonical();
    let fits = |one: &PrivateHost| match one {
        PrivateHost::Network(network) => network.contains(&address),
        PrivateHost::Name(name) => host.trim_end_matches('.').eq_ignore_ascii_case(name),
    };
    is_public(address) || allowed.iter().any(fits)
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// RFC 6890 and its successors: what has a purpose of its own is not public.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation();
    let [a, b, c, _] = address.octets();
    let reserved = matches!(
        (a, b, c),
        (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _)
    ) || a >= 240;
    !special && !reserved
}

/// Only global unicast, without what carries an address of version 4 in it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let carries = first == 0x2002 || (first == 0x2001 && second < 0x0200);
    let documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    (first & 0xe000) == 0x2000 && !carries && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_and_allowed_ones_are_sent_to() {
        let ask = |text: &str, allowed: &[PrivateHost]| is_allowed("ci.lab", text.parse().unwrap(), allowed);
        for public in ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(ask(public, &[]), "{public}");
        }
        for private in [
            "127.0.0.1",
            "127.8.8.8",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "240.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:0:7f00::1",
            "::127.0.0.1",
            "fec0::1",
            "2001:db8::1",
        ] {
            assert!(!ask(private, &[]), "{private}");
        }
        let allowed = [PrivateHost::Network("10.1.0.0/16".parse().unwrap())];
        assert!(ask("10.1.2.3", &allowed) && ask("::ffff:10.1.2.3", &allowed) && !ask("10.2.0.1", &allowed));
        let named = [PrivateHost::Name("ci.lab".to_owned())];
        assert!(ask("10.2.0.1", &named) && is_allowed("CI.lab.", "10.2.0.1".parse().unwrap(), &named));
        assert!(!is_allowed("other.lab", "10.2.0.1".parse().unwrap(), &named));
    }
}
